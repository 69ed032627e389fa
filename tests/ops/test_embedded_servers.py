"""The embedded servers: started, joined, left, killed, from short and long folders."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import environ
import psutil
import psycopg
import pytest
import redis

from config import embedded

ROOT = Path(__file__).resolve().parents[2]

# A process of its own that joins, does what it is told, and waits until it is told to end.
USER = """
import sys
from pathlib import Path
from config import embedded

data_dir = Path(sys.argv[1])
embedded.join(data_dir)
print("joined", flush=True)
sys.stdin.readline()
"""


def start_user(data_dir: Path) -> subprocess.Popen[str]:
    user = subprocess.Popen(
        [sys.executable, "-c", USER, str(data_dir)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert user.stdout is not None
    assert user.stdout.readline() == "joined\n"
    return user


def end_user(user: subprocess.Popen[str]) -> None:
    user.communicate("\n", timeout=60)
    assert user.returncode == 0


def kill(pid: int) -> None:
    process = psutil.Process(pid)
    process.kill()
    psutil.wait_procs([process], timeout=10)


def connect(data_dir: Path) -> psycopg.Connection[tuple[object, ...]]:
    place = environ.Env.db_url_config(embedded.database_url(data_dir))
    return psycopg.connect(host=place["HOST"], user=place["USER"], dbname=place["NAME"], autocommit=True)


@pytest.fixture
def data_dir(open_folder):
    yield open_folder
    for pid in embedded.running(open_folder).values():
        kill(pid)


def test_first_user_starts_both_servers_and_last_one_stops_them(data_dir):
    first = start_user(data_dir)
    servers = embedded.running(data_dir)
    assert set(servers) == {"postgres", "valkey"}

    second = start_user(data_dir)
    assert embedded.running(data_dir) == servers, "the second user joins what runs"

    end_user(first)
    assert embedded.running(data_dir) == servers, "somebody still uses them"
    end_user(second)
    assert embedded.running(data_dir) == {}


def test_both_servers_answer_and_only_to_those_who_may_ask(data_dir):
    user = start_user(data_dir)

    with connect(data_dir) as connection:
        assert connection.execute("SHOW server_version").fetchone()[0].startswith(str(embedded.VERSION))
        assert connection.execute("SHOW listen_addresses").fetchone() == ("",), "no network port is open"
        # The same order on every machine, whatever its language.
        assert connection.execute(
            "SELECT datlocale FROM pg_database WHERE datname = current_database()"
        ).fetchone() == ("C.UTF-8",)
    with redis.Redis.from_url(embedded.redis_url(data_dir)) as queue:
        assert queue.ping()
        assert queue.config_get("appendonly") == {"appendonly": "no"}
    address = json.loads((data_dir / "valkey" / "address.json").read_text())
    with redis.Redis(port=address["port"]) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()
    for secret in ("valkey/address.json", "valkey/valkey.conf"):
        assert stat.S_IMODE((data_dir / secret).stat().st_mode) == 0o600
    assert stat.S_IMODE((data_dir / "postgres").stat().st_mode) == 0o700
    end_user(user)


def test_kill_of_a_user_leaves_the_servers_to_the_next_one(data_dir):
    user = start_user(data_dir)
    servers = embedded.running(data_dir)
    user.kill()
    user.communicate()
    assert embedded.running(data_dir) == servers

    heir = start_user(data_dir)
    assert embedded.running(data_dir) == servers
    end_user(heir)
    assert embedded.running(data_dir) == {}


def test_kill_of_everything_loses_nothing(data_dir):
    user = start_user(data_dir)
    with connect(data_dir) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'NCT01159288' AS nct_id")
    kill(user.pid)
    user.communicate()
    for pid in embedded.running(data_dir).values():
        kill(pid)
    assert (data_dir / "postgres" / "postmaster.pid").exists(), "an unclean end leaves its pid file"

    heir = start_user(data_dir)
    with connect(data_dir) as connection:
        assert connection.execute("SELECT nct_id FROM kept").fetchall() == [("NCT01159288",)]
    end_user(heir)


def test_a_stale_pid_file_whose_number_lives_again_is_not_believed(data_dir):
    end_user(start_user(data_dir))
    # As after a restart of a container: the number in the file now belongs to somebody else, here to this test.
    (data_dir / "postgres" / "postmaster.pid").write_text(
        f"{os.getpid()}\n{data_dir / 'postgres'}\n0\n5432\n\n\n\nready\n"
    )
    (data_dir / "valkey" / "valkey.pid").write_text(str(os.getpid()))

    user = start_user(data_dir)
    assert os.getpid() not in embedded.running(data_dir).values()
    assert set(embedded.running(data_dir)) == {"postgres", "valkey"}
    end_user(user)


def test_a_kill_while_the_cluster_is_made_leaves_no_half_of_it(data_dir):
    (data_dir / "postgres.new" / "base").mkdir(parents=True)
    (data_dir / "postgres.new" / "PG_VERSION").write_text("18\n")

    user = start_user(data_dir)
    assert not (data_dir / "postgres.new").exists()
    end_user(user)


def test_a_taken_queue_port_is_left_for_another(data_dir):
    end_user(start_user(data_dir))
    before = json.loads((data_dir / "valkey" / "address.json").read_text())
    import socket

    with socket.socket() as squatter:
        squatter.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        squatter.bind(("127.0.0.1", before["port"]))
        squatter.listen()
        user = start_user(data_dir)
        assert json.loads((data_dir / "valkey" / "address.json").read_text())["port"] != before["port"]
        end_user(user)


def test_a_folder_too_deep_for_a_socket_works_all_the_same(data_dir):
    deep = data_dir / ("a folder with spaces & a long name " * 3) / ("déjà-vu+" * 8)
    deep.mkdir(parents=True)
    assert len(str(deep)) > embedded.SOCKET_PATH_LIMIT

    user = start_user(deep)
    with connect(deep) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    sockets = embedded._socket_dir(deep)
    assert stat.S_IMODE(sockets.stat().st_mode) == 0o700
    end_user(user)
    sockets.rmdir()


def test_a_short_socket_folder_that_is_not_ours_is_refused(data_dir):
    deep = data_dir / ("long-" * 30)
    deep.mkdir()
    sockets = embedded._socket_dir(deep)
    sockets.mkdir(mode=0o777)
    sockets.chmod(0o777)
    try:
        with pytest.raises(embedded.EmbeddedError, match="is not ours: remove it, or set TRACKER_DATA_DIR"):
            embedded._make_socket_dir(deep, None)
    finally:
        sockets.rmdir()


def test_secret_key_is_made_once_and_kept_private(data_dir):
    key = embedded.secret_key(data_dir)
    assert len(key) >= 50
    assert embedded.secret_key(data_dir) == key
    assert stat.S_IMODE((data_dir / "secret_key").stat().st_mode) == 0o600


def test_a_folder_that_cannot_be_written_is_named_with_the_mend(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(embedded.EmbeddedError, match=r"cannot be written .* set TRACKER_DATA_DIR"):
        embedded.prepare(tmp_path / "taken" / "data")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_as_root_the_servers_run_under_an_account_without_rights(data_dir):
    user = start_user(data_dir)
    for pid in embedded.running(data_dir).values():
        assert psutil.Process(pid).username() == embedded.ACCOUNT
    end_user(user)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes accounts")
def test_a_plain_user_runs_them_as_himself(data_dir):
    nobody = 65534
    embedded._let_pass(data_dir / "x")
    embedded._postgres_tools(data_dir / "postgres", nobody)  # opens the wheel's files where root's umask closed them
    os.chown(data_dir, nobody, nobody)

    child = os.fork()  # not a new interpreter: this one may lie in a home that nobody else can enter
    if child == 0:
        os.setgroups([])
        os.setgid(nobody)
        os.setuid(nobody)
        embedded.join(data_dir)
        (data_dir / "seen").write_text(str(embedded.running(data_dir)["postgres"]))
        embedded.leave(data_dir)
        os._exit(0 if embedded.running(data_dir) == {} else 1)

    assert os.waitpid(child, 0)[1] == 0
    assert (data_dir / "postgres").stat().st_uid == nobody
    assert (data_dir / "seen").read_text().isdigit()


def test_a_database_of_another_release_is_named(data_dir):
    end_user(start_user(data_dir))
    (data_dir / "postgres" / "PG_VERSION").write_text("12\n")
    done = subprocess.run(
        [sys.executable, "-c", USER, str(data_dir)],
        input="\n", capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip
    assert "was made by PostgreSQL 12 and this release brings 18: export it" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "needed"),
    [
        (["manage.py", "migrate"], True),
        (["manage.py", "check"], False),
        (["manage.py", "check", "--database", "default"], True),
        (["manage.py"], False),
        (["/venv/bin/mypy", "tracker"], False),
        (["/venv/lib/python3.11/site-packages/mypy/__main__.py", "tracker"], False),
        (["/venv/bin/granian", "config.wsgi:application"], True),
        (["/venv/bin/celery", "-A", "config", "worker"], True),
        ([], True),
    ],
)
def test_only_what_asks_a_server_starts_one(arguments, needed):
    assert embedded.is_needed(arguments) is needed


def test_joining_costs_nothing_worth_noticing(data_dir):
    first = start_user(data_dir)
    began = time.monotonic()
    embedded.join(data_dir)
    spent = time.monotonic() - began
    embedded.leave(data_dir)
    assert spent < 0.5
    os.kill(first.pid, signal.SIGCONT)  # still there
    end_user(first)
    assert embedded.running(data_dir) == {}
