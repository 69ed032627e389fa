"""Taking in candidates, links and lineage from files: what goes in, what is refused, what a person decided stays."""

from __future__ import annotations

import re
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.curation.conftest import AT, LATER, enter, link, make, propose
from tracker.curation import decisions
from tracker.curation.importing import Outcome, starter_author, take_in
from tracker.curation.tables import CANDIDATES, LINKS
from tracker.curation.tables import LINEAGE as LINEAGE_COLUMNS
from tracker.models import Candidate, EvidenceLink, HistoryEntry, LineageLink, Study
from tracker.terms import AnnotationState, DecisionFate, Direction, Track

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CANDIDATE = "name,kind,synonyms,roles,cargo,mechanisms,description,references\n"
LINK = "candidate,record,direction,state,reason\n"
LINEAGE = "kind,from,to,state,reason\n"
MIR = 'exosomal miR-23a,diagnostic,"miR-23a; miR 23a-3p",mechanism,miRNA,angiogenesis;hypoxia,A microRNA.,\n'


@pytest.fixture
def starter(db) -> User:
    return starter_author()


@pytest.fixture
def load(tmp_path, starter):
    """Take in these tables; gives what became of their rows."""

    def taken(*, by: User = starter, at=AT, **tables: str) -> Outcome:
        for name in ("candidates", "links", "lineage"):
            (tmp_path / f"{name}.csv").unlink(missing_ok=True)
        for name, text in tables.items():
            (tmp_path / f"{name}.csv").write_text(text)
        return take_in(folder=tmp_path, by=by, at=at)

    return taken


def keyed(by: User, key: str, **told: str) -> Study:
    """A study with its name in a collection, which files give and nobody types."""
    study = enter(by, **told)
    Study.objects.filter(pk=study.pk).update(collection_key=key)
    return study


def refusals(outcome: Outcome) -> list[tuple[str, int, str, str]]:
    return [(left.file, left.line, left.column, left.reason) for left in outcome.left]


def test_take_in_a_candidate_with_its_link(load, study, starter):
    row = f"miR-23a,{study.pmid},supports,accepted,Blocking it slowed vessels in mice.\n"
    outcome = load(
        candidates=CANDIDATE + MIR.replace("A microRNA.,", "A microRNA.,A paper <https://doi.org/10.1/x;y>"),
        links=LINK + row,
    )
    assert outcome.left == []
    candidate = Candidate.objects.get()
    assert (candidate.name, candidate.kind, candidate.slug) == ("exosomal miR-23a", "diagnostic", "exosomal-mir-23a")
    assert (candidate.roles, candidate.cargo, candidate.mechanisms) == (
        ["mechanism"], ["mirna"], ["angiogenesis", "hypoxia"],
    )  # fmt: skip
    assert sorted(candidate.names.values_list("name", flat=True)) == ["miR 23a-3p", "miR-23a"]
    assert candidate.references == [{"title": "A paper", "url": "https://doi.org/10.1/x;y"}]
    assert candidate.developer is None, "an empty cell stays unknown"
    made = EvidenceLink.objects.get()
    assert (made.study, made.direction, made.state, made.decided_by) == (study, "supports", "accepted", starter)
    assert made.basis == "Blocking it slowed vessels in mice."
    told = HistoryEntry.objects.filter(by=starter).order_by("id").values_list("subject", "act", "why")
    assert list(told) == [
        ("candidate", "created", "Named by the file it was taken in from, for the records linked to it."),
        ("link", "added", "Blocking it slowed vessels in mice."),
    ]


@pytest.mark.parametrize(
    "written", ["28436951", "PMID 28436951", "10.1000/X1", "https://doi.org/10.1000/x1", "PMC123", "S001"]
)
def test_name_a_study_by_any_of_its_identifiers(load, ada, written):
    study = keyed(ada, "S001", pmid="28436951", pmcid="PMC123", doi="10.1000/x1")
    load(candidates=CANDIDATE + MIR, links=LINK + f"exosomal miR-23a,{written},neutral,,It is open.\n")
    assert EvidenceLink.objects.get().study == study


def test_name_a_trial_by_its_number(load, trial):
    load(candidates=CANDIDATE + MIR, links=LINK + f"exosomal miR-23a,{trial.pk.lower()},supports,,It measures it.\n")
    assert EvidenceLink.objects.get().trial == trial


def test_the_same_again_changes_nothing(load, study, trial):
    tables = {
        "candidates": CANDIDATE + MIR,
        "links": LINK + f"miR-23a,{study.pmid},supports,,It slowed vessels.\n",
        "lineage": LINEAGE + f"led_to,{study.pmid},{trial.pk},,The record cites it.\n",
    }
    load(**tables)
    before = HistoryEntry.objects.count()
    again = load(**tables, at=LATER)
    assert [dict(counts) for counts in again.counts.values()] == [{"unchanged": 1}] * 3
    assert again.left == []
    assert HistoryEntry.objects.count() == before


def test_what_the_file_says_now_goes_in_where_nobody_else_had_a_hand(load, study):
    load(candidates=CANDIDATE + MIR, links=LINK + f"miR-23a,{study.pmid},supports,,It slowed vessels.\n")
    outcome = load(
        candidates=CANDIDATE + MIR.replace("A microRNA.", "Another word."),
        links=LINK + f"miR-23a,{study.pmid},neutral,,Read again it is open.\n",
        at=LATER,
    )
    assert [dict(counts) for counts in outcome.counts.values()] == [{"changed": 1}, {"changed": 1}]
    assert Candidate.objects.get().description == "Another word."
    now = EvidenceLink.objects.get()
    assert (now.direction, now.note) == ("neutral", "Read again it is open.")


def test_a_candidate_that_a_person_described_is_kept(load, ada):
    load(candidates=CANDIDATE + MIR)
    candidate = Candidate.objects.get()
    decisions.change_candidate(candidate=candidate, changes={"description": "As I see it."}, by=ada, at=AT, why="read")
    outcome = load(candidates=CANDIDATE + MIR, at=LATER)
    assert refusals(outcome) == [("candidates.csv", 2, "", "exosomal miR-23a was described by a person. It stays so.")]
    candidate.refresh_from_db()
    assert candidate.description == "As I see it."


def test_a_renamed_candidate_is_found_by_its_old_name_and_kept(load, ada, study):
    tables = {"candidates": CANDIDATE + MIR, "links": LINK + f"exosomal miR-23a,{study.pmid},supports,,It slowed.\n"}
    load(**tables)
    decisions.change_candidate(
        candidate=Candidate.objects.get(), changes={"name": "hypoxic miR-23a"}, by=ada, at=AT, why="clearer"
    )
    outcome = load(**tables, at=LATER)
    assert refusals(outcome) == [
        ("candidates.csv", 2, "", "“exosomal miR-23a” is another name of hypoxic miR-23a. It stays so.")
    ]
    assert Candidate.objects.get().name == "hypoxic miR-23a"
    assert EvidenceLink.objects.count() == 1


def test_a_merger_is_kept_and_its_links_are_not_made_anew(load, ada, study):
    tables = {"candidates": CANDIDATE + MIR, "links": LINK + f"exosomal miR-23a,{study.pmid},supports,,It slowed.\n"}
    load(**tables)
    other = make(ada, "hypoxic miR-23a")
    decisions.merge_candidates(survivor=other, other=Candidate.objects.get(name="exosomal miR-23a"), by=ada, at=AT,
                               why="the same")  # fmt: skip
    outcome = load(**tables, at=LATER)
    assert [left.fate for left in outcome.left] == [DecisionFate.KEPT]
    assert dict(outcome.counts["links.csv"]) == {"unchanged": 1}
    assert EvidenceLink.objects.get().candidate == other


def test_a_link_that_a_person_split_off_is_not_made_anew(load, ada, study):
    tables = {"candidates": CANDIDATE + MIR, "links": LINK + f"exosomal miR-23a,{study.pmid},supports,,It slowed.\n"}
    load(**tables)
    new = decisions.split_candidate(
        candidate=Candidate.objects.get(), links=list(EvidenceLink.objects.all()), name="another", by=ada, at=AT,
        why="they are two",
    )  # fmt: skip
    outcome = load(**tables, at=LATER)
    assert dict(outcome.counts["links.csv"]) == {"kept": 1}
    assert EvidenceLink.objects.get().candidate == new


def test_a_persons_decision_on_a_link_is_kept(load, ada, study):
    candidate = make(ada)
    standing = link(ada, candidate, study, Direction.CONTRADICTS)
    outcome = load(links=LINK + f"exosomal miR-23a,{study.pmid},supports,,It slowed.\n", at=LATER)
    assert refusals(outcome) == [("links.csv", 2, "", "ada decided: accepted, contradicts. It stays so.")]
    decisions.decide_link(link=standing, state=AnnotationState.REJECTED, by=ada, at=AT, why="not about it")
    outcome = load(links=LINK + f"exosomal miR-23a,{study.pmid},contradicts,,It grew.\n", at=LATER)
    assert dict(outcome.counts["links.csv"]) == {"kept": 1}
    standing.refresh_from_db()
    assert standing.state == "rejected"


def test_a_link_that_the_rules_proposed_is_accepted(load, ada, study, starter):
    proposed = propose(make(ada), study)
    outcome = load(links=LINK + f"exosomal miR-23a,{study.pmid},supports,,It slowed.\n", at=LATER)
    assert dict(outcome.counts["links.csv"]) == {"changed": 1}
    proposed.refresh_from_db()
    assert (proposed.state, proposed.decided_by, proposed.note) == ("accepted", starter, "It slowed.")


def test_lineage_that_a_person_rejected_is_kept(load, ada, study, trial):
    table = LINEAGE + f"reports,{study.pmid},{trial.pk},,It names the number.\n"
    load(lineage=table)
    lineage = LineageLink.objects.get()
    decisions.decide_lineage(lineage=lineage, state=AnnotationState.REJECTED, by=ada, at=AT, why="another trial")
    assert dict(load(lineage=table, at=LATER).counts["lineage.csv"]) == {"kept": 1}
    lineage.refresh_from_db()
    assert lineage.state == "rejected"


@pytest.mark.parametrize(
    ("table", "row", "column", "reason"),
    [
        ("candidates", "x,maybe,,,,,,", "kind", "“maybe” is not one of: therapeutic, diagnostic."),
        ("candidates", ",diagnostic,,,,,,", "name", "The row has no name."),
        ("candidates", "x,diagnostic,,wizardry,,,,", "roles", "“wizardry” is not one of: screening"),
        ("candidates", "x,diagnostic,,,,growth hormone,,", "mechanisms", "“growth hormone” is no term of the lexicon"),
        ("candidates", "x,diagnostic,,,,,,doi 10.1/x", "references", "“doi 10.1/x” is no reference"),
        ("candidates", "x,diagnostic,,,,,,A <javascript:alert(1)>", "references", "is no reference"),
        ("candidates", "x,diagnostic,,,,,,,,,,", "", "It has 12 cells and the table 8 columns"),
        ("candidates", "x" * 201 + ",diagnostic,,,,,,", "name", "It holds 201 characters"),
        ("links", "nobody,S001,supports,,r", "candidate", "No candidate is called “nobody”."),
        ("links", "known,S999,supports,,r", "record", "No study “S999” is stored; take it in first."),
        ("links", "known,NCT99999999,supports,,r", "record", "No trial “NCT99999999” is stored"),
        ("links", "known,S001,for,,r", "direction", "“for” is not one of: supports, neutral, contradicts."),
        ("links", "known,S001,supports,,", "reason", "The row has no reason."),
        ("links", "known,S001,supports,proposed,r", "state", "“proposed” is not accepted: rules propose"),
        ("lineage", "begat,S001,S002,,r", "kind", "“begat” is not one of"),
        ("lineage", "led_to,S001,S999,,r", "to", "No study “S999” is stored"),
        ("lineage", "continues,S001,S002,,r", "", "joins a trial with a trial"),
        ("lineage", "led_to,S001,S001,,r", "", "cannot be joined with itself"),
    ],
)
def test_a_row_that_is_wrong_is_refused_and_the_next_goes_in(load, ada, table, row, column, reason):
    keyed(ada, "S001", pmid="1")
    keyed(ada, "S002", title="Another paper on vesicles", pmid="2")
    make(ada, "known")
    good = {"candidates": "good,diagnostic", "links": "known,S002,neutral,,open", "lineage": "led_to,S001,S002,,so"}
    head = {"candidates": CANDIDATE, "links": LINK, "lineage": LINEAGE}
    outcome = load(**{table: f"{head[table]}{row}\n{good[table]}\n"})
    ((_, line, where, why),) = refusals(outcome)
    assert (line, where) == (2, column)
    assert reason in why
    assert dict(outcome.counts[f"{table}.csv"]) == {"refused": 1, "new": 1}


def test_a_retracted_study_is_not_linked_as_support(load, ada):
    study = enter(ada, pmid="1")
    study.is_retracted = True
    study.save(update_fields=["is_retracted"])
    outcome = load(candidates=CANDIDATE + MIR, links=LINK + "miR-23a,1,supports,,It slowed.\n")
    assert "is retracted" in refusals(outcome)[0][3]
    assert not EvidenceLink.objects.exists()


def test_one_name_for_two_candidates_is_asked_about(load, ada, study):
    make(ada, "one", names=["shared"])
    make(ada, "two", names=["shared"], kind=Track.THERAPEUTIC)
    outcome = load(links=LINK + f"shared,{study.pmid},supports,,r\n")
    assert refusals(outcome)[0][3] == "Several candidates are called “shared”."


def test_a_candidate_twice_in_a_file(load):
    outcome = load(candidates=CANDIDATE + MIR + "Exosomal MIR 23a,diagnostic\n")
    assert refusals(outcome)[0][3] == "“Exosomal MIR 23a” stands on line 2 already; keep one of the two."


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("", "", "The file is empty."),
        ("name,sort\nx,diagnostic\n", "sort", "No such column; this table has name, kind"),
        ("name,name,kind\nx,y,diagnostic\n", "name", "Two columns are called “name”; keep one."),
        ("name\nx\n", "kind", "There is no column “kind”; the first line must name it."),
    ],
)
def test_a_table_that_cannot_be_read(load, text, column, reason):
    outcome = load(candidates=text)
    assert (outcome.left[0].column, outcome.is_nothing) == (column, True)
    assert outcome.left[0].reason.startswith(reason)


def test_semicolons_between_cells_and_windows_signs(load, tmp_path, starter):
    (tmp_path / "candidates.csv").write_bytes("name;kind\nvésicules;diagnostic\n".encode("cp1252"))
    take_in(folder=tmp_path, by=starter, at=AT)
    assert Candidate.objects.get().name == "vésicules"


def test_when_something_breaks_nothing_went_in(load, study, monkeypatch):
    def broken(**told: object) -> None:
        raise RuntimeError("the database went away")

    monkeypatch.setattr(decisions, "add_link", broken)
    with pytest.raises(RuntimeError, match="went away"):
        load(candidates=CANDIDATE + MIR, links=LINK + f"miR-23a,{study.pmid},supports,,r\n")
    assert not Candidate.objects.exists()


def test_what_stands_is_asked_for_once_however_many_rows(load, ada):
    def asked(count: int) -> int:
        rows = range(count)
        tables = {
            "candidates": CANDIDATE + "".join(f"candidate {n},diagnostic\n" for n in rows),
            "links": LINK + "".join(f"candidate {n},{n + 1},neutral,,open\n" for n in rows),
        }
        load(**tables)
        with CaptureQueriesContext(connection) as queries:
            outcome = load(**tables)
        assert [dict(counts) for counts in outcome.counts.values()] == [{"unchanged": count}] * 2
        return len(queries)

    for number in range(1, 7):
        enter(ada, title=f"Vesicles of the {number}th kind in lung cancer", pmid=str(number))
    assert asked(1) == asked(6) <= 12


def test_the_columns_are_described():
    told = (Path(__file__).resolve().parents[2] / "docs" / "curation.md").read_text()
    for heading, columns in (("candidates.csv", CANDIDATES), ("links.csv", LINKS), ("lineage.csv", LINEAGE_COLUMNS)):
        part = told.partition(f"| {heading} |")[2].partition("\n\n")[0]
        first_cells = " ".join(line.split("|")[1] for line in part.splitlines() if line.startswith("| `"))
        assert set(re.findall(r"`(\w+)`", first_cells)) == set(columns)


# --- the command -----------------------------------------------------------------------------------------------------


def run(*arguments: object, **options: object) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_candidates", *arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


def test_the_command_says_what_became_of_the_rows(tmp_path, ada, study):
    (tmp_path / "candidates.csv").write_text(CANDIDATE + MIR + "x,maybe\n")
    out, err = run(tmp_path, by="ada")
    assert out == "candidates.csv: new 1, changed 0, unchanged 0, kept 0, refused 1\n"
    assert err == ("candidates.csv, line 3, column kind: refused. “maybe” is not one of: therapeutic, diagnostic.\n")
    assert HistoryEntry.objects.get(subject="candidate").by == ada


def test_the_command_wants_an_author(tmp_path, db):
    (tmp_path / "candidates.csv").write_text(CANDIDATE + MIR)
    with pytest.raises(CommandError, match="Say whose decisions these are"):
        run(tmp_path)
    with pytest.raises(CommandError, match="No account that can sign in is called 'nobody'"):
        run(tmp_path, by="nobody")
    starter_author()
    with pytest.raises(CommandError, match="No account that can sign in is called 'starter-set'"):
        run(tmp_path, by="starter-set")


def test_the_command_finds_nothing(tmp_path, ada):
    with pytest.raises(CommandError, match=r"holds none of candidates\.csv, links\.csv, lineage\.csv"):
        run(tmp_path, by="ada")
    (tmp_path / "links.csv").write_text("what,ever\n")
    with pytest.raises(CommandError, match="Nothing could be read under"):
        run(tmp_path, by="ada")


def test_nobody_signs_in_as_the_starter_set(client, starter):
    assert not starter.has_usable_password()
    assert not starter.is_active
    assert not starter.is_staff
    client.post("/admin/login/", {"username": starter.username, "password": "!"})
    assert "_auth_user_id" not in client.session
    assert starter_author() == starter, "one account, however often it is asked for"


def test_the_folder_of_the_starter_set_is_where_the_command_looks():
    from tracker.management.commands.import_candidates import STARTER_FOLDER

    assert Path(__file__).resolve().parents[2] / "fixtures" == STARTER_FOLDER
