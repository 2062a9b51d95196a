"""BlinkUp back from samples of light: `receive` gives every frame found, good or not, and why not."""

from rig.blinkup.receiver.frames import Polarity, Reason, ReceivedFrame, Reception
from rig.blinkup.receiver.reception import receive

__all__ = ["Polarity", "Reason", "ReceivedFrame", "Reception", "receive"]
