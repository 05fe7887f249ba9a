"""A run that is resumed, and the runs that it resumed itself."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

from ...io.places import read_bytes
from .run_log import MANIFEST

RESUMED = "resumed"
"""Key of the manifest: the name of the folder of the run that was resumed, which is beside the run's own."""
RESUMED_FROM = "resumed_from"
"""Key of `Record.answer_metadata`: id of the run that the answer was first made in."""
MAX_RUNS = 100
"""A longer chain of runs is cut, because each is read whole."""
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]*")


def run_chain(folder: Path) -> Sequence[Path]:
    """The run in `folder`, the one that it resumed, and so on, until one is not there any more; the newest first."""
    runs = [folder.absolute()]
    while len(runs) < MAX_RUNS and (name := _resumed(runs[-1])) is not None:
        run = runs[-1].parent / name
        if run in runs or not (run / MANIFEST).is_file():
            break
        runs.append(run)
    return [folder, *runs[1:]]


def _resumed(folder: Path) -> str | None:
    try:
        name = json.loads(read_bytes(folder / MANIFEST)).get(RESUMED)
    except (OSError, ValueError, AttributeError, RecursionError):
        return None
    return name if isinstance(name, str) and _NAME.fullmatch(name) else None
