"""A device type as data: what it has, the limits of its supply, which LED codes it shows, what is expected of it.

These judge a device. The ranges under `simulation` shape the simulated device, never a verdict.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from pydantic import Field, PrivateAttr, model_validator

from rig.config.certainty import DEFAULT_MARK, Mark, check_certainty_keys
from rig.config.inherit import Origin, limit_origins, resolve_extends
from rig.config.limits import Limit
from rig.config.loading import validate
from rig.config.lookup import find_data_file
from rig.config.network import Band
from rig.config.simulated_device import SimulatedDevice
from rig.config.spread import Spread
from rig.config.strict import StrictModel, TomlList, WholeNumber

ImpModel = Literal["imp001", "imp002", "imp003", "imp004m", "imp005", "imp006", "impC001"]
IMP_MODELS: tuple[str, ...] = get_args(ImpModel)
# Words of the LED catalogue for the rows of a device. They are said twice, because the simulation reads profiles and
# must not reach the catalogue; a test compares them.
LedTag = Literal["wifi", "ethernet", "cellular", ImpModel, "legacy", "factory"]
LEGACY, LAST_LEGACY_IMPOS = "legacy", 30  # setup guide: codes up to impOS 30

# What tests may require of a device (`pytest.mark.requires`).
DEVICE_CAPABILITIES = (
    "radio.wifi",
    "radio.2.4ghz",
    "radio.5ghz",
    "radio.us-ca",
    "radio.cellular",
    "ethernet",
    "wps",
    "ble",
    "blinkup.optical",
    "impos.legacy",
    "wpa3.sae",
    "wpa3.transition",
)


class SupplyLimits(StrictModel):
    """Volts and amperes that the rig must respect for this device."""

    nominal_v: float = Field(gt=0, le=3.6)
    min_v: float = Field(gt=0)
    wifi_min_v: float = Field(gt=0)
    # No imp may ever see more than 3.6 V (troubleshooting guide, "Power").
    max_v: float = Field(gt=0, le=3.6)
    max_current_a: float = Field(gt=0, le=2.0)
    # Fastest change of the set point while the device is connected; none where nobody has asked for one.
    max_slew_v_s: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> SupplyLimits:
        if not self.min_v < self.wifi_min_v < self.nominal_v <= self.max_v:
            raise ValueError(
                f"min_v = {self.min_v:g}, wifi_min_v = {self.wifi_min_v:g}, nominal_v = {self.nominal_v:g}, "
                f"max_v = {self.max_v:g}: expected min_v < wifi_min_v < nominal_v <= max_v"
            )
        return self


class RadioSpec(StrictModel):
    """How the device gets online. `region` us-ca: Wi-Fi channels 1 to 11 only; elsewhere 1 to 13."""

    bands_ghz: TomlList[Band] = ("2.4",)
    region: Literal["us-ca", "elsewhere"] = "us-ca"
    wps: bool = True
    ethernet: bool = False
    cellular: bool = False

    @model_validator(mode="after")
    def _some_way(self) -> RadioSpec:
        if not (self.bands_ghz or self.ethernet or self.cellular):
            raise ValueError("expected at least one of bands_ghz, ethernet and cellular")
        if self.wps and not self.bands_ghz:
            raise ValueError("wps needs Wi-Fi; set wps = false, or name bands_ghz")
        return self


class BlinkUpSpec(StrictModel):
    """How settings reach the device. `min_swing` is a fraction of its light sensor's full scale."""

    optical: bool = True
    ble: bool = False
    min_swing: float = Field(default=0.1, gt=0, le=1)
    bias_ohm: Spread | None = None


class StatusLedSpec(StrictModel):
    """The LED of its status, as its data sheet has it: the forward voltage (V) of each die at the usual current.

    The light at less than the nominal voltage is read with them.
    """

    red_forward_v: float = Field(default=1.8, gt=0)
    green_forward_v: float = Field(default=2.1, gt=0)


class Expected(StrictModel):
    """What a healthy device of this type does, in seconds. The rules of judgement take these."""

    # A connection is healthy up to this; a longer stay at one step counts as stuck after `stuck_s`.
    connect_s: float = Field(default=2.8, gt=0)
    stuck_s: float = Field(default=10.0, gt=0)

    @model_validator(mode="after")
    def _in_order(self) -> Expected:
        if self.connect_s > self.stuck_s:
            raise ValueError(
                f"connect_s = {self.connect_s:g}, stuck_s = {self.stuck_s:g}: expected connect_s <= stuck_s, "
                "or a healthy connection would count as stuck"
            )
        return self


class DeviceProfile(StrictModel):
    """One type of imp, or a product built on it. `extends` names the profile whose values hold where it says none."""

    page: ClassVar[str] = "docs/devices.md"

    name: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")
    title: str
    extends: str = ""
    # Which imp is inside; left out, it is the name if that is an imp's.
    model: ImpModel | None = None
    # Which rows of the LED catalogue this device can show: tags as in rig/led/codes.toml.
    led_tags: TomlList[LedTag]
    impos: WholeNumber = Field(default=40, ge=1)
    # The 5 of impOS 42.5; left out where nobody knows it.
    impos_minor: WholeNumber | None = Field(default=None, ge=0)
    # What it looks at when it starts: the SPI flash, or as an imp006 the image in it.
    startup_checks: TomlList[Literal["spi-flash", "fastrom"]] = ()
    supply: SupplyLimits
    radio: RadioSpec = RadioSpec()
    blinkup: BlinkUpSpec = BlinkUpSpec()
    led: StatusLedSpec = StatusLedSpec()
    led_window_s: float = Field(default=60.0, gt=0)
    connect_timeout_s: float = Field(default=60.0, gt=0)
    expected: Expected = Expected()
    # What the suite measures and how much of it is allowed; a test names the quantity and carries no number.
    limits: dict[str, Limit] = Field(default_factory=dict)
    certainty: dict[str, Mark] = Field(default_factory=dict)
    simulation: SimulatedDevice = SimulatedDevice()
    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _model_by_name(cls, data: Any) -> Any:
        """A profile that is named after an imp is that imp's, whatever it extends."""
        return {**data, "model": data["name"]} if isinstance(data, dict) and data.get("name") in IMP_MODELS else data

    @model_validator(mode="after")
    def _marks_have_keys(self) -> DeviceProfile:
        check_certainty_keys(self.certainty, self)
        return self

    @model_validator(mode="after")
    def _of_one_generation(self) -> DeviceProfile:
        if self.impos <= LAST_LEGACY_IMPOS and LEGACY not in self.led_tags:
            raise ValueError(
                f"impos = {self.impos}: up to {LAST_LEGACY_IMPOS} a device shows legacy codes; expected {LEGACY!r} "
                f"among led_tags = {list(self.led_tags)}"
            )
        return self

    @property
    def imp(self) -> str:
        """The imp inside, or the device's name if the file doesn't say."""
        return self.model or self.name

    @property
    def capabilities(self) -> frozenset[str]:
        """Which of `DEVICE_CAPABILITIES` the device has."""
        radio, reception = self.radio, self.blinkup
        has = {
            "radio.wifi": bool(radio.bands_ghz),
            "radio.2.4ghz": "2.4" in radio.bands_ghz,
            "radio.5ghz": "5" in radio.bands_ghz,
            "radio.us-ca": radio.region == "us-ca",
            "radio.cellular": radio.cellular,
            "ethernet": radio.ethernet,
            "wps": radio.wps,
            "ble": reception.ble,
            "blinkup.optical": reception.optical,
            "impos.legacy": LEGACY in self.led_tags,
            "wpa3.sae": self.joins_sae is True,
            "wpa3.transition": self.joins_transition is True,
        }
        return frozenset(name for name, there in has.items() if there)

    @property
    def joins_transition(self) -> bool | None:
        """Whether it joins WPA3 transition mode; None if nobody says. Source: the maker's help page on WPA3."""
        if not self.radio.bands_ghz:
            return False
        return True if self.impos == 40 else (None if self.impos < 42 else self._has_wpa3_mended)

    @property
    def joins_sae(self) -> bool | None:
        """Whether it joins networks with WPA3 (SAE) alone; None if nobody says. Source: the help page on WPA3."""
        if self.imp != "imp005" and not (self.imp == "imp006" and "5" in self.radio.bands_ghz):
            return False
        return False if self.impos < 42 else self._has_wpa3_mended

    @property
    def _has_wpa3_mended(self) -> bool | None:
        """Whether it runs impOS 42.6 or newer, for those from 42.0 on."""
        if self.impos > 42:
            return True
        return None if self.impos_minor is None else self.impos_minor >= 6

    def mark_of(self, key: str) -> Mark:
        """The certainty of a dotted key; `assumed` if nobody gave one."""
        return self.certainty.get(key, DEFAULT_MARK)

    def limit_source(self, name: str) -> str:
        """Which section of which profile's file sets a limit; without the file if the profile was not loaded."""
        return f"[limits.{name}] of {self._origins.get(name, repr(self.name))}"


def load_device(name: str) -> DeviceProfile:
    """The device called `name` in fixtures/devices, or the one in a .toml file, laid over what it extends.

    Raises:
        ConfigError: there is no such device, its file or one that it extends has a mistake, or they go in a circle.
    """
    path = find_data_file("devices", name)
    profile = validate(resolve_extends(path, "devices", _prepared), DeviceProfile, str(path))
    profile._origins = limit_origins(path, "devices")
    return profile


def _prepared(parent: dict[str, Any], path: Path) -> dict[str, Any]:
    """A parent's data, checked, with the imp inside named for those that extend it."""
    profile = validate(parent, DeviceProfile, str(path))
    return parent if profile.model is None else {**parent, "model": profile.model}
