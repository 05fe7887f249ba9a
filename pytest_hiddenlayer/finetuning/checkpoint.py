"""The state of training between two steps, on disk: weights, optimizer, step and the best validation so far.

The order of the data and the random numbers of a step depend on seed and step only, so the step is all that
is kept of them. A checkpoint is a folder that appears in one step; an unfinished one is never read.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError, shorten
from ..io.atomic import write_json
from ..io.json_text import decode_json
from .weights import read_weights, write_weights

FOLDER = "checkpoints"
KEPT = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class Progress:
    """How far training is. Losses are means over learned tokens, in nats."""

    step: int = 0
    best_step: int | None = None  # None: nothing was validated yet
    best_loss: float | None = None
    without_gain: int = 0  # validations since the best
    tokens: int = 0  # read, padding excluded
    stopped: str | None = None  # why training ended; None: it goes on


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkpoint:
    """What training continues from."""

    progress: Progress
    weights: Mapping[str, Any]
    optimizer: Mapping[str, Any]


def save_checkpoint(output: Path, checkpoint: Checkpoint, identity: Mapping[str, Any]) -> None:
    """Write a checkpoint of a run of training, and remove all but the newest two.

    `identity` is what a resumed run must have in common: base, data and settings.
    """
    parent = output / FOLDER
    parent.mkdir(parents=True, exist_ok=True)
    target = parent / f"step-{checkpoint.progress.step:08d}"
    partial = parent / f".{target.name}.{secrets.token_hex(4)}.part"
    partial.mkdir()
    try:
        write_weights(partial / "weights.safetensors", checkpoint.weights)
        write_weights(partial / "optimizer.safetensors", checkpoint.optimizer)
        write_json(partial / "state.json", {"progress": asdict(checkpoint.progress), "identity": dict(identity)})
        if target.exists():  # of an earlier run that was resumed from before it
            shutil.rmtree(target)
        os.rename(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    for old in _folders(output)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def load_checkpoint(output: Path, identity: Mapping[str, Any]) -> Checkpoint | None:
    """Return the newest checkpoint in the folder; None if there is none.

    Raises UsageError if it is of other data, another base or other settings.
    """
    for unfinished in (output / FOLDER).glob(".step-*.part"):  # of a process that was killed
        shutil.rmtree(unfinished, ignore_errors=True)
    folders = _folders(output)
    if not folders:
        return None
    newest = folders[-1]
    try:
        state = decode_json((newest / "state.json").read_text(encoding="utf-8"))
        progress, found = _progress(state["progress"]), dict(state["identity"])
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise UsageError(
            f"{newest}: the checkpoint cannot be read ({error}); remove its folder and resume"
        ) from error
    wanted = json.loads(json.dumps(dict(identity)))
    if different := sorted(key for key in {*wanted, *found} if wanted.get(key) != found.get(key)):
        raise UsageError(
            f"{newest}: the checkpoint cannot be resumed, because {', '.join(different)} changed "
            f"(then {shorten(repr(found.get(different[0])))}, now "
            f"{shorten(repr(wanted.get(different[0])))}): restore it, or train elsewhere"
        )
    return Checkpoint(
        progress=progress,
        weights=read_weights(newest / "weights.safetensors"),
        optimizer=read_weights(newest / "optimizer.safetensors"),
    )


def has_checkpoint(output: Path) -> bool:
    """Return whether the folder has a finished checkpoint."""
    return bool(_folders(output))


def remove_checkpoints(output: Path) -> None:
    """Remove all checkpoints and what a killed process left of one."""
    shutil.rmtree(output / FOLDER, ignore_errors=True)


def _progress(values: Any) -> Progress:
    """The progress of a checkpoint. Raises ValueError, in one line, for a value of a wrong type."""
    from pydantic import TypeAdapter, ValidationError

    try:
        return TypeAdapter(Progress).validate_json(json.dumps(values), strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"progress.{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _folders(output: Path) -> list[Path]:
    return sorted((output / FOLDER).glob("step-*"))
