"""What every test stands under: no network, whatever a test forgets to fake."""

from __future__ import annotations

import ipaddress
import socket

import pytest


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
