"""Finds presets: those that come with the package, and those of the project."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from ..errors import UsageError, did_you_mean
from ..registry import strategies
from ..types import Spec
from .preset_file import Preset, read_preset

FOLDER = "presets"
"""Of a project's own presets, in its root."""
PREFIX = "preset:"
"""Of the name of a preset where a strategy is written."""
_SUFFIX = ".yaml"


def preset_name(written: str) -> str | None:
    """Return the name of the preset in `preset:NAME`; None for a plain strategy."""
    return written.removeprefix(PREFIX) if written.startswith(PREFIX) else None


def find_preset(name: str, folder: Path | None = None) -> Preset:
    """Return the preset of this name: the one in `folder`, else the built-in one. Raises UsageError."""
    paths = _paths(folder)
    if name not in paths:
        raise UsageError(
            f"unknown preset {name!r}{did_you_mean(name, paths)} (there are: {', '.join(sorted(paths)) or 'none'}); "
            "`hiddenlayer presets` describes them"
        )
    return _read(paths[name])


def all_presets(folder: Path | None = None) -> Iterator[Preset]:
    """Yield every preset by name; one in `folder` replaces the built-in one of its name. Raises UsageError."""
    paths = _paths(folder)
    yield from (_read(paths[name]) for name in sorted(paths))


def with_preset(spec: Spec, folder: Path | None = None) -> Spec:
    """Return a written strategy with the parameters of its preset, if it names one; written ones take precedence.

    Raises UsageError for a preset that does not exist or is wrong, and for the name of a preset without `preset:`.
    """
    name = preset_name(spec.name)
    if name is None:
        _refuse_bare_preset(spec.name, folder)
        return spec
    preset = find_preset(name, folder)
    return replace(spec, name=preset.strategy, params={**preset.parameters, **spec.params}, preset=preset.name)


def _refuse_bare_preset(name: str, folder: Path | None) -> None:
    if name not in strategies.names() and name in _paths(folder):
        raise UsageError(f"strategy {name!r} does not exist, but a preset of this name does; write {PREFIX}{name}")


def _paths(folder: Path | None) -> dict[str, Path]:
    """Name → file."""
    return {path.stem: path for place in (built_in_folder(), folder) if place is not None for path in _files(place)}


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob(f"*{_SUFFIX}") if path.is_file())


def _read(path: Path) -> Preset:
    built_in = path.parent == built_in_folder()
    return read_preset(path, path.parent if built_in else path.parent.parent, built_in=built_in)


@cache
def built_in_folder() -> Path:
    """Return the folder of the built-in presets: in the wheel this package's, in a checkout at its top."""
    package = Path(__file__).parent
    return package if _files(package) else package.parents[1] / FOLDER
