"""The kernel's GPIO chip that is a Pi's header, found by its label: numbers change with model and kernel.

libgpiod 2 through its Python bindings (`gpiod`): lines of the GPIO character device, version 2 of its interface.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rig.errors import BenchConnectionError

DEVICES: Final = Path("/dev")
MODEL: Final = Path("/proc/device-tree/model")
HEADER_CHIPS: Final = ("pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835")
"""Labels of the kernel's GPIO chips that are a Pi's header: Pi 5 and 500; Pi 4 and 400; Pi 3, Zero 2 W and older."""
CONSUMER: Final = "imp-bench-rig"  # what gpioinfo shows; the kernel keeps 31 characters


def machine() -> str:
    """What this machine calls itself, as "Raspberry Pi 5 Model B Rev 1.0"."""
    try:
        return MODEL.read_bytes().rstrip(b"\0").decode("utf-8", errors="replace")
    except OSError:
        return "this machine, which is no Raspberry Pi"


def gpio_chips(devices: Path | None = None) -> dict[str, str]:
    """Labels of the GPIO chips that may be opened, each with the path of its device.

    Raises:
        BenchConnectionError: the package gpiod is not installed.
    """
    gpiod = client()
    found: dict[str, str] = {}
    # A Pi 5 has links of the numbers that its chips had before.
    for path in sorted({path.resolve() for path in (devices or DEVICES).glob("gpiochip*")}):
        try:
            with gpiod.Chip(str(path)) as chip:
                found.setdefault(str(chip.get_info().label), str(path))
        except OSError:  # another user's, or no chip at all
            continue
    return found


def find_chip(label: str | None, devices: Path | None = None) -> tuple[str, str]:
    """(label, path) of the chip called `label`; None: the one that is the header of a Pi.

    Raises:
        BenchConnectionError: there is none, or this user may not open it; says what there is.
    """
    chips = gpio_chips(devices)
    for wanted in HEADER_CHIPS if label is None else (label,):
        if wanted in chips:
            return wanted, chips[wanted]
    wanted_text = repr(label) if label is not None else f"that is a Pi's header ({', '.join(HEADER_CHIPS)})"
    have = ", ".join(f"{found!r} ({path})" for found, path in chips.items()) or "none that this user may open"
    raise BenchConnectionError(
        f'gpio.via = "kernel": no GPIO chip {wanted_text} on {machine()}; there is: {have}. Let the user be in the '
        "group gpio (`sudo usermod -aG gpio $USER`, then log in again), correct gpio.chip in the bench file (labels: "
        '`gpiodetect`), or, on a Pi 4 or older with a pigpiod, set gpio.via = "pigpiod"'
    )


def request_lines(path: str, lines: Mapping[int, Any], doing: str, buffered: int | None = None) -> Any:
    """The kernel's lines with these settings (`gpiod.LineSettings` by GPIO), in one request; `doing` begins messages.

    `buffered`: how many edges the kernel keeps until they are read (None: its default, 16 a line).

    Raises:
        BenchConnectionError: another program holds one of them, or the chip has none of that number.
    """
    gpiod = client()
    try:
        return gpiod.request_lines(path, consumer=CONSUMER, config=dict(lines), event_buffer_size=buffered)
    except (OSError, ValueError) as error:
        pins = ", ".join(map(str, lines))
        raise BenchConnectionError(f"{doing}: GPIO {pins} of {path}: {error}; {_cure(error, path, lines)}") from error


def _cure(error: Exception, path: str, lines: Mapping[int, Any]) -> str:
    if getattr(error, "errno", None) != errno.EBUSY:
        return "check the pins and gpio.chip in the bench file, and that the user is in the group gpio"
    holders = []
    with client().Chip(path) as chip:
        for gpio in lines:
            info = chip.get_line_info(gpio)
            if info.used:
                holders.append(f"GPIO {gpio} by {info.consumer!r}")
    return (
        f"held: {', '.join(holders) or 'free again by now'}; end the program that has it, or the overlay in config.txt"
    )


def client() -> Any:
    """The package gpiod, version 2.

    Raises:
        BenchConnectionError: it is not installed, or is an old one.
    """
    try:
        import gpiod
    except ImportError as error:
        raise BenchConnectionError(
            'gpio.via = "kernel" needs the package gpiod (libgpiod 2): `pip install "gpiod>=2.5,<3"`'
        ) from error
    if not hasattr(gpiod, "request_lines"):
        raise BenchConnectionError(
            'gpio.via = "kernel" needs gpiod 2.5 or newer, and this one has the interface of version 1: '
            '`pip install "gpiod>=2.5,<3"`'
        )
    return gpiod


def package_folder() -> str:
    """The folder that a process of its own needs in its search path to import gpiod."""
    return str(Path(client().__file__).parent.parent)
