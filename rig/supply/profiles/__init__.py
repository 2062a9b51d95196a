"""What a device is fed over time, as data: shapes (steps, ramps, dips), weak sources, and recorded traces."""

from rig.supply.profiles.files import SupplyProfile, load_profile, profile_names
from rig.supply.profiles.plan import Interrupt, Plan, SetPoint, plan_of

__all__ = ["Interrupt", "Plan", "SetPoint", "SupplyProfile", "load_profile", "plan_of", "profile_names"]
