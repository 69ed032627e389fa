"""`make run`: everything on one machine, from an empty folder to an address.

Checks what can be wrong and says it in one sentence; joins or starts the servers; migrates; collects static files;
loads the starter set into an empty database; makes the first account; queues the first pull; runs the Procfile until
Ctrl-C, and leaves nothing behind.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import IO

from config import embedded

ROOT = Path(__file__).resolve().parent.parent
STOP_PATIENCE = 6  # seconds from Ctrl-C to the kill of what has not ended
MARK = "EXOTRACKER_RUN"  # in the environment of all that we start, so that a killed run's remains are found again


class CannotRun(Exception):
    """One sentence: what is wrong and what to do."""


# --- what can be wrong before anything starts -----------------------------------------------------------------------


def check_python(version: tuple[int, int]) -> None:
    if version < (3, 11):
        raise CannotRun(
            f"ExoTracker needs Python 3.11 or newer, and this is {version[0]}.{version[1]}: install a newer one and "
            "run `make run PYTHON=/path/to/python`."
        )


def read_port(given: str) -> int:
    if not given.isdigit() or not 1 <= int(given) <= 65535:
        raise CannotRun(f"PORT is {given!r}: set it to a number from 1 to 65535.")
    return int(given)


def check_port(host: str, port: int) -> None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise CannotRun(
                f"Port {port} on {host} cannot be used ({problem.strerror}): stop what listens there, or choose "
                f"another, as in `PORT={port + 1 if port < 65535 else 8000} make run`."
            ) from problem


def take_folder(data_dir: Path) -> IO[str]:
    """One run a data folder. The lock dies with its holder."""
    embedded.prepare(data_dir)
    lock = (data_dir / "run.lock").open("a")
    try:
        fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        lock.close()
        raise CannotRun(
            f"ExoTracker already runs with the data folder {data_dir}: stop it first, or set TRACKER_DATA_DIR to "
            "another folder."
        ) from None
    return lock


def end_remains(data_dir: Path, *, patience: float = 3) -> int:
    """End what an earlier run of this folder left behind when it was killed; their number."""
    import psutil

    remains = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and process.environ().get(MARK) == str(data_dir):
                remains.append(process)
    for process in remains:
        with contextlib.suppress(psutil.Error):
            process.terminate()
    _, alive = psutil.wait_procs(remains, timeout=patience)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    psutil.wait_procs(alive, timeout=patience)
    return len(remains)


# --- what is made ready ---------------------------------------------------------------------------------------------


def make_ready() -> str | None:
    """Tables, static files, starter set, first account, first pull. The new account's password, None if it stood."""
    from django.core.management import call_command

    say("Preparing the database …")
    call_command("migrate", interactive=False, verbosity=0)
    collect_static_files()
    load_starter_set()
    password = make_first_account()
    queue_first_pull()
    from django.db import connections

    connections.close_all()  # what is forked next must not share our connection
    return password


def collect_static_files() -> None:
    """Into STATIC_ROOT, named by their content; left alone when none has changed since."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    seen = hashlib.sha256()
    for finder in get_finders():
        for name, storage in sorted(finder.list([]), key=lambda found: found[0]):
            file = Path(storage.path(name)).stat()
            seen.update(f"{name} {file.st_size} {file.st_mtime_ns}\n".encode())
    stamp = Path(settings.STATIC_ROOT) / "collected"
    if stamp.exists() and stamp.read_text() == seen.hexdigest():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(seen.hexdigest())


def load_starter_set() -> None:
    """Into an empty database only, or to end what a kill interrupted."""
    from django.conf import settings

    from tracker.models import Trial

    unfinished = settings.TRACKER_DATA_DIR / "starter-set-unfinished"
    if Trial.objects.exists() and not unfinished.exists():
        return
    say("Loading the starter set …")
    unfinished.touch()
    take_in_starter_set()
    unfinished.unlink()


def take_in_starter_set() -> None:
    """Trials and studies first, since links and lineage name them. Taken in again, it changes nothing."""
    from django.core.management import call_command

    fixtures = ROOT / "fixtures"
    call_command("import_trials", str(fixtures / "trials" / "registry"), origin="file")
    call_command("import_trials", str(fixtures / "trials" / "transcribed"), origin="transcribed")
    call_command("import_studies", str(fixtures / "studies.csv"))
    call_command("import_candidates", str(fixtures))


def make_first_account() -> str | None:
    from django.contrib.auth import get_user_model

    accounts = get_user_model().objects
    if accounts.filter(is_superuser=True).exists():
        return None
    password = secrets.token_urlsafe(12)
    accounts.create_superuser(username="admin", email="", password=password)
    return password


def queue_first_pull() -> None:
    """At once, until one pull of each source has succeeded; from then on the schedule does it. The registry first."""
    from tracker import tasks, terms
    from tracker.models import SyncRun

    good = SyncRun.objects.filter(state__in=terms.GOOD_RUNS)
    if not good.filter(query__isnull=False).exists():
        tasks.sync_trials.delay()
    if not good.filter(literature_query__isnull=False).exists():
        tasks.sync_studies.delay()


# --- running --------------------------------------------------------------------------------------------------------


def run_processes(*, host: str, port: int, data_dir: Path, password: str | None) -> int:
    """The Procfile until a signal comes (0) or one of its processes ends by itself (1)."""
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "PORT": str(port),
        "GRANIAN_HOST": host,
        "PYTHONUNBUFFERED": "1",
        # A pull takes minutes and continues where it was cut, so Ctrl-C does not wait for it.
        "REMAP_SIGTERM": "SIGQUIT",
        # Celery warns root on every start; here the whole machine is root's own.
        **({"PYTHONWARNINGS": "ignore:You're running the worker with superuser"} if os.geteuid() == 0 else {}),
        MARK: str(data_dir),
    }
    # Its own session: the terminal's Ctrl-C is for us, and we tell it. Its own .env is for containers.
    command = [sys.executable, "-m", "honcho", "--env", os.devnull, "--app-root", str(ROOT), "start"]
    honcho = subprocess.Popen(command, env=environment, cwd=ROOT, start_new_session=True)
    over = threading.Event()
    threads = [
        threading.Thread(target=greet, args=(host, port, password, over), daemon=True),
        threading.Thread(target=keep_servers, args=(data_dir, over), daemon=True),
    ]
    try:
        for thread in threads:
            thread.start()
        code = honcho.wait()
    except KeyboardInterrupt:
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):  # a second Ctrl-C waits no longer
            honcho.terminate()
            honcho.wait(STOP_PATIENCE)
        say("Stopped. `make run` continues with the same data.")
        return 0
    finally:
        over.set()
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)  # what is left is short, and cut short it would leave something behind
        end_remains(data_dir, patience=2)
        honcho.wait()
        for thread in threads:
            thread.join(timeout=10)
    say(
        f"A process ended by itself (code {code}); its name and its last words stand above. All was stopped, and the "
        "data is kept."
    )
    return 1


def greet(host: str, port: int, password: str | None, over: threading.Event) -> None:
    """Print the address as soon as the web answers; the password once, in the only place where it is plain."""
    from config.probe import is_ready

    began = time.monotonic()
    while not is_ready(host, port):
        if over.wait(0.2):
            return
        if time.monotonic() - began > 120:
            say("The web process has not answered for two minutes; its own words stand above.")
            return
    lines = [f"ExoTracker is ready:  http://{'localhost' if host in {'127.0.0.1', '0.0.0.0'} else host}:{port}/"]  # noqa: S104
    if password:
        lines += [
            f"For curators:         http://localhost:{port}/admin/   name: admin   password: {password}",
            "                      The password is shown this once; `manage.py changepassword admin` sets another.",
        ]
    lines.append("Ctrl-C stops it.")
    say("\n" + "\n".join(lines) + "\n")


def keep_servers(data_dir: Path, over: threading.Event) -> None:
    """Start an embedded server anew when it was killed under us."""
    ours = not os.environ.get("DATABASE_URL"), not os.environ.get("REDIS_URL")
    while any(ours) and not over.wait(5):
        try:
            embedded.join(data_dir, database=ours[0], queue=ours[1])
        except embedded.EmbeddedError as problem:
            say(str(problem))


def say(words: str) -> None:
    print(words, flush=True)


def interrupt(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    # SIGINT too: a shell starts what it puts in the background with SIGINT ignored, and Python keeps that
    for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(each, interrupt)
    try:
        check_python(sys.version_info[:2])
        given = os.environ.get("TRACKER_DATA_DIR") or str(ROOT / ".data")
        data_dir = Path(given).expanduser().resolve()
        host = os.environ.get("GRANIAN_HOST") or "127.0.0.1"
        port = read_port(os.environ.get("PORT") or "8000")
        with take_folder(data_dir):
            end_remains(data_dir)
            check_port(host, port)
            return serve(host=host, port=port, data_dir=data_dir)
    except KeyboardInterrupt:
        say("\nStopped before it was ready; nothing is lost, `make run` goes on from here.")
        return 0
    except (CannotRun, embedded.EmbeddedError) as problem:
        print(problem, file=sys.stderr, flush=True)
        return 1


def serve(*, host: str, port: int, data_dir: Path) -> int:
    import django
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import CommandError
    from django.db import OperationalError
    from kombu.exceptions import OperationalError as NoQueue

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    try:
        django.setup()
        password = make_ready()
        return run_processes(host=host, port=port, data_dir=data_dir, password=password)
    except ImproperlyConfigured as problem:
        raise CannotRun(str(problem)) from problem
    except OperationalError as problem:
        raise CannotRun(f"The database of DATABASE_URL cannot be used: {str(problem).splitlines()[0]}") from problem
    except CommandError as problem:
        raise CannotRun(f"The first start could not be finished: {problem}") from problem
    except NoQueue as problem:
        raise CannotRun(f"The queue of REDIS_URL cannot be used: {problem}") from problem
    finally:
        embedded.leave(data_dir)


if __name__ == "__main__":
    sys.exit(main())
