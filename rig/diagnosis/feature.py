"""Features are worked out once per scene: many rules and vetoes ask for the same ones."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from rig.diagnosis.scene import Scene

P = ParamSpec("P")
T = TypeVar("T")


def feature(function: Callable[Concatenate[Scene, P], T]) -> Callable[Concatenate[Scene, P], T]:
    """Keep what a pure function makes of a scene with the scene. Its other arguments must be hashable."""
    name = f"{function.__module__}.{function.__qualname__}"

    @wraps(function)
    def kept(scene: Scene, /, *args: P.args, **kwargs: P.kwargs) -> T:
        key = (name, args, tuple(sorted(kwargs.items())))
        if key not in scene.features:
            scene.features[key] = function(scene, *args, **kwargs)
        found: T = scene.features[key]
        return found

    return kept
