"""What was measured and done: traces, actions and one file format; readers of other instruments' files (`import_*`)."""

from rig.recording.head import FORMAT
from rig.recording.recording import Action, Blanked, Floats, Recording, Trace

__all__ = ["FORMAT", "Action", "Blanked", "Floats", "Recording", "Trace"]
