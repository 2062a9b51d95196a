"""What the imp says: samples of light to colours, codes and doubts. Knows no hardware and no clock."""

from rig.led.calibration import Calibration
from rig.led.catalogue import Catalogue, Cell, Code, Reading, check_lights, load_catalogue
from rig.led.decode import decode
from rig.led.decoder import State, Tracker, finish
from rig.led.errors import CalibrationError, CodesError, LedError, SamplesError
from rig.led.result import Decoded, Problem, Segment, Span

__all__ = [
    "Calibration",
    "CalibrationError",
    "Catalogue",
    "Cell",
    "Code",
    "CodesError",
    "Decoded",
    "LedError",
    "Problem",
    "Reading",
    "SamplesError",
    "Segment",
    "Span",
    "State",
    "Tracker",
    "check_lights",
    "decode",
    "finish",
    "load_catalogue",
]
