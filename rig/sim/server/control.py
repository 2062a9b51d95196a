"""The control channel of a simulated server: what a Pi has no command for, such as letting time pass.

One JSON object per line each way, over TCP on the loopback. A request names what to `do` and carries its arguments:
`{"do": "advance", "seconds": 1.5}`. The answer is `{"ok": true, ...}`, or `{"ok": false, "error": "..."}`, with
`"wrong": "request"` if the request itself asks for what can't be. A line
that is no such request closes the connection; of one that is nested too deeply it is said.
"""

from __future__ import annotations

import contextlib
import json
import socket
import socketserver
import threading
from collections.abc import Callable
from typing import Any, Final

from rig.errors import BenchConnectionError, BenchFault, ConfigError, RigError

MAX_LINE: Final = 65_536
END_WITHIN_S: Final = 0.05
_TOO_DEEP: Final = {"ok": False, "error": "the request is nested too deeply", "wrong": "request"}

Arguments = dict[str, Any]
Handler = Callable[[Arguments], Arguments]
"""Gets a request's arguments, returns what the answer carries; raises a RigError that the answer then tells."""


class ControlServer:
    """Answers from `start` until `stop`. Commands of several connections are answered one at a time.

    Raises:
        OSError: the port can't be had.
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._handlers: dict[str, Handler] = {"commands": lambda _: {"commands": sorted(self._handlers)}}
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._server = _Listener((host, port), self)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(END_WITHIN_S,), name="control", daemon=True
        )

    def add(self, name: str, handler: Handler) -> None:
        """Let `{"do": name}` call `handler`."""
        self._handlers[name] = handler

    def start(self) -> None:
        """Answer from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and cut every connection."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def serve(self, connection: socket.socket) -> None:
        """Serve one client, until it goes or sends what is no request."""
        with self._lock:
            self._connections.add(connection)
        try:
            with connection.makefile("rb") as lines:
                while line := lines.readline(MAX_LINE):
                    try:
                        request = _request(line)
                    except RecursionError:
                        connection.sendall(json.dumps(_TOO_DEEP).encode() + b"\n")
                        return
                    if request is None:
                        return
                    connection.sendall(json.dumps(self._answer(request)).encode() + b"\n")
        except OSError:
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)

    def _answer(self, request: Arguments) -> Arguments:
        name = request.pop("do")
        handler = self._handlers.get(name)
        if handler is None:
            return {"ok": False, "error": f"no command {name!r}; there are {', '.join(sorted(self._handlers))}"}
        try:
            return {"ok": True, **handler(request)}
        except ConfigError as error:
            return {"ok": False, "error": str(error), "wrong": "request"}
        except RigError as error:
            return {"ok": False, "error": f"{type(error).__name__}: {error}"}
        except Exception as error:  # the world broke: whoever asked must hear of it, the server goes on
            return {"ok": False, "error": f"{name} failed with {error!r}"}


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], control: ControlServer) -> None:
        class Client(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                control.serve(self.request)

        super().__init__(address, Client)


def _request(line: bytes) -> Arguments | None:
    try:
        request = json.loads(line)
    except ValueError:
        return None
    return request if isinstance(request, dict) and isinstance(request.get("do"), str) else None


def number(arguments: Arguments, name: str, low: float, high: float) -> float:
    """The argument `name` of a request.

    Raises:
        ConfigError: it is missing, no number, or not within `low` to `high`.
    """
    value = arguments.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ConfigError(f"{name} is {value!r}; expected a number from {low:g} to {high:g}")
    return value


def ask(port: int, do: str, *, host: str = "127.0.0.1", timeout_s: float = 600.0, **arguments: Any) -> Arguments:
    """Send one request to a control channel; returns what its answer carries.

    Raises:
        BenchConnectionError: nothing answers there.
        ConfigError: the request names or asks what can't be.
        BenchFault: the server could not do it.
    """
    try:
        with socket.create_connection((host, port), timeout_s) as sock, sock.makefile("rb") as lines:
            sock.sendall(json.dumps({"do": do, **arguments}).encode() + b"\n")
            line = lines.readline()
        answer = json.loads(line)
    except (OSError, ValueError) as error:
        raise BenchConnectionError(
            f"no simulated server's control channel answers at {host}:{port} ({error}); `rig sim serve` prints its "
            "port, give it with --control"
        ) from error
    if not answer.pop("ok"):
        kind = ConfigError if answer.get("wrong") == "request" else BenchFault
        raise kind(f"simulated server at {host}:{port}: {answer['error']}")
    return dict(answer)
