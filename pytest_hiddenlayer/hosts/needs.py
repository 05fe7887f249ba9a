"""What a run needs of its hosts: versions, models and files, as they are on this machine."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..model_names import full_name
from ..models import BUNDLED
from ..models.known import KNOWN
from ..types import ModelName
from . import probe
from .project_files import compared_files

REQUIRED = ("pytest-hiddenlayer", "pytest", "execnet")
WANTED = ("pytest-xdist",)
OF_PROVIDERS = {"mlx": ("mlx", "mlx-lm"), "ollama": ("ollama", "httpx", "aiohttp")}
"""Packages of the providers whose models answer on the host itself. All others are asked by the controller."""
COLLECTED = (".py", ".yaml", ".yml", ".json")
"""Further files of these types on a host could be collected there and nowhere else."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelNeed:
    """A model that answers on the host. `place` is what `probe.model` takes."""

    name: str
    place: tuple[str, ...]
    expected: Mapping[str, Any] | None  # what `probe.model` finds on this machine; None: it is not here


@dataclass(frozen=True, kw_only=True, slots=True)
class FilesNeed:
    """Files of the project, relative to its root."""

    hashes: Mapping[str, str | None]  # file → SHA-256; None: unreadable, or not compared
    folders: tuple[str, ...] = ()  # where further files would be collected
    further: frozenset[str] = frozenset()  # such files that are on this machine, but not in `hashes`
    total_bytes: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class HostNeeds:
    """What is compared. The default is the short check at the start of a run: versions, disk and clock."""

    python: tuple[int, int, int] = sys.version_info[:3]
    packages: Mapping[str, str | None] = field(default_factory=lambda: versions((*REQUIRED, *WANTED)))
    code: str | None = field(default_factory=probe.code_hash)
    system: str = field(default_factory=lambda: f"{platform.system()} {platform.machine()}")
    models: tuple[ModelNeed, ...] = ()
    files: FilesNeed | None = None  # compared with `chdir=`, sent without it
    measure: bool = False  # the throughput too


def versions(names: Sequence[str]) -> dict[str, str | None]:
    """Returns package → version on this machine; None: not installed."""
    return {name: probe.version(name) for name in names}


def whole_needs(
    models: Sequence[ModelName], root: Path, paths: Sequence[Path] = (), *, reports: Path, compared: bool = True
) -> HostNeeds:
    """Returns all that a run of these models and paths needs. Raises UsageError for a wrong name of a model.

    `compared`: whether a host has its own copy of the project, whose files are compared by their hashes.
    """
    names = [*REQUIRED, *WANTED]
    for model in models:
        names += OF_PROVIDERS.get(model.provider, ())
    return HostNeeds(
        packages=versions(names),
        models=tuple(need for model in models for need in model_needs(model)),
        files=files_need(root, paths, reports=reports, compared=compared),
        measure=True,
    )


def model_needs(model: ModelName) -> list[ModelNeed]:
    """Returns the files of a model that answers on the host; nothing for models that the controller asks."""
    if model.provider == "ollama":
        return [_need(str(model), ("ollama", model.model or ""))]
    if model.provider != "mlx":
        return []
    from ..providers.mlx.model_files import split_name

    base, adapter = split_name(full_name(model))
    needs = [_need(f"mlx:{base}", _place(base))]
    return needs if adapter is None else [*needs, _need(f"adapter {adapter}", ("path", adapter))]


def _place(base: str) -> tuple[str, ...]:
    """Where the files of an mlx model are on every machine. Raises UsageError for a path that is wrong here."""
    if base == BUNDLED:
        return ("package", os.path.join("models", BUNDLED))
    if base in KNOWN:
        return ("cache", os.path.join("models", base, KNOWN[base].file_name))
    from ..providers.mlx.model_files import resolve

    return ("path", base) if isinstance(resolve(base), Path) else ("hub", base)


def _need(name: str, place: tuple[str, ...]) -> ModelNeed:
    return ModelNeed(name=name, place=place, expected=probe.model(list(place)))


def files_need(root: Path, paths: Sequence[Path], *, reports: Path, compared: bool = True) -> FilesNeed:
    """Returns the project's files, or those below `paths`; with their hashes if they are compared."""
    names = compared_files(root, paths, reports=reports)
    folders = tuple(os.path.relpath(path, root) for path in paths if path.is_dir())
    here = set(names)
    further = {
        os.path.normpath(os.path.join(folder, name))
        for folder in folders
        for name in probe.listed(str(root / folder))
        if name.endswith(COLLECTED)
    }
    return FilesNeed(
        hashes={name: probe.file_hash(str(root / name)) if compared else None for name in names},
        folders=folders,
        further=frozenset(further - here),
        total_bytes=sum((root / name).stat().st_size for name in names if (root / name).exists()),
    )
