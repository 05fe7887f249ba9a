"""The files of a project that travel to the workers: Ray copies the folder to every node.

Samples travel with their cases, tasks and options with the first of them. Files are needed for a
project's own code (its conftest.py files and whatever they read), presets and prompts.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from ..errors import UsageError
from ..options import RunOptions

MAX_FILE_BYTES = 1_000_000
MAX_BYTES = 64_000_000
PROMPTS, PRICES = "_prompts", "_prices.yaml"
NOT_COPIED = ("build", "dist", "node_modules", "venv", "__pycache__", "reports", "snapshots")
"""Folders that stay, like those whose name starts with a dot: keys and caches are in such folders and files."""


def stage_project(root: Path, conftests: Sequence[Path], options: RunOptions, folder: Path) -> None:
    """Copy what workers need of the project at `root` into the empty `folder`. Raises UsageError if it is too large.

    With a conftest.py these are all files of up to a megabyte, since it may import and read any of
    them; names that start with a dot, results and built files are left out. Without one, none.
    """
    if conftests:
        _copy(root, _files(root), folder)
    if options.presets is not None and options.presets.is_dir():
        _copy(options.presets, _files(options.presets), folder / options.presets.name)
    if options.prompts is not None:
        _copy(options.prompts, _files(options.prompts), folder / PROMPTS)
    if options.prices is not None:
        shutil.copyfile(options.prices, folder / PRICES)


def worker_options(options: RunOptions, folder: Path) -> RunOptions:
    """The options of a worker whose copy of the project is in `folder`; it keeps neither log nor results."""
    return replace(
        options,
        presets=None if options.presets is None else folder / options.presets.name,
        prompts=None if options.prompts is None else folder / PROMPTS,
        prices=None if options.prices is None else folder / PRICES,
        reports=None,
        resume=None,
        probe=(),
        live=False,
    )


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name.startswith(".") or path.is_symlink():
            continue
        if path.is_dir() and path.name not in NOT_COPIED:
            yield from _files(path)
        elif path.is_file() and path.stat().st_size <= MAX_FILE_BYTES:
            yield path


def _copy(root: Path, files: Iterator[Path], folder: Path) -> None:
    size = 0
    for path in files:
        size += path.stat().st_size
        if size > MAX_BYTES:
            raise UsageError(
                f"--engine ray: the workers need a copy of {root}, whose small files are more than "
                f"{MAX_BYTES // 1_000_000} MB; move the evals and their conftest.py into a folder of their own with "
                "an ini file"
            )
        target = folder / path.relative_to(root)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
