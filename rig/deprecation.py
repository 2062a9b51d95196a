"""Names that were replaced: each works for a while, and warns with the new name and the version of its removal."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Mapping
from typing import Any


def deprecation_text(old: str, new: str, removed_in: str) -> str:
    """The sentence that every warning about an old name says; `removed_in` is a version, as "0.3"."""
    return f"{old} is now called {new}; the old name will be removed in version {removed_in}"


def warn_deprecated(old: str, new: str, *, removed_in: str, stacklevel: int = 1) -> None:
    """Warn that `old` is now called `new`.

    `stacklevel` counts as in `warnings.warn`: 1 blames the caller of this function, 2 the caller of that one.

    Raises:
        DeprecationWarning: where the filters turn warnings into errors.
    """
    warnings.warn(deprecation_text(old, new, removed_in), DeprecationWarning, stacklevel=stacklevel + 1)


def renamed_attributes(module: str, renamed: Mapping[str, str], *, removed_in: str) -> Callable[[str], Any]:
    """A `__getattr__` for the module called `module` that serves old names (keys) as new ones (values) with a warning.

    Assign it where a type checker does not look, as it would believe that the module has any name:

        if not TYPE_CHECKING:
            __getattr__ = renamed_attributes(__name__, {"find": "find_threshold"}, removed_in="0.3")
    """

    def getattr_(name: str) -> Any:
        if name not in renamed:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        new = renamed[name]
        warn_deprecated(f"{module}.{name}", f"{module}.{new}", removed_in=removed_in, stacklevel=2)
        return getattr(sys.modules[module], new)

    return getattr_
