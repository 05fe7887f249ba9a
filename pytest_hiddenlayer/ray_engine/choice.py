"""Which engine answers a run: that of this process, or the workers of Ray."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from ..engine.runtime import Runtime
from ..options import RunOptions
from ..project import Project
from ..session.conftests import conftest_files
from .options import OPTIONS, RayOptions, parse_ray_options, refuse_local_only

NAMES = ("engine", *OPTIONS)
"""No options of the option table: pytest has workers of its own."""


def engine_of(
    values: Mapping[str, Any], options: RunOptions, project: Project, paths: Sequence[Path]
) -> Callable[..., Runtime]:
    """Return what opens the engine of a run, by what was written for NAMES. Raises UsageError."""
    ray_options = parse_ray_options(values)
    if ray_options is None:
        return Runtime
    from .cluster import import_ray
    from .runtime import RayRuntime

    refuse_local_only(options)
    import_ray()
    return partial(RayRuntime, ray_options, project, conftest_files(project.root, paths))


def engine_facts(open_runtime: Callable[..., Runtime]) -> dict[str, str]:
    """What a run's manifest says of its engine; nothing if it is that of this process."""
    ray_options = open_runtime.args[0] if isinstance(open_runtime, partial) and open_runtime.args else None
    if not isinstance(ray_options, RayOptions):
        return {}
    return {"engine": "ray" if ray_options.workers is None else f"ray ({ray_options.workers} workers)"}


def engine_arguments(arguments: dict[str, Any]) -> dict[str, Any]:
    """Take those for NAMES out of a call's arguments (`ray_workers=2`), and return them."""
    taken = {name: arguments.pop(name.replace("-", "_"), None) for name in NAMES}
    return {name: value for name, value in taken.items() if value is not None}
