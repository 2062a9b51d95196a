"""Every sample in docs/instruments.md is read as the page says."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from rig.recording.import_reading import read_capture

PAGE = Path(__file__).resolve().parents[2] / "docs" / "instruments.md"
SECTION = re.compile(r"^### (.+?)$(.*?)^```text\n(.*?)^```\n+Read as: (.+?)$", re.MULTILINE | re.DOTALL)
MADE_BY = ("Rigol", "Siglent", "Tektronix", "Keysight", "LeCroy", "Rohde & Schwarz", "PicoScope", "Digilent", "Hantek")
MADE_BY += ("OWON", "GW Instek", "Saleae Logic 1", "Saleae Logic 2", "sigrok-cli", "PPK2", "Joulescope", "Otii")
MADE_BY += ("Monsoon", "numpy", "pandas", "Arduino")


@dataclass(frozen=True)
class Sample:
    name: str
    text: str
    read_as: str


SAMPLES = [Sample(m.group(1), m.group(3), m.group(4)) for m in SECTION.finditer(PAGE.read_text(encoding="utf-8"))]


def test_every_section_has_a_sample() -> None:
    assert len(SAMPLES) == PAGE.read_text(encoding="utf-8").count("\n### ")
    assert not [maker for maker in MADE_BY if not any(maker in sample.name for sample in SAMPLES)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.name)
def test_it_is_read_as_the_page_says(tmp_path: Path, sample: Sample, encoding: str) -> None:
    path = tmp_path / "export.csv"
    path.write_bytes(sample.text.replace("\n", "\r\n").encode(encoding))
    *channels, extent = [part.strip() for part in sample.read_as.split(";")]
    if extent.count(",") == 1:
        kind, times = extent.split(",")
    count = re.match(r"(\d+) samples", kind)
    begin_s, end_s = (float(word) for word in re.findall(r"-?\d+(?:\.\d+)?(?=\s|$)", times)[:2])
    units = {}
    for part in channels:
        names, _, unit = part.partition(" in ")
        units |= {name.strip(): unit for name in names.split(",")}
    if not count:
        units = {name.strip(): "" for part in channels for name in part.split(",")}
    capture = read_capture(path)
    assert list(capture.channels) == list(units)
    for name, unit in units.items():
        data = capture.read(name)
        assert data.trace.unit == unit
        assert data.trace.times_s[0] == pytest.approx(begin_s, abs=1e-6)
        assert data.trace.times_s[-1] == pytest.approx(end_s, abs=2e-3 if not count else 1e-6)
        if count:
            assert len(data.trace.times_s) == int(count.group(1))
        else:
            assert any("changes" in problem for problem in data.problems)
