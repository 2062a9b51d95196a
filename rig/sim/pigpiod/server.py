"""The socket side: one thread accepts, one thread per connection reads requests and answers them."""

from __future__ import annotations

import contextlib
import logging
import select
import socket
import threading
from collections.abc import Callable

from rig.sim.pigpiod.protocol import HEADER, MAX_EXTENSION, Request

log = logging.getLogger(__name__)

ACCEPT_AGAIN_S = 0.05
MAX_UNSENT = 1 << 25  # a client that reads nothing is cut off, or it would fill the memory

Serve = Callable[["ClientConnection", Request], bytes]


class ClientConnection:
    """One client. `send` may be called from any thread and never blocks: what the socket doesn't take waits."""

    def __init__(
        self, sock: socket.socket, serve: Serve, closed: Callable[[ClientConnection], None], name: str
    ) -> None:
        self._sock = sock
        self._serve = serve
        self._closed = closed
        self._lock = threading.Lock()
        self._unsent = bytearray()
        self._received = bytearray()
        self._wake: tuple[socket.socket, socket.socket] | None = None
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)

    def expect_reports(self) -> None:
        """Prepare for data that other threads send; called by the connection's own thread."""
        if self._wake is None:
            self._wake = socket.socketpair()
            for end in self._wake:
                end.setblocking(False)

    def send(self, data: bytes) -> None:
        """Send the bytes after all that were sent before."""
        with self._lock:
            self._unsent += data
            self._send_some()
            if len(self._unsent) > MAX_UNSENT:
                log.warning("a client left %d bytes unread: cutting it off", len(self._unsent))
                self._unsent.clear()
                self.shut()
            if self._unsent and self._wake is not None:
                with contextlib.suppress(OSError):
                    self._wake[1].send(b"!")

    def shut(self) -> None:
        """Make the connection's thread end."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_RDWR)

    def _send_some(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self._sock.send(self._unsent, socket.MSG_DONTWAIT)]
        except BlockingIOError:
            pass
        except OSError:
            self._unsent.clear()  # the client is gone; the reading side notices

    def _run(self) -> None:
        try:
            self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while True:
                cmd, p1, p2, length = HEADER.unpack(self._read(HEADER.size))
                if length >= MAX_EXTENSION:
                    log.debug("extension of %d bytes, must be under %d: closing", length, MAX_EXTENSION)
                    break
                self.send(self._serve(self, Request(cmd, p1, p2, self._read(length))))
        except (EOFError, OSError):
            pass
        finally:
            self._closed(self)
            with self._lock:
                self._sock.close()
                for end in self._wake or ():
                    end.close()
                self._wake = None

    def _read(self, count: int) -> bytes:
        while len(self._received) < count:
            if self._unsent or self._wake is not None:
                self._wait()
            data = self._sock.recv(65536)
            if not data:
                raise EOFError
            self._received += data
        data = bytes(self._received[:count])
        del self._received[:count]
        return data

    def _wait(self) -> None:
        """Wait until there is something to read; what couldn't be sent before goes out meanwhile."""
        while True:
            poll = select.poll()
            poll.register(self._sock, select.POLLIN | (select.POLLOUT if self._unsent else 0))
            if self._wake is not None:
                poll.register(self._wake[0], select.POLLIN)
            ready = dict(poll.poll())
            if self._wake is not None and self._wake[0].fileno() in ready:
                with contextlib.suppress(BlockingIOError):
                    self._wake[0].recv(4096)
            state = ready.get(self._sock.fileno(), 0)
            if state & select.POLLOUT:
                with self._lock:
                    self._send_some()
            if state & (select.POLLIN | select.POLLHUP | select.POLLERR):
                return


class Server:
    """Listens until `stop`; calls `serve(connection, request)` for each request and `closed(connection)` at the end."""

    def __init__(self, host: str, port: int, serve: Serve, closed: Callable[[ClientConnection], None]) -> None:
        self._serve = serve
        self._closed = closed
        self._lock = threading.Lock()
        self._connections: set[ClientConnection] = set()
        self._stopping = False
        self._retry = threading.Event()  # set when the server ends
        self._listener = socket.create_server((host, port))
        self.port: int = self._listener.getsockname()[1]
        self._acceptor = threading.Thread(target=self._accept, name=f"pigpiod-{self.port}-accept", daemon=True)
        self._acceptor.start()

    def stop(self) -> None:
        """Close everything and wait for the threads."""
        with self._lock:
            self._stopping = True
        self._retry.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._acceptor.join()
        self._listener.close()
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            connection.shut()
        for connection in connections:
            connection.thread.join()

    def drop(self) -> None:
        """Cut every connection at once, without waiting for anybody; new ones are welcome."""
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            connection.shut()

    def kill(self) -> None:
        """End as the process would: port and connections are gone at once. Waits for nobody."""
        with self._lock:
            self._stopping = True
        self._retry.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    def _accept(self) -> None:
        number = 0
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError as error:
                if self._stopping:
                    return
                log.warning("no connection could be taken (%s); trying again", error)
                self._retry.wait(ACCEPT_AGAIN_S)  # until some connection gives its descriptor back
                continue
            number += 1
            connection = ClientConnection(sock, self._serve, self._ended, f"pigpiod-{self.port}-{number}")
            with self._lock:
                if self._stopping:
                    sock.close()
                    return
                self._connections.add(connection)
            try:
                connection.thread.start()
            except RuntimeError:  # the system has no thread left
                log.warning("no thread for a connection: closing it")
                with self._lock:
                    self._connections.discard(connection)
                sock.close()

    def _ended(self, connection: ClientConnection) -> None:
        with self._lock:
            self._connections.discard(connection)
        self._closed(connection)
