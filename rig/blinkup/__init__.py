"""What the rig says by light: configuration, packet, symbols, waveform. Pure functions; no hardware, no clock."""

from rig.blinkup.checks import check
from rig.blinkup.config import ClearConfig, Config, Proxy, StaticIP, WifiConfig, WpsConfig
from rig.blinkup.crc import crc16
from rig.blinkup.damage import Damage, damage
from rig.blinkup.entries import PinCoding, WpsOrder
from rig.blinkup.errors import (
    BadCrc,
    BadLength,
    InvalidAddress,
    InvalidEnrolment,
    InvalidOption,
    InvalidPassword,
    InvalidPin,
    InvalidProxy,
    InvalidRate,
    InvalidSamples,
    InvalidSsid,
    MalformedPacket,
    NoGreyLeg,
    PacketTooLong,
    TruncatedEntry,
    UnknownEntry,
)
from rig.blinkup.linecode import LineCode, data_span, frame_duration_s, preamble_bytes_for, symbols
from rig.blinkup.packet import build_packet, encode, parse, split_packet
from rig.blinkup.rates import FAST_HZ, HALF_HZ, MAX_HZ, STANDARD_HZ, TRILEVEL_JS_HZ, TWO_THIRDS_HZ
from rig.blinkup.receiver import Polarity, Reason, ReceivedFrame, Reception, receive
from rig.blinkup.waveform import Edge, LedLegs, Pulse, Waveform, edges, lit_masks, pulses, waveform

__all__ = [
    "FAST_HZ",
    "HALF_HZ",
    "MAX_HZ",
    "STANDARD_HZ",
    "TRILEVEL_JS_HZ",
    "TWO_THIRDS_HZ",
    "BadCrc",
    "BadLength",
    "ClearConfig",
    "Config",
    "Damage",
    "Edge",
    "InvalidAddress",
    "InvalidEnrolment",
    "InvalidOption",
    "InvalidPassword",
    "InvalidPin",
    "InvalidProxy",
    "InvalidRate",
    "InvalidSamples",
    "InvalidSsid",
    "LedLegs",
    "LineCode",
    "MalformedPacket",
    "NoGreyLeg",
    "PacketTooLong",
    "PinCoding",
    "Polarity",
    "Proxy",
    "Pulse",
    "Reason",
    "ReceivedFrame",
    "Reception",
    "StaticIP",
    "TruncatedEntry",
    "UnknownEntry",
    "Waveform",
    "WifiConfig",
    "WpsConfig",
    "WpsOrder",
    "build_packet",
    "check",
    "crc16",
    "damage",
    "data_span",
    "edges",
    "encode",
    "frame_duration_s",
    "lit_masks",
    "parse",
    "preamble_bytes_for",
    "pulses",
    "receive",
    "split_packet",
    "symbols",
    "waveform",
]
