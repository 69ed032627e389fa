"""``manage.py import_studies``, as an operator runs it."""

from __future__ import annotations

import io

import pytest
from django.core.management import CommandError, call_command

from tracker.management.commands import import_studies
from tracker.models import Study, SyncRun

pytestmark = pytest.mark.django_db

CSV = (
    "title,pmid,year,colour\nExosomal PD-L1 promotes tumor growth,1,2019,red\n"
    "Exosomal H19 in lung cancer,2,1800,\nExosomal PD-L1 promotes tumor growth,1,,\n"
)
RIS = "TY  - JOUR\nTI  - Exosomal transfer of lncRNA H19\nPY  - 2020\nER  - \n"


def run(*arguments: object, **options: object) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("import_studies", *map(str, arguments), stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.fixture
def csv(tmp_path):
    path = tmp_path / "studies.csv"
    path.write_text(CSV)
    return path


def test_a_preview_tells_every_fate_and_writes_nothing(csv):
    out, _ = run(csv, preview=True)

    assert "3 rows: would be new 1, changed 0, unchanged 0, duplicate 1, refused 1" in out
    assert "1800 is not a year of publication" in out
    assert "line 2" in out
    assert "Columns that are not read: colour" in out
    assert not Study.objects.exists()
    assert not SyncRun.objects.exists()


def test_the_good_rows_go_in_and_the_refused_are_told(csv):
    out, _ = run(csv)

    assert "rows new 1, changed 0, unchanged 0, duplicate 1, refused 1" in out
    assert "1800 is not a year of publication" in out
    assert Study.objects.get().pmid == "1"
    again, _ = run(csv)
    assert "new 0, changed 0, unchanged 1" in again


def test_a_folder_is_read_by_its_endings_and_the_rest_is_named(csv, tmp_path):
    (tmp_path / "refs.ris").write_text(RIS)
    (tmp_path / "notes.docx").write_text("x")

    _, err = run(tmp_path)

    assert Study.objects.count() == 2
    assert "notes.docx" in err


def test_a_format_that_is_said_is_believed(tmp_path):
    path = tmp_path / "refs.csv"
    path.write_text(RIS)

    run(path, format="ris")

    assert Study.objects.get().year == 2020


def test_only_europe_pmcs_json_can_be_its_word(csv):
    with pytest.raises(CommandError, match="Leave --origin out"):
        run(csv, origin="europepmc")


def test_nothing_read_is_an_error(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("one,two\n1,2\n")

    with pytest.raises(CommandError, match="Nothing could be read"):
        run(path)
    with pytest.raises(CommandError, match="Nothing could be read"):
        run(tmp_path / "missing.csv")


def test_one_good_file_among_bad_ones_is_no_error(csv, tmp_path):
    out, err = run(tmp_path / "missing.csv", csv)

    assert "missing.csv" in err
    assert "new 1" in out


def test_ctrl_c_leaves_nothing_and_says_so(csv, monkeypatch):
    def interrupted(**values):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_studies, "absorb_studies", interrupted)
    err = io.StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("import_studies", str(csv), stderr=err)

    assert ended.value.code == 130
    assert "Nothing of" in err.getvalue()
    assert not Study.objects.exists()
    assert SyncRun.objects.get().state == "incomplete"


def test_many_refused_rows_are_told_in_part(tmp_path):
    path = tmp_path / "many.csv"
    path.write_text("title,year\n" + "".join(f"Title {number},1800\n" for number in range(30)) + "Good title,2000\n")

    out, _ = run(path)

    assert "And 10 more." in out
