"""Where the captures of a run's answers are, and what their metadata says. Imports neither numpy nor mlx."""

from __future__ import annotations

from pathlib import Path

from ..identifiers import digest, file_name
from ..types import Record

FOLDER = "probes"
"""Folder of the captures in the folder of a run."""
CALL = "call"
"""Key of a capture's metadata: position of the answer's call in the record's transcript."""
NOTES = "notes"
"""Key of a capture's metadata: sentences on what is missing or differs."""
TEXTS = "lens_texts"
"""Key of a capture's metadata: token id → text, of the tokens that the lens names."""


def probe_path(folder: Path, record: Record) -> Path:
    """Return the path of a record's capture in the folder of its run. No two answers of a run share one."""
    parts = [str(part) for part in (record.task, record.sample_id, record.label, record.slug, record.epoch)]
    name = " ".join(parts)
    if any(" " in part for part in parts):  # `a b` and `c` would be `a` and `b c`
        name += f" {digest(parts, 8)}"
    return folder / FOLDER / f"{file_name(name)}.npz"
