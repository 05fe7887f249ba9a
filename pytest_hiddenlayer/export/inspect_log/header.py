"""The header of an Inspect log: what was evaluated, how, and with which result."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...types import Record
from ..exported_run import ExportedRun, section
from .samples import end_of, model_usage, sample_id_of


def start_json(run: ExportedRun, records: Sequence[Record], cell: Mapping[str, Any]) -> dict[str, Any]:
    """`_journal/start.json`: version, eval and plan."""
    return {"version": 2, "eval": _eval(run, records, cell), "plan": _plan(records[0])}


def header_json(run: ExportedRun, records: Sequence[Record], cell: Mapping[str, Any]) -> dict[str, Any]:
    """`header.json`: the log without its samples."""
    return {
        **start_json(run, records, cell),
        "status": "success" if (run.folder / "summary.json").is_file() else "cancelled",
        "results": _results(records, cell),
        "stats": {
            "started_at": min(record.started_at for record in records),
            "completed_at": max(map(end_of, records)),
            "model_usage": model_usage(records),
        },
    }


def _eval(run: ExportedRun, records: Sequence[Record], cell: Mapping[str, Any]) -> dict[str, Any]:
    first, manifest = records[0], run.manifest
    ids = list(dict.fromkeys(sample_id_of(record) for record in records))
    name = "-".join((run.run_id, first.task, first.label, first.provider, first.slug))
    spec = {
        "eval_id": name,
        "run_id": run.run_id,
        "task_id": name,
        "created": min(record.started_at for record in records),
        "task": first.task,
        "task_args": {"strategy": first.label},
        "solver": first.label,
        "solver_args": dict(first.strategy_params),
        "tags": ["pytest-hiddenlayer"],
        "dataset": {"name": first.task, "samples": len(ids), "sample_ids": ids},
        "model": f"{first.provider}/{first.model}",
        "model_args": {},
        "config": {"epochs": max(record.epoch for record in records), "epochs_reducer": _reducer(cell)},
        "revision": _revision(section(run, "git")),
        "packages": {name: str(value) for name, value in section(run, "versions").items()},
        "metadata": {
            "experiment": run.name,
            "seed": first.seed,
            "command": manifest.get("command"),
            "config": manifest.get("config"),
            "cost_usd": cell.get("cost_usd"),
            "ci95": cell.get("ci95"),
            "gate": cell.get("gate"),
            "outcomes": cell.get("outcomes"),
        },
    }
    return {name: value for name, value in spec.items() if value is not None}


def _reducer(cell: Mapping[str, Any]) -> list[str] | None:
    return [str(cell["reducer"])] if cell.get("reducer") else None


def _revision(git: Mapping[str, Any]) -> dict[str, Any] | None:
    if not git.get("commit"):
        return None
    return {"type": "git", "origin": "", "commit": str(git["commit"]), "dirty": git.get("dirty")}


def _plan(record: Record) -> dict[str, Any]:
    step = {"solver": record.strategy, "params": dict(record.strategy_params)}
    return {"name": record.label, "steps": [step], "config": {}}


def _results(records: Sequence[Record], cell: Mapping[str, Any]) -> dict[str, Any]:
    """The scores of the cell, as its summary states them: the mean over samples, with its error and interval."""
    scorers = cell.get("scorers") or _first_scorer(records, cell)
    return {
        "total_samples": len(records),
        "completed_samples": sum(record.outcome not in ("error", "skipped") for record in records),
        "scores": [_score(name, scorer, len(records), cell) for name, scorer in scorers.items()],
    }


def _first_scorer(records: Sequence[Record], cell: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The only scorer of which a summary of an earlier version says something; empty without a summary."""
    names = [name for record in records for name in record.scores]
    return {names[0]: cell} if names and cell else {}


def _score(name: str, scorer: Mapping[str, Any], n_records: int, cell: Mapping[str, Any]) -> dict[str, Any]:
    low, high = scorer.get("ci95") or (None, None)
    metrics = {"mean": scorer.get("score"), "stderr": scorer.get("stderr"), "ci95_low": low, "ci95_high": high}
    n = int(scorer.get("n") or 0)
    return {
        "name": name,
        "scorer": name,
        "reducer": cell.get("reducer"),
        "scored_samples": n,
        "unscored_samples": max(0, n_records - n),
        "params": {"version": scorer.get("scorer")},
        "metrics": {
            metric: {"name": metric, "value": value, "params": {}}
            for metric, value in metrics.items()
            if value is not None
        },
    }
