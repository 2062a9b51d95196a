"""A program of its own that keeps a dead-man alive, and so small that nothing can starve it.

`python -I -S keepalive_process.py HOST PORT SCRIPT PARAMS PARENT WATCHED_FD` runs a stored script of pigpiod with
`PARAMS` (numbers with commas, the first one the counter) and sets the counter back every `REFRESH_S`. It stops when
its standard input ends, when its parent is another process than `PARENT`, when the inherited socket `WATCHED_FD` (the
parent's own connection to the daemon) is closed by the other side, or when the script no longer runs. Then the script
runs out and switches off. Standard library only: it must start at once and import nothing of the rig.

Says `alive` on standard output after the first refresh, and one line `trouble: ...` before it ends by itself.
Protocol: pigpio.h version 79, requests of 16 bytes (PROCR 40, PROCP 45, PROCU 117).
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import struct
import sys
import time

REFRESH_S = 0.04
ANSWER_WITHIN_S = 0.15  # an answer that comes later finds the script run out in any case
PROCR, PROCP, PROCU = 40, 45, 117
RUNNING, WAITING = 2, 3
STATUS = struct.Struct("<11i")
HEADER = struct.Struct("<IIII")
RESULT = struct.Struct("<IIIi")


class KeepAliveFailed(Exception):
    """Why the script can't be refreshed any longer."""


def _command(sock: socket.socket, number: int, p1: int, ext: bytes = b"") -> int:
    """Send one request; returns its result.

    Raises:
        KeepAliveFailed: no answer.
    """
    sock.sendall(HEADER.pack(number, p1, 0, len(ext)) + ext)
    return int(RESULT.unpack(_receive(sock, RESULT.size))[3])


def _receive(sock: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = sock.recv(count - len(data))
        if not part:
            raise KeepAliveFailed("the daemon closed the connection")
        data += part
    return data


def _refresh(sock: socket.socket, script: int, counter: int) -> None:
    """Set the script's counter back and make sure that it still counts.

    Raises:
        KeepAliveFailed: it doesn't.
    """
    result = _command(sock, PROCU, script, struct.pack("<i", counter))
    if result < 0:
        raise KeepAliveFailed(f"the daemon does not know script {script} any more (error {result})")
    size = _command(sock, PROCP, script)
    if size < STATUS.size:
        raise KeepAliveFailed(f"the daemon does not know script {script} any more (error {size})")
    state = STATUS.unpack(_receive(sock, size)[: STATUS.size])[0]
    if state not in (RUNNING, WAITING):
        raise KeepAliveFailed(
            f"script {script} has ended (state {state}): it was not refreshed in time, or somebody stopped it"
        )


def _keep_alive(host: str, port: int, script: int, params: tuple[int, ...], parent: int, watched_fd: int) -> None:
    """Refresh the script until the parent ends or says so.

    Raises:
        KeepAliveFailed: the parent lives, but the dead-man can't be kept alive.
    """
    try:
        sock = socket.create_connection((host, port), timeout=2.0)
    except OSError as error:
        raise KeepAliveFailed(f"no connection to the daemon ({error})") from error
    sock.settimeout(ANSWER_WITHIN_S)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    poll = select.poll()
    poll.register(0, select.POLLIN | select.POLLHUP)
    poll.register(watched_fd, select.POLLRDHUP)
    try:
        if (result := _command(sock, PROCR, script, struct.pack(f"<{len(params)}i", *params))) < 0:
            raise KeepAliveFailed(f"the daemon does not run script {script} (error {result})")
    except OSError as error:
        raise KeepAliveFailed(f"the daemon does not answer ({error})") from error
    due_s, said = time.monotonic(), False
    while True:
        ended = {fd for fd, _ in poll.poll(max(0.0, due_s - time.monotonic()) * 1000.0)}
        if 0 in ended or os.getppid() != parent:
            return
        if watched_fd in ended:
            raise KeepAliveFailed("the daemon closed the connection of the program that uses the supply")
        try:
            _refresh(sock, script, params[0])
        except OSError as error:
            raise KeepAliveFailed(f"the daemon does not answer ({error})") from error
        if not said:
            print("alive", flush=True)
            said = True
        due_s = time.monotonic() + REFRESH_S


def _main(host: str, port: str, script: str, params: str, parent: str, watched_fd: str) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # the parent decides when it ends, and its end ends this
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))  # if allowed: ahead of everything that computes
    try:
        counts = tuple(int(number) for number in params.split(","))
        _keep_alive(host, int(port), int(script), counts, int(parent), int(watched_fd))
    except KeepAliveFailed as failure:
        with contextlib.suppress(OSError):
            print(f"trouble: {failure}", flush=True)


if __name__ == "__main__":
    _main(*sys.argv[1:])
