"""Reads snapshots: checks a file's content, and returns it as a baseline."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import SnapshotError
from ...io.regular_files import read_text
from ...types import MAX_EPOCHS, OUTCOMES
from ..metrics.cells import MIN_SCORED
from .baseline import Baseline, BaselineSample

SCHEMA = 1
"""Version of a snapshot's fields."""
_ADVICE = "correct the file, or write it again with --snapshot-update"
_FIELDS = {
    "schema", "task", "task_hash", "strategy", "strategy_params", "provider", "model", "seed", "epochs",
    "scorer", "n", "score", "stderr", "ci95", "usage", "cost_usd", "samples",
}  # fmt: skip


def read_snapshot(path: Path, name: str | None = None) -> dict[str, Any]:
    """The content of a snapshot file, called `name` in errors.

    Raises SnapshotError if it is not a valid snapshot.
    """
    name = name or str(path)
    try:
        text = read_text(path)
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{name}: cannot be read as a snapshot: {error}; {_ADVICE}") from error
    return parse_snapshot(text, name)


def parse_snapshot(text: str, name: str) -> dict[str, Any]:
    """The content of a snapshot, called `name` in errors. Raises SnapshotError as `read_snapshot` does."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        if (line := _conflict(text)) is not None:
            raise SnapshotError(
                f"{name}:{line}: two branches changed this snapshot, and their merge left both versions in it; "
                "keep one of them, or write it again with --snapshot-update"
            ) from None
        raise SnapshotError(f"{name}: cannot be read as a snapshot: {error}; {_ADVICE}") from error
    if not isinstance(value, dict) or (missing := _FIELDS - set(value)):
        problem = "it is not a JSON object" if not isinstance(value, dict) else f"missing {sorted(missing)}"
        raise SnapshotError(f"{name}: not a snapshot: {problem}; write it again with --snapshot-update")
    if value["schema"] != SCHEMA:
        raise SnapshotError(
            f"{name}: schema {value['schema']!r:.60}, but this version reads schema {SCHEMA}; install a later "
            "pytest-hiddenlayer, or write it again with --snapshot-update"
        )
    if not isinstance(value["samples"], dict) or not isinstance(value["scorer"], str):
        raise SnapshotError(f"{name}: not a snapshot: `samples` must be an object and `scorer` a string")
    texts = all(isinstance(value[field], str) for field in ("task", "strategy", "provider", "model"))
    if not texts or not isinstance(value["epochs"], int) or not 1 <= value["epochs"] <= MAX_EPOCHS:
        raise SnapshotError(
            f"{name}: not a snapshot: `task`, `strategy`, `provider` and `model` must be strings, and `epochs` "
            f"a whole number from 1 to {MAX_EPOCHS:,}; write it again with --snapshot-update"
        )
    for key, sample in value["samples"].items():
        _check_sample(name, key, sample)
    return value


def baseline_from_snapshot(value: Mapping[str, Any], name: str, file_stem: str) -> Baseline:
    """The content of a snapshot as a baseline; its file's name holds the strategy's label and the model's slug."""
    label, slug = _label_and_slug(value, file_stem)
    names = ("score", "outcome", "answer", "hash", "group")
    samples = {
        key: BaselineSample(
            **{k: sample[k] for k in names if k in sample},
            **_epochs_of(sample, value["epochs"]),
            scores=_known(sample.get("scores")),
        )
        for key, sample in value["samples"].items()
    }
    return Baseline(
        name=name,
        scorer=value["scorer"],
        samples=samples,
        key=(value["task"], label, value["provider"], slug),
        model=value["model"],
        epochs=value["epochs"],
        seed=value["seed"] if isinstance(value["seed"], int) else None,
        answers_only=True,
        usage=value["usage"],
        cost_usd=value["cost_usd"],
        min_scored=_share(value.get("min_scored")),
        prompts=_texts(value.get("prompts")),
        other_scorers={name: str(known["scorer"]) for name, known in _mappings(value.get("scores")).items()},
        outcomes=Counter(sample.outcome for sample in samples.values()) if value["epochs"] == 1 else None,
    )


def _known(scores: Any) -> dict[str, float]:
    """The scores of other scorers that are scores; none of a snapshot of an earlier version."""
    written = scores if isinstance(scores, dict) else {}
    return {name: float(value) for name, value in written.items() if _is_score(value)}


def _mappings(value: Any) -> dict[str, Mapping[str, Any]]:
    written = value if isinstance(value, dict) else {}
    return {name: known for name, known in written.items() if isinstance(known, dict) and "scorer" in known}


def _texts(value: Any) -> dict[str, str]:
    written = value if isinstance(value, dict) else {}
    return {name: known for name, known in written.items() if isinstance(known, str)}


def _share(value: Any) -> float:
    return float(value) if _is_score(value) else MIN_SCORED


def _epochs_of(sample: Mapping[str, Any], epochs: int) -> dict[str, Any]:
    """The scored and the lost epochs of a sample."""
    score = sample["score"]
    scores = tuple(sample["epoch_scores"]) if "epoch_scores" in sample else _assumed_scores(score, epochs)
    n_scored = len(scores) if scores is not None else epochs
    worst = None if score is None else score * n_scored / max(epochs, n_scored)
    return {"n_scored": n_scored, "epoch_scores": scores, "lost": max(epochs - n_scored, 0), "worst": worst}


def _assumed_scores(score: float | None, epochs: int) -> tuple[float, ...] | None:
    """The scores of the epochs in a snapshot that states none: one epoch, or an earlier version's.

    No epoch counts as lost. Several are known only if the score is a mean of right/wrong answers.
    """
    if score is None:
        return ()
    right = score * epochs
    if epochs == 1:
        return (score,)
    if not math.isclose(right, round(right), abs_tol=1e-4):  # snapshots round scores
        return None
    return (1.0,) * round(right) + (0.0,) * (epochs - round(right))


def _label_and_slug(value: Mapping[str, Any], file_stem: str) -> tuple[str, str]:
    """(label, slug) as written, else of the stem: (`debate`, `nano-1`) of `debate-mlx-nano-1`, provider mlx."""
    if isinstance(value.get("label"), str) and isinstance(value.get("slug"), str):
        return value["label"], value["slug"]
    label, separator, slug = file_stem.partition(f"-{value['provider']}-")
    return (label, slug) if separator else (file_stem, "")


def _check_sample(snapshot: str, sample_id: str, sample: Any) -> None:
    score = sample.get("score", "missing") if isinstance(sample, dict) else "missing"
    valid = score is None or _is_score(score)
    if valid and isinstance(sample, dict):
        valid = sample.get("outcome") in OUTCOMES and isinstance(sample.get("hash"), str)
        valid = valid and isinstance(sample.get("answer"), str | None) and isinstance(sample.get("group"), str | None)
    if not valid:
        raise SnapshotError(f"{snapshot}: sample {sample_id!r:.80}: not a result: {sample!r:.300}")
    scores = sample.get("epoch_scores", [])
    if not isinstance(scores, list) or not all(_is_score(value) for value in scores):
        problem = f"epoch_scores is {scores!r:.80}, not a list of scores"
        raise SnapshotError(f"{snapshot}: sample {sample_id!r:.80}: {problem}")
    if (sample["outcome"] in ("correct", "incorrect", "partial")) != (score is not None):
        raise SnapshotError(
            f"{snapshot}: sample {sample_id!r:.80}: outcome {sample['outcome']!r} with score {score!r}"
        )
    sample.setdefault("answer", None)


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _conflict(text: str) -> int | None:
    """The number of the line at which a merge conflict begins; None if there is no conflict."""
    lines = text.splitlines()
    return next((number for number, line in enumerate(lines, 1) if line.startswith("<<<<<<<")), None)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a score")
