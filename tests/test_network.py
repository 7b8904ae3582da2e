"""Tests reach this machine and nothing else."""

import socket

import pytest
from pytest_socket import SocketConnectBlockedError


def test_the_loopback_is_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert client.getpeername() == server.getsockname()


@pytest.mark.filterwarnings("ignore:A test tried to use socket")
def test_other_machines_are_out_of_reach() -> None:
    with pytest.raises(SocketConnectBlockedError):
        socket.create_connection(("192.0.2.1", 80), timeout=1)
