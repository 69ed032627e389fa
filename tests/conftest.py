"""What every test stands under: no network, whatever a test forgets to fake."""

from __future__ import annotations

import importlib
import ipaddress
import socket

import pytest
from django.apps import apps
from django.db import connection
from django.db.models.signals import post_migrate

DEFAULT_ROWS = ("tracker.migrations.0002_default_query", "tracker.migrations.0004_default_literature_query")


class NetworkClosed(RuntimeError):
    """A test reached for the network."""


_connect, _connect_ex, _sendto = socket.socket.connect, socket.socket.connect_ex, socket.socket.sendto


def _check(open_socket: socket.socket, address: object) -> None:
    if open_socket.family == socket.AF_UNIX:
        return
    host = address[0] if isinstance(address, tuple) else address
    try:
        is_here = host == "localhost" or ipaddress.ip_address(str(host)).is_loopback
    except ValueError:
        is_here = False
    if not is_here:
        raise NetworkClosed(f"A test tried to reach {address!r}. Fake the source, or serve it from 127.0.0.1.")


def _guarded(original):
    def connect(self, address, *rest):
        _check(self, address)
        return original(self, address, *rest)

    return connect


@pytest.fixture(autouse=True, scope="session")
def closed_network():
    """Sockets lead to this machine only: servers that tests start themselves, PostgreSQL and Redis."""
    socket.socket.connect, socket.socket.connect_ex = _guarded(_connect), _guarded(_connect_ex)
    yield
    socket.socket.connect, socket.socket.connect_ex = _connect, _connect_ex


def _with_default_rows(**_: object) -> None:
    for name in DEFAULT_ROWS:
        importlib.import_module(name).ask(apps, None)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """The database of the tests. What migrations brought is there again after a test that emptied the tables.

    A browser test flushes everything at its end, and Django sends `post_migrate` after that: the schedule is made again
    by the product's own handler, the default queries here. A browser's last request may still hold a session when the
    database is dropped; it is ended first.
    """
    post_migrate.connect(_with_default_rows, sender=apps.get_app_config("tracker"), dispatch_uid="default rows")
    yield
    post_migrate.disconnect(sender=apps.get_app_config("tracker"), dispatch_uid="default rows")
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
