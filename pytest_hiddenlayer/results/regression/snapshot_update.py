"""Writes the snapshot of a cell: whole or not at all, also if two runs write the same one at the same time."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...errors import SnapshotError
from ...io.atomic import write_text
from ...io.links import check_inside
from ...io.locks import locked_folder
from ..cell_config import CellConfig
from ..metrics.cells import CellMetrics
from .snapshot import lost_samples, snapshot_path, snapshot_text
from .snapshot_reader import read_snapshot

WriteSnapshot = Callable[[CellConfig, Path, str], None]
LOCK_S = 30.0
"""Seconds to wait for another run that writes snapshots of the same task, which takes it milliseconds."""
_TEMPORARY = re.compile(r"\..+\.json\.[0-9a-f]{8}\.tmp")


def write_file(config: CellConfig, path: Path, text: str) -> None:
    """Write a snapshot without syrupy."""
    write_text(path, text, sync=True)


def update_snapshot(root: Path, metrics: CellMetrics, write: WriteSnapshot = write_file) -> list[str]:
    """Write the snapshot of a cell with samples; returns those without a score now, whose lines were kept.

    It is read under the lock of its folder, so that no line that another run wrote is lost. Raises OSError,
    UsageError if a link leads out of `root`, and SnapshotError if lines of other samples would be lost.
    """
    path = root / snapshot_path(metrics.config)
    check_inside(path, root)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked_folder(path.parent, wait_s=LOCK_S) as is_locked:
        if is_locked:
            _remove_temporary(path.parent)
        old = _present_content(path, str(snapshot_path(metrics.config)), needed=not metrics.complete)
        write(metrics.config, path, snapshot_text(metrics, old))
    return lost_samples(metrics, old)


def _present_content(path: Path, name: str, *, needed: bool) -> Mapping[str, Any] | None:
    """The content of the file; None if it does not exist, or if it cannot be read and all of it was measured now."""
    if not path.exists():
        return None
    try:
        return read_snapshot(path, name)
    except SnapshotError as error:
        if needed:
            raise SnapshotError(
                f"{error}. This run has only some of its samples, and the others would be lost: correct the file, "
                "or run all of them"
            ) from error
        return None


def _remove_temporary(folder: Path) -> None:
    """Remove what runs left that were killed while they wrote; needs the folder's lock."""
    with suppress(OSError):
        for path in folder.iterdir():
            if _TEMPORARY.fullmatch(path.name):
                path.unlink()
