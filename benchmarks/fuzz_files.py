"""Hostile files: every reader of the rig is given mutated files, and may answer with the rig's own errors only.

    python benchmarks/fuzz_files.py --mutations 100000 [--reader network] [--seed 1] [--seconds 120]

Prints for each reader how many files it took and refused, and each other exception with the seed that makes it again.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import sys
import tempfile
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rig.blinkup import Proxy, WifiConfig, encode, parse
from rig.config.bench import load_bench
from rig.config.bench_networks import declared_networks
from rig.config.device import load_device
from rig.config.lookup import builtin_folder
from rig.config.network import load_any_network
from rig.errors import RigError
from rig.recording import Action, Blanked, Recording, Trace
from rig.recording.import_reading import read_capture
from rig.report import journal
from rig.report.results import ResultsFile
from rig.secret import none_remembered
from rig.supply.plan import plan_of
from rig.supply.profile import load_profile

SLOW_S = 20.0  # no file may keep a reader that long
TOKENS = (
    *("", "0", "-1", "1e999", "nan", "-inf", "0x" + "f" * 5000, "9" * 5000, "1" * 400, "true", "'text'", '"', "'''"),
    *("[", "]", "[[", "{", "}", "[" * 3000, "=", "\n", "\0", "\ufeff", "\ud7ff", "\u202e", "1979-05-27", "07:32:00"),
    *(
        "[]",
        "{}",
        "[1, 2]",
        "{low = 1}",
        "extends = 'imp003'",
        "[limits.x]",
        "name = 1",
        "# ",
        ",",
        ":",
        ";",
        "\\u0000",
    ),
    *(
        "1e-9",
        "1e-300",
        "1e300",
        "-0.0",
        "00",
        "1_0",
        "3.6",
        "x" * 70_000,
        "../../etc/passwd",
        "/dev/zero",
        "http://u:p@h",
    ),
)
VALUES: tuple[Any, ...] = (
    *(None, True, -1, 0, 3, 10**400, -(10**30), 1.5, 1e308, float("nan"), float("inf"), "", "text", "\0", "9" * 50),
    *([], {}, [1, 2], [[1]], {"a": 1}, [None], [0.0, "x"], "x" * 10_000),
)


@dataclass
class Tally:
    """What became of the files that one reader was given."""

    taken: int = 0
    refused: int = 0
    slowest_s: float = 0.0
    broken: dict[str, str] = field(default_factory=dict)  # what escaped, to the first traceback of that kind
    counts: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """All files."""
        return self.taken + self.refused + sum(self.counts.values())


@dataclass(frozen=True)
class Target:
    """A reader, the sound files that are mutated for it, and the ending of their names."""

    read: Callable[[Path], object]
    sound: tuple[bytes, ...]
    suffix: str
    mutate: Callable[[random.Random, bytes], bytes]


def mutated_text(rng: random.Random, data: bytes) -> bytes:
    """A text with up to four mistakes: bytes, lines and values exchanged, doubled, cut or replaced."""
    text = data.decode("utf-8", "replace")
    for _ in range(rng.randint(1, 4)):
        lines = text.split("\n")
        at = rng.randrange(len(lines))
        what = rng.randrange(8)
        if what == 0:
            lines[at] = lines[at].partition("=")[0] + "= " + rng.choice(TOKENS)
        elif what == 1:
            lines.insert(at, rng.choice(lines))
        elif what == 2:
            del lines[at]
        elif what == 3:
            cut = rng.randrange(len(lines[at]) + 1)
            lines[at] = lines[at][:cut] + rng.choice(TOKENS) + lines[at][cut:]
        elif what == 4:
            lines[at] = lines[at][: rng.randrange(len(lines[at]) + 1)]
        elif what == 5:
            lines[at] = rng.choice(lines) + rng.choice((",", "\t", " = ")) + rng.choice(TOKENS)
        elif what == 6:
            lines = lines[: at + 1]
        text = "\n".join(lines)
        if what == 7:
            return mutated_bytes(rng, text.encode("utf-8", "replace"))
    return text.encode("utf-8", "surrogatepass")


def mutated_bytes(rng: random.Random, data: bytes) -> bytes:
    """Bytes with up to eight of them changed, or cut, or with others put in."""
    made = bytearray(data)
    for _ in range(rng.randint(1, 8)):
        at = rng.randrange(len(made) + 1)
        what = rng.randrange(4)
        if what == 0 and at < len(made):
            made[at] = rng.randrange(256)
        elif what == 1:
            made[at:at] = rng.randbytes(rng.randint(1, 5))
        elif what == 2:
            del made[at : at + rng.randint(1, 9)]
        elif what == 3 and at < len(made):
            made[at] ^= 1 << rng.randrange(8)
    return bytes(made)


def mutated_recording(rng: random.Random, data: bytes) -> bytes:
    """A recording with mistakes in its head or its arrays, or in the archive itself."""
    if rng.random() < 0.2:
        return mutated_bytes(rng, data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    if rng.random() < 0.8:
        head = json.loads(str(np.load(io.BytesIO(members["head.npy"]))))
        for _ in range(rng.randint(1, 3)):
            head = _other_part(rng, head)
        members["head.npy"] = _array(np.array(json.dumps(head)))
    else:
        name = rng.choice(sorted(members))
        shapes: tuple[Any, ...] = (
            np.zeros(0),
            np.zeros((3, 2, 2)),
            np.array(["x"]),
            np.array(1.0),
            np.arange(5) * np.nan,
        )
        members[name] = rng.choice((_array(rng.choice(shapes)), mutated_bytes(rng, members[name])))
    made = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        warnings.simplefilter("ignore")
        for name, member in members.items():
            archive.writestr(name, member)
    return made.getvalue()


def mutated_json_lines(rng: random.Random, data: bytes) -> bytes:
    """Lines of JSON with other values, or with mistakes as in any text."""
    if rng.random() < 0.5:
        return mutated_text(rng, data)
    lines = [json.loads(line) for line in data.decode().splitlines()]
    at = rng.randrange(len(lines))
    lines[at] = _other_part(rng, lines[at])
    return "".join(json.dumps(line) + "\n" for line in lines).encode()


def _other_part(rng: random.Random, data: Any) -> Any:
    """`data` with one part of it, at any depth, replaced, dropped or added."""
    if isinstance(data, dict) and data and rng.random() < 0.85:
        key = rng.choice(sorted(data, key=str))
        if rng.random() < 0.15:
            return {k: v for k, v in data.items() if k != key}
        if rng.random() < 0.1:
            return {**data, "unknown": rng.choice(VALUES)}
        return {**data, key: _other_part(rng, data[key])}
    if isinstance(data, list) and data and rng.random() < 0.85:
        at = rng.randrange(len(data))
        return [*data[:at], _other_part(rng, data[at]), *data[at + 1 :]]
    return rng.choice(VALUES)


def _array(values: Any) -> bytes:
    made = io.BytesIO()
    np.save(made, values, allow_pickle=False)
    return made.getvalue()


def _files(*kinds: str, suffix: str = ".toml") -> tuple[bytes, ...]:
    folders = (builtin_folder("fixtures") / kind for kind in kinds)
    return tuple(path.read_bytes() for folder in folders for path in sorted(folder.glob(f"*{suffix}")))


def _recording() -> bytes:
    times_s = np.arange(50) / 50
    made = Recording(
        {"led": Trace("led", "V", times_s, np.ones((50, 2))), "dut_v": Trace("dut_v", "V", times_s, np.full(50, 3.3))},
        (Action("power_on", 0.0, 0.0, {"volts": 3.3}), Action("blinkup", 0.2, 0.4, {"what": "wifi", "rate_hz": 60.0})),
        (Blanked(0.2, 0.4, "BlinkUp data"),),
        {"bench": "simulated", "device": "imp003", "expected_volts": [(0.0, 3.3)]},
    )
    with tempfile.TemporaryDirectory() as folder:
        made.save(Path(folder) / "made.npz")
        return (Path(folder) / "made.npz").read_bytes()


def _bench(path: Path) -> None:
    declared_networks(load_bench(str(path)))


def _supply(path: Path) -> None:
    profile = load_profile(str(path))
    if profile.weak is None:
        plan_of(profile, 3.3)


def _packet(path: Path) -> None:
    parse(path.read_bytes())


CSV = b"".join(b"%.3f,%.3f,%.4f\n" % (n / 100, 3.3 - n / 1000, n % 7 / 10) for n in range(40))
VCD = (
    b"$timescale 1 us $end\n$scope module rig $end\n$var wire 1 ! led $end\n$var real 64 # dut_v $end\n$upscope $end\n"
    b"$enddefinitions $end\n#0\n0!\nr3.3 #\n"
    + b"".join(b"#%d\n%d!\nr%.2f #\n" % (n * 1000, n % 2, n) for n in range(1, 40))
)
LINES = b'{"format": "rig-journal-1", "Bench": "b"}\n{"test": "a", "measurements": [{"name": "x", "value": 1.5}]}\n'
RESULTS = b'{"format": "rig-results-1", "bench": "b"}\n{"volts": 3.3, "online": true}\n'


def targets() -> dict[str, Target]:
    """Every reader of files and packets by its name."""
    config = WifiConfig("Bench", "a firm handshake", "0" * 16, "1" * 16, proxy=Proxy("proxy.lan", 3128, "u", "secret"))
    packets = (encode(config), encode(WifiConfig("", "", "0" * 16, "1" * 16)))
    return {
        "bench": Target(_bench, _files("benches"), ".toml", mutated_text),
        "device": Target(lambda path: load_device(str(path)), _files("devices"), ".toml", mutated_text),
        "network": Target(lambda path: load_any_network(str(path)), _files("networks"), ".toml", mutated_text),
        "supply": Target(_supply, _files("supplies"), ".toml", mutated_text),
        "recording": Target(Recording.load, (_recording(),), ".npz", mutated_recording),
        "csv": Target(read_capture, (b"time_s,dut_v,led_v\n" + CSV, b"Second,Volt,Volt\n" + CSV), ".csv", mutated_text),
        "vcd": Target(read_capture, (VCD,), ".vcd", mutated_text),
        "journal": Target(journal.read, (LINES,), ".jsonl", mutated_json_lines),
        "results": Target(lambda path: ResultsFile(path, {"bench": "b"}), (RESULTS,), ".jsonl", mutated_json_lines),
        "packet": Target(_packet, packets, ".bin", mutated_bytes),
    }


def fuzz(target: Target, seeds: Iterable[int], folder: Path, *, end_s: float = float("inf")) -> Tally:
    """Give a reader one mutated file for each seed, until `time.monotonic()` is `end_s`."""
    tally = Tally()
    path = folder / f"mutated{target.suffix}"
    for seed in seeds:
        if time.monotonic() > end_s:
            break
        rng = random.Random(seed)
        path.write_bytes(target.mutate(rng, rng.choice(target.sound)))
        begun_s = time.monotonic()
        try:
            with none_remembered(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                target.read(path)
            tally.taken += 1
        except RigError:
            tally.refused += 1
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            kind = f"{type(error).__name__} in {Path(last.filename).name}:{last.lineno}"
            tally.counts[kind] += 1
            tally.broken.setdefault(kind, f"seed {seed}: " + "".join(traceback.format_exception(error))[-1500:])
        tally.slowest_s = max(tally.slowest_s, time.monotonic() - begun_s)
    return tally


def main() -> None:
    """Fuzz the readers that the command line names."""
    known = targets()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mutations", type=int, default=2000, help="files for each reader")
    parser.add_argument("--reader", action="append", choices=sorted(known), help="default: all")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each reader at most")
    given = parser.parse_args()
    broken = False
    with tempfile.TemporaryDirectory() as folder:
        for name in given.reader or known:
            seeds = range(given.seed, given.seed + given.mutations)
            tally = fuzz(known[name], seeds, Path(folder), end_s=time.monotonic() + given.seconds)
            done = f"{tally.total} files: {tally.taken} taken, {tally.refused} refused"
            print(f"{name}: {done}, slowest {tally.slowest_s:.2f} s", flush=True)
            for kind, count in tally.counts.most_common():
                print(f"  {count} times {kind}\n{tally.broken[kind]}")
            broken |= bool(tally.counts) or tally.slowest_s > SLOW_S
    sys.exit(broken)


if __name__ == "__main__":
    main()
