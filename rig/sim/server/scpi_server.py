"""A loopback TCP socket in front of a simulated instrument: one line a command, as raw SCPI sockets have it."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import threading
from collections.abc import Callable
from typing import Final

MAX_LINE: Final = 1024
END_WITHIN_S: Final = 0.05

Handle = Callable[[str], str | None]


class ScpiServer:
    """Serves `handle` from `start` to `stop` on `host`:`port` (0 picks a free one), one thread a connection.

    Raises:
        OSError: on `start`, the port can't be had.
    """

    def __init__(self, handle: Handle, host: str = "127.0.0.1", port: int = 0) -> None:
        self._handle, self._address = handle, (host, port)
        self._server: _Listener | None = None
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()

    @property
    def resource(self) -> str | None:
        """Its VISA resource name while it runs."""
        if self._server is None:
            return None
        host, port = self._server.server_address[:2]
        return f"TCPIP::{host if isinstance(host, str) else host.decode()}::{port}::SOCKET"

    def start(self) -> None:
        """Listen from now on."""
        if self._server is None:
            self._server = _Listener(self._address, self)
            threading.Thread(target=self._server.serve_forever, args=(END_WITHIN_S,), name="scpi", daemon=True).start()

    def stop(self) -> None:
        """Close the port and cut every connection."""
        server, self._server = self._server, None
        if server is None:
            return
        server.shutdown()
        server.server_close()
        self.drop()

    def drop(self) -> None:
        """Cut every connection; new ones are welcome."""
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def serve(self, connection: socket.socket) -> None:
        """Serve one client, until it goes."""
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with self._lock:
            self._connections.add(connection)
        try:
            with connection.makefile("rb") as lines:
                while line := lines.readline(MAX_LINE):
                    answer = self._handle(line.decode("ascii", "replace"))
                    if answer is not None:
                        connection.sendall(answer.encode("ascii") + b"\n")
        except OSError:
            pass
        finally:
            with self._lock:
                self._connections.discard(connection)


class _Listener(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], scpi: ScpiServer) -> None:
        class Client(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                scpi.serve(self.request)

        super().__init__(address, Client)
