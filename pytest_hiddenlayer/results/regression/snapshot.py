"""Snapshots: the committed results of a cell. One file per cell, one line per sample.

snapshots/<task>/<strategy label>-<provider>-<model slug>.json
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...errors import SnapshotError
from ...identifiers import file_name
from ...stats.estimate.mean_interval import estimate
from ...types import OUTCOMES
from ...types.task import MAX_EPOCHS
from ..cell_config import CellConfig
from ..metrics.cells import MIN_SCORED, CellMetrics
from ..metrics.samples import SampleResult
from .baseline import Baseline, BaselineSample

FOLDER = Path("snapshots")
SCHEMA = 1
_VOLATILE = ("cached_input_tokens", "cache_write_tokens")  # they depend on earlier requests to the server
_FIELDS = {
    "schema", "task", "task_hash", "strategy", "strategy_params", "provider", "model", "seed", "epochs",
    "scorer", "n", "score", "stderr", "ci95", "usage", "cost_usd", "samples",
}  # fmt: skip


def snapshot_path(config: CellConfig) -> Path:
    """The cell's file, relative to rootdir."""
    return FOLDER / task_folder(config.task) / f"{snapshot_stem(*config.key)}.json"


def task_folder(task: str) -> str:
    """The name of the folder with a task's files. Capital letters stay: tasks of a session differ without them."""
    return task if file_name(task.lower()) == task.lower() else file_name(task)


def snapshot_stem(task: str, label: str, provider: str, slug: str) -> str:
    """The name of a cell's file without suffix, different from that of every other cell on every file system."""
    return file_name(plain_stem(label, provider, slug))


def plain_stem(label: str, provider: str, slug: str) -> str:
    """The stem without changes for file systems; earlier versions always wrote it."""
    return f"{label}-{provider}-{slug}"


def snapshot_text(metrics: CellMetrics, old: Mapping[str, Any] | None) -> str:
    """The file's text, with some lines of `old`, the file's present content.

    These are the lines of samples that a partial run did not answer, and of samples that lost
    answers (`lost_samples`). If all lines are kept, so is the rest of the file: nothing was measured.

    It contains no time, run id or path, so that two runs with the same answers write the same bytes.
    """
    config = metrics.config
    old_samples = old["samples"] if old and not metrics.complete else {}
    kept = {name: sample for name, sample in old_samples.items() if name not in metrics.samples}
    kept |= {name: old["samples"][name] for name in lost_samples(metrics, old)} if old else {}
    samples = {name: _sample_json(result, metrics) for name, result in metrics.samples.items()} | kept
    if old and samples == old["samples"] == kept:
        return _layout({key: value for key, value in old.items() if key != "samples"}, kept)
    scored = [s for s in samples.values() if s["score"] is not None]
    mean = estimate([s["score"] for s in scored], [s.get("group") for s in scored])
    usage = {k: v for k, v in asdict(metrics.usage).items() if k not in _VOLATILE} if not kept else None
    head = {
        "schema": SCHEMA,
        "task": config.task,
        "task_hash": config.task_hash,
        "strategy": config.strategy,
        "strategy_params": dict(config.strategy_params),
        "provider": config.provider,
        "model": written_model(config.model),
        "seed": config.seed,
        "epochs": config.epochs,
        "scorer": config.scorer,
        "n": mean.n,
        "score": _rounded(mean.mean),
        "stderr": _rounded(mean.stderr),
        "ci95": _rounded(mean.ci95),
        "usage": usage,
        "cost_usd": _rounded(metrics.cost_usd) if not kept else None,
    }
    if plain_stem(*config.key[1:]) != snapshot_stem(*config.key):
        head |= {"label": config.label, "slug": config.slug}  # the file's name does not show them
    if metrics.other_scorers:
        head["scores"] = {
            name: _scorer_json(name, scorer.scorer, samples) for name, scorer in metrics.other_scorers.items()
        }
    if config.min_scored != MIN_SCORED:
        head["min_scored"] = config.min_scored
    return _layout(head, samples)


def lost_samples(metrics: CellMetrics, old: Mapping[str, Any] | None) -> list[str]:
    """The samples of which `old`, a file's content, has more scored answers: an outage is no measurement.

    They have a score there and none in this run, or lost epochs of which more are scored there.
    """
    if old is None:
        return []
    lines = ((name, result, old["samples"].get(name)) for name, result in metrics.samples.items())
    return [name for name, result, line in lines if line is not None and _is_lost(result, line, old["epochs"])]


def _is_lost(result: SampleResult, line: Mapping[str, Any], epochs: int) -> bool:
    if line["score"] is None:
        return False
    scored_before = len(line.get("epoch_scores", range(epochs)))
    fewer = result.lost > 0 and line["hash"] == result.hash and len(result.epochs) < scored_before
    return result.score is None or fewer


def read_snapshot(path: Path, name: str | None = None) -> dict[str, Any]:
    """The content of a snapshot file, called `name` in errors.

    Raises SnapshotError if it is not a valid snapshot.
    """
    name = name or str(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SnapshotError(f"{name}: cannot be read as a snapshot: {error}") from error
    return parse_snapshot(text, name)


def parse_snapshot(text: str, name: str) -> dict[str, Any]:
    """The content of a snapshot, called `name` in errors. Raises SnapshotError as `read_snapshot` does."""
    try:
        value = json.loads(text, parse_constant=_refuse)
    except (ValueError, RecursionError) as error:
        raise SnapshotError(f"{name}: cannot be read as a snapshot: {error}") from error
    if not isinstance(value, dict) or (missing := _FIELDS - set(value)):
        problem = "it is not a JSON object" if not isinstance(value, dict) else f"missing {sorted(missing)}"
        raise SnapshotError(f"{name}: not a snapshot: {problem}; write it again with --snapshot-update")
    if value["schema"] != SCHEMA:
        raise SnapshotError(f"{name}: schema {value['schema']!r}, but this version reads schema {SCHEMA}")
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
        usage=value["usage"],
        cost_usd=value["cost_usd"],
        min_scored=_share(value.get("min_scored")),
        other_scorers={name: str(known["scorer"]) for name, known in _mappings(value.get("scores")).items()},
    )


def _known(scores: Any) -> dict[str, float]:
    """The scores of other scorers that are scores; none of a snapshot of an earlier version."""
    written = scores if isinstance(scores, dict) else {}
    return {name: float(value) for name, value in written.items() if _is_score(value)}


def _mappings(value: Any) -> dict[str, Mapping[str, Any]]:
    written = value if isinstance(value, dict) else {}
    return {name: known for name, known in written.items() if isinstance(known, dict) and "scorer" in known}


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
        raise SnapshotError(f"{snapshot}: sample {sample_id!r}: not a result: {sample!r}")
    scores = sample.get("epoch_scores", [])
    if not isinstance(scores, list) or not all(_is_score(value) for value in scores):
        raise SnapshotError(f"{snapshot}: sample {sample_id!r}: epoch_scores is {scores!r}, not a list of scores")
    if (sample["outcome"] in ("correct", "incorrect", "partial")) != (score is not None):
        raise SnapshotError(f"{snapshot}: sample {sample_id!r}: outcome {sample['outcome']!r} with score {score!r}")
    sample.setdefault("answer", None)


def _is_score(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


def _scorer_json(name: str, scorer: str, samples: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The estimate of another scorer's scores, over the file's samples."""
    scored = [
        (value, s.get("group")) for s in samples.values() if (value := s.get("scores", {}).get(name)) is not None
    ]
    mean = estimate([value for value, _ in scored], [group for _, group in scored])
    values = {"score": mean.mean, "stderr": mean.stderr, "ci95": mean.ci95}
    return {"scorer": scorer, "n": mean.n, **{key: _rounded(value) for key, value in values.items()}}


def _sample_json(result: SampleResult, metrics: CellMetrics) -> dict[str, Any]:
    """One line of the file, without what a sample cannot have: a group, several epochs or other scorers."""
    others = {name: _rounded(result.scores.get(name)) for name in metrics.other_scorers}
    return {
        **({"group": result.group} if result.group is not None else {}),
        **({"epoch_scores": _rounded(result.epochs)} if metrics.config.epochs > 1 else {}),
        **({"scores": others} if others else {}),
        "answer": result.answer,
        "hash": result.hash,
        "outcome": result.outcome,
        "score": _rounded(result.score),
    }


def _layout(head: Mapping[str, Any], samples: Mapping[str, Any]) -> str:
    lines = [f"  {json.dumps(key)}: {_dump(value)}" for key, value in sorted(head.items())]
    rows = [f"    {json.dumps(key, ensure_ascii=False)}: {_dump(samples[key])}" for key in sorted(samples)]
    lines.append('  "samples": {\n' + ",\n".join(rows) + "\n  }")
    return "{\n" + ",\n".join(sorted(lines)) + "\n}\n"


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False)


def _rounded(value: float | Sequence[float] | None) -> Any:
    if value is None:
        return None
    return round(value, 6) if isinstance(value, int | float) else [round(v, 6) for v in value]


def written_model(model: str) -> str:
    """The model's full name as a snapshot has it: of a path, the last part only."""
    return model.rstrip("/").rsplit("/", 1)[-1] if _is_path(model) else model


def _is_path(model: str) -> bool:
    return model.startswith((".", "/", "~")) or model.count("/") > 1


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not a score")
