"""`make run` on a machine that has only Python: from an empty folder to an address, and back to nothing."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import psutil
import psycopg
import pytest
from django.core.management import CommandError

from config import embedded, run

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Started:
    """`python -m config.run` in a process group of its own, with what it says."""

    def __init__(self, data_dir: Path, port: int) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
        environment |= {
            "TRACKER_DATA_DIR": str(data_dir), "PORT": str(port), "DJANGO_SETTINGS_MODULE": "config.settings",
            # Nobody listens there: the first pull finds no registry, as without a network.
            "CTGOV_BASE_URL": "http://127.0.0.1:1/api/v2", "CTGOV_MIN_INTERVAL": "0",
            "EUROPEPMC_BASE_URL": "http://127.0.0.1:1/rest", "EUROPEPMC_MIN_INTERVAL": "0",
        }  # fmt: skip
        self.data_dir, self.port = data_dir, port
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "config.run"],
            cwd=ROOT, env=environment, text=True, start_new_session=True,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line)

    @property
    def text(self) -> str:
        return "".join(self.said)

    def wait_for(self, words: str, *, patience: float = 150) -> None:
        deadline = time.monotonic() + patience
        while words not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, f"{words!r} was not said within {patience} s:\n{self.text}"
            time.sleep(0.1)

    def get(self, path: str) -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=20) as answer:
            return answer.read().decode()

    def all_processes(self) -> list[psutil.Process]:
        """The run, all below it, and the embedded servers with theirs."""
        roots = [self.process.pid, *embedded.running(self.data_dir).values()]
        found = []
        for pid in roots:
            with contextlib.suppress(psutil.NoSuchProcess):
                root = psutil.Process(pid)
                found += [root, *root.children(recursive=True)]
        return found

    def kill_everything(self) -> None:
        processes = self.all_processes()
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self.process.wait(timeout=20)
        psutil.wait_procs(processes, timeout=20)


@pytest.fixture
def start(open_folder):
    data_dir, port, running = open_folder, free_port(), []

    def begin() -> Started:
        running.append(Started(data_dir, port))
        return running[-1]

    yield begin
    run.end_remains(data_dir)
    for each in running:
        if each.process.poll() is None or embedded.running(data_dir):
            each.kill_everything()
        each.reader.join(timeout=10)
        each.process.stdout.close()


def rows(data_dir: Path, question: str) -> list[tuple[object, ...]]:
    with psycopg.connect(host=str(data_dir / "postgres"), user="postgres", dbname=embedded.DATABASE) as connection:
        return connection.execute(question).fetchall()


def wait_for_row(data_dir: Path, question: str, *, patience: float = 90) -> tuple[object, ...]:
    deadline = time.monotonic() + patience
    while not (found := rows(data_dir, question)):
        assert time.monotonic() < deadline, f"nothing came of {question}"
        time.sleep(0.2)
    return found[0]


@pytest.mark.integration
def test_one_command_to_an_address_stopped_continued_and_killed(start):
    # From nothing to an address.
    first = start()
    first.wait_for("Ctrl-C stops it.")
    assert f"ExoTracker is ready:  http://localhost:{first.port}/" in first.text
    password = re.search(r"name: admin   password: (\S{12,})", first.text)[1]
    assert "ClinicalTrials.gov" in first.get("/")
    trials = rows(first.data_dir, "SELECT count(*) FROM tracker_trial")[0][0]
    assert trials >= 40, "the starter set stands"
    counted = "SELECT (SELECT count(*) FROM tracker_study), (SELECT count(*) FROM tracker_evidencelink)"
    assert rows(first.data_dir, counted) == [(47, 57)], "with its studies and what they bear on"
    origins = {origin for (origin,) in rows(first.data_dir, "SELECT DISTINCT origin FROM tracker_trial")}
    assert origins == {"file", "transcribed"}

    # The first pull was queued at once and failed politely: there is no registry here.
    pulls = "SELECT state, message FROM tracker_syncrun WHERE query_id IS NOT NULL AND finished IS NOT NULL"
    state, message = wait_for_row(first.data_dir, pulls)
    assert state == "incomplete"
    assert message
    assert "reached" in first.get("/")

    # The password is plain nowhere but on that screen.
    kept = [path for path in first.data_dir.rglob("*") if path.is_file() and password.encode() in path.read_bytes()]
    assert kept == []

    # One run a folder.
    second_try = start()
    second_try.process.wait(timeout=30)
    second_try.reader.join(timeout=5)
    assert second_try.process.returncode == 1
    assert "already runs with the data folder" in second_try.text

    # Ctrl-C reaches the whole group, as in a terminal.
    everything = first.all_processes()
    assert len(everything) > 8
    began = time.monotonic()
    os.killpg(first.process.pid, signal.SIGINT)
    assert first.process.wait(timeout=30) == 0, first.text
    assert time.monotonic() - began < 15
    _, alive = psutil.wait_procs(everything, timeout=5)
    assert [each for each in alive if each.status() != psutil.STATUS_ZOMBIE] == []
    assert embedded.running(first.data_dir) == {}

    # Again: the same data, no second account.
    again = start()
    again.wait_for("Ctrl-C stops it.")
    assert "password:" not in again.text
    assert rows(again.data_dir, "SELECT count(*) FROM tracker_trial")[0][0] == trials

    # kill -9 of everything, PostgreSQL and Valkey too.
    again.kill_everything()
    assert (again.data_dir / "postgres" / "postmaster.pid").exists()
    risen = start()
    risen.wait_for("Ctrl-C stops it.")
    assert rows(risen.data_dir, "SELECT count(*) FROM tracker_trial")[0][0] == trials
    assert "ClinicalTrials.gov" in risen.get("/")

    # Killed alone, it leaves processes that nobody watches: the next run ends them.
    orphans = [each for each in risen.all_processes() if each.pid != risen.process.pid]
    risen.process.kill()
    risen.process.wait(timeout=10)
    heir = start()
    heir.wait_for("Ctrl-C stops it.")
    assert heir.get("/health/live")
    servers = set(embedded.running(heir.data_dir).values())
    web = [each for each in orphans if each.is_running() and each.pid not in servers and "granian" in each.name()]
    assert web == []

    # An embedded server that is killed under it is started anew.
    psutil.Process(embedded.running(heir.data_dir)["valkey"]).kill()
    deadline = time.monotonic() + 30
    while "valkey" not in embedded.running(heir.data_dir):
        assert time.monotonic() < deadline
        time.sleep(0.2)

    # SIGTERM, as a service manager sends it, to the one process.
    heir.process.terminate()
    assert heir.process.wait(timeout=30) == 0, heir.text
    assert embedded.running(heir.data_dir) == {}


def test_a_taken_port_is_said_in_one_sentence(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = start_and_fail(tmp_path / "data", PORT=str(taken.getsockname()[1]))
    assert re.fullmatch(
        r"Port \d+ on 127\.0\.0\.1 cannot be used \(.+\): stop what listens there, or .+\n", done.stderr
    )


def test_a_port_that_is_none_is_said_in_one_sentence(tmp_path):
    done = start_and_fail(tmp_path / "data", PORT="http")
    assert done.stderr == "PORT is 'http': set it to a number from 1 to 65535.\n"


def test_a_folder_that_cannot_be_written_is_said_in_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    done = start_and_fail(tmp_path / "file" / "data", PORT=str(free_port()))
    assert re.fullmatch(r"The data folder \S+ cannot be written \(.+\): .+ TRACKER_DATA_DIR .+\n", done.stderr)


def test_a_database_that_does_not_answer_is_said_in_one_sentence(tmp_path):
    done = start_and_fail(
        tmp_path / "data", PORT=str(free_port()), DATABASE_URL="postgres://nobody@127.0.0.1:1/none", SECRET_KEY="x" * 50
    )
    assert re.fullmatch(r"The database of DATABASE_URL cannot be used: .+\n", done.stderr)


def test_a_real_database_without_a_key_is_said_in_one_sentence(tmp_path):
    done = start_and_fail(
        tmp_path / "data", PORT=str(free_port()), DATABASE_URL="postgres://nobody@127.0.0.1:1/none", SECRET_KEY=""
    )
    assert re.fullmatch(r"DATABASE_URL is set and SECRET_KEY is not: set SECRET_KEY .+\n", done.stderr)


def start_and_fail(data_dir: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    clean = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    done = subprocess.run(
        [sys.executable, "-m", "config.run"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env={**clean, "DJANGO_SETTINGS_MODULE": "config.settings", "TRACKER_DATA_DIR": str(data_dir), **environment},
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert "Traceback" not in done.stderr
    return done


def test_an_old_python_is_said_in_one_sentence():
    with pytest.raises(run.CannotRun, match=r"needs Python 3\.11 or newer, and this is 3\.10: install"):
        run.check_python((3, 10))
    run.check_python((3, 11))


@pytest.mark.django_db
class TestFirstStart:
    @pytest.fixture(autouse=True)
    def a_folder(self, settings, tmp_path):
        settings.TRACKER_DATA_DIR = tmp_path

    def test_the_first_account_is_made_once_with_a_random_password(self, django_user_model):
        password = run.make_first_account()
        assert password is not None
        assert len(password) >= 16
        admin = django_user_model.objects.get()
        assert admin.is_superuser
        assert admin.check_password(password)
        assert run.make_first_account() is None

    def test_the_starter_set_is_loaded_into_an_empty_database_only(self, monkeypatch, tmp_path):
        from tracker.models import Trial

        loaded: list[tuple[str, ...]] = []
        monkeypatch.setattr(
            "django.core.management.call_command",
            lambda name, path, **options: loaded.append((name, Path(path).name, *options.values())),
        )
        run.load_starter_set()
        assert loaded == [
            ("import_trials", "registry", "file"),
            ("import_trials", "transcribed", "transcribed"),
            ("import_studies", "studies.csv"),
            ("import_candidates", "fixtures"),
        ], "links name trials and studies, which must stand before them"

        monkeypatch.setattr(Trial.objects, "exists", lambda: True)
        run.load_starter_set()
        assert len(loaded) == 4, "whose database it is, it stays theirs"

    def test_a_starter_set_cut_by_a_kill_is_loaded_to_its_end(self, monkeypatch, tmp_path):
        from tracker.models import Trial

        def cut(name, path, **options):
            raise CommandError("cut")

        monkeypatch.setattr("django.core.management.call_command", cut)
        with pytest.raises(CommandError):
            run.load_starter_set()

        loaded = []
        monkeypatch.setattr("django.core.management.call_command", lambda name, path, **options: loaded.append(name))
        monkeypatch.setattr(Trial.objects, "exists", lambda: True)
        run.load_starter_set()
        assert loaded == ["import_trials", "import_trials", "import_studies", "import_candidates"]

    def test_the_first_pull_of_each_source_is_queued_until_one_has_succeeded(self, monkeypatch):
        from django.utils import timezone

        from tracker import tasks, terms
        from tracker.models import LiteratureQuery, RegistryQuery, SyncRun

        sent: list[str] = []
        monkeypatch.setattr(tasks.sync_trials, "delay", lambda: sent.append("trials"))
        monkeypatch.setattr(tasks.sync_studies, "delay", lambda: sent.append("studies"))
        run.queue_first_pull()
        assert sent == ["trials", "studies"]
        now = timezone.now()
        made = {"kind": terms.RunKind.FULL, "started": now, "finished": now}
        trials = {"query": RegistryQuery.objects.get(), **made}
        SyncRun.objects.create(state=terms.RunState.INCOMPLETE, **trials)
        run.queue_first_pull()
        assert sent == ["trials", "studies"] * 2
        SyncRun.objects.create(state=terms.RunState.DONE, **trials)
        run.queue_first_pull()
        assert sent == ["trials", "studies"] * 2 + ["studies"]
        SyncRun.objects.create(state=terms.RunState.DONE, literature_query=LiteratureQuery.objects.get(), **made)
        run.queue_first_pull()
        assert sent == ["trials", "studies"] * 2 + ["studies"]
