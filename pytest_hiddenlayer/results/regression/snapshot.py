"""Snapshots: the committed results of a cell. One file per cell, one line per sample.

snapshots/<task>/<strategy label>-<provider>-<model slug>.json
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ...identifiers import file_name
from ...stats.estimate.mean_interval import estimate
from ..cell_config import CellConfig
from ..metrics.cells import MIN_SCORED, CellMetrics
from ..metrics.samples import SampleResult
from .snapshot_reader import SCHEMA

FOLDER = Path("snapshots")
_VOLATILE = ("cached_input_tokens", "cache_write_tokens")  # they depend on earlier requests to the server


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
    if metrics.prompts:
        head["prompts"] = dict(metrics.prompts)
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
