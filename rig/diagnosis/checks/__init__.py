"""What speaks against a proposal: vetoes, and how far the decoded light can be trusted.

Importing this package registers all vetoes.
"""

from rig.diagnosis.checks import vetoes_colours, vetoes_current, vetoes_order

__all__ = ["vetoes_colours", "vetoes_current", "vetoes_order"]
