"""The control channel: JSON lines, errors that say what is wrong, and no patience with anything else."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from rig.errors import BenchConnectionError, BenchFault, ConfigError
from rig.sim.server.control import ControlServer, ask, number


@pytest.fixture
def control() -> Iterator[ControlServer]:
    server = ControlServer()
    server.add("double", lambda arguments: {"twice": 2 * number(arguments, "value", 0, 10)})
    server.add("break", lambda _: {"never": 1 // 0})
    server.start()
    yield server
    server.stop()


def lines(control: ControlServer, *sent: bytes) -> list[object]:
    """What is answered to these lines until the server closes or has answered them all."""
    with socket.create_connection(("127.0.0.1", control.port), 5) as sock, sock.makefile("rb") as answers:
        heard = []
        for line in sent:
            sock.sendall(line)
            answer = answers.readline()
            if not answer:
                heard.append("closed")
                break
            heard.append(json.loads(answer))
        return heard


def test_ask(control: ControlServer) -> None:
    assert ask(control.port, "double", value=4) == {"twice": 8}
    assert ask(control.port, "commands") == {"commands": ["break", "commands", "double"]}


def test_errors_are_told_and_the_connection_goes_on(control: ControlServer) -> None:
    heard = lines(control, b'{"do": "double", "value": "x"}\n', b'{"do": "break"}\n', b'{"do": "double", "value": 1}\n')
    assert heard == [
        {"ok": False, "error": "value is 'x'; expected a number from 0 to 10", "wrong": "request"},
        {"ok": False, "error": "break failed with ZeroDivisionError('integer division or modulo by zero')"},
        {"ok": True, "twice": 2},
    ]
    with pytest.raises(BenchFault, match=r"no command 'fly'; there are break, commands, double"):
        ask(control.port, "fly")


@pytest.mark.parametrize("line", [b"GET / HTTP/1.1\n", b"[1]\n", b'{"do": 5}\n', b"{}\n", b"\xff\n", b"x" * 70_000])
def test_nonsense_closes_the_connection(control: ControlServer, line: bytes) -> None:
    """So that a web page that is made to talk to this port gets nowhere, whatever follows."""
    assert lines(control, line, b'{"do": "double", "value": 1}\n') == ["closed"]
    assert ask(control.port, "double", value=1) == {"twice": 2}


@pytest.mark.parametrize("value", [None, True, "1", [1], 11, -1, float("nan"), float("inf")])
def test_numbers_are_numbers(value: object) -> None:
    with pytest.raises(ConfigError, match="value is"):
        number({"value": value}, "value", 0, 10)


def test_nobody_there() -> None:
    server = ControlServer()
    server.start()
    server.stop()
    with pytest.raises(BenchConnectionError, match="rig sim serve"):
        ask(server.port, "double")


def test_stop_ends_open_connections(control: ControlServer) -> None:
    with socket.create_connection(("127.0.0.1", control.port), 5) as sock:
        sock.sendall(b'{"do": "commands"}\n')
        assert sock.recv(100)
        control.stop()
        assert sock.recv(100) == b""


def test_endless_nesting_gets_a_clean_answer(control: ControlServer, capfd: pytest.CaptureFixture[str]) -> None:
    for text in (b"[" * 30_000, b'{"do":' * 10_000):
        (answer,) = lines(control, text + b"\n")
        assert answer == {"ok": False, "error": "the request is nested too deeply", "wrong": "request"}
    assert ask(control.port, "commands")["commands"]
    assert "Traceback" not in capfd.readouterr().err
