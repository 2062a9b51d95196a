"""The emulated bench as programs: a server in a process of its own, and sessions of pytest that take it for a Pi."""

from __future__ import annotations

import contextlib
import os
import re
import select
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from rig.sim.server.control import ask

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
PATIENCE_S = 60.0  # only ever waited out when something is broken
RIG = (sys.executable, "-c", "from rig.cli.main import app; app()")


def environment(**more: str) -> dict[str, str]:
    """What a session may see: nothing that an outer run has set."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("RIG_", "PYTEST_"))}
    return kept | {"RIG_FIXTURES": str(FIXTURES), "PYTHONUNBUFFERED": "1"} | more


class Emulator:
    """`rig sim serve`, as often as it is started; it keeps its ports."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = self.control = 0
        self.process: subprocess.Popen[str]
        self.start()
        self.bench_file = self.bench_at(self.port)

    def start(self) -> None:
        ports = ("--port", str(self.port), "--control", str(self.control))
        command = [*RIG, "sim", "serve", "--realtime", "--bench", "simulated", "--network", "home", "--seed", "3"]
        self.process = subprocess.Popen([*command, *ports], stdout=subprocess.PIPE, text=True, env=environment())
        assert self.process.stdout is not None
        self.port, self.control = (
            int(re.search(r"127\.0\.0\.1:(\d+)|$", self.process.stdout.readline())[1])  # type: ignore[index]
            for _ in range(2)
        )

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    def state(self) -> dict[str, Any]:
        return ask(self.control, "state", timeout_s=PATIENCE_S)

    def bench_at(self, port: int) -> Path:
        """fixtures/benches/emulated.toml with the daemon on another port."""
        text = (FIXTURES / "benches" / "emulated.toml").read_text(encoding="utf-8")
        assert text.count("port = 8888") == 1
        path = self.folder / f"emulated-{port}.toml"
        path.write_text(text.replace("port = 8888", f"port = {port}"), encoding="utf-8")
        return path


class Session:
    """`pytest --bench FILE` in a process of its own."""

    def __init__(self, folder: Path, bench_file: Path, *arguments: str, **variables: str) -> None:
        base = ["-n0", "-p", "no:cacheprovider", "-s", "-rs", "--rig-reports", str(folder / "reports")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "pytest", *base, "--bench", str(bench_file), *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            bufsize=0,
            cwd=ROOT,
            env=environment(**variables),
        )
        self.said = b""

    def until_it_says(self, text: str) -> None:
        """Read what it prints until `text` is there."""
        out = self.process.stdout
        assert out is not None
        end_s = time.monotonic() + PATIENCE_S
        while text.encode() not in self.said:
            assert select.select([out], [], [], max(0.0, end_s - time.monotonic()))[0], self.said.decode()
            part = os.read(out.fileno(), 65_536)
            assert part, f"it ended without saying {text!r}:\n{self.said.decode()}"
            self.said += part

    def end(self, patience_s: float = PATIENCE_S) -> tuple[int, str]:
        """(exit code, everything that it has printed)."""
        rest, _ = self.process.communicate(timeout=patience_s)
        return self.process.returncode, (self.said + rest).decode()

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.communicate()


class Cable:
    """A TCP port that leads to another one, until it is cut."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._ends: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """Both sides of every connection see its end; new ones are refused."""
        for end in (self._listener, *self._ends):
            with contextlib.suppress(OSError):  # that side may have gone already
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._to_port))
            self._ends += [client, server]
            for end in (client, server):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=_carry, args=(source, sink), daemon=True).start()


def _carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return
