"""A run in an MLflow store, through MLflow's client: one parent run, and a nested run per cell."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from ..types import Record
from .exported_run import ExportedRun, checked_cells, key_of, latest_records, section
from .writing import attempt

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "pytest-hiddenlayer"
RUN_ID_TAG = "hiddenlayer.run_id"
ARTIFACTS = ("records.jsonl", "records.parquet", "run.json", "summary.json", "metrics.jsonl", "report.html")
_METRICS = ("score", "stderr", "n", "n_selected", "cost_usd", "wall_s")
_MAX_PARAM = 500  # characters of a parameter that every version and store of MLflow accepts


def log_to_mlflow(run: ExportedRun, place: str, *, force: bool) -> str:
    """Log the run to a folder (`mlflow.db` and artifacts in it) or an MLflow address; returns how to look at it.

    Raises UsageError if MLflow is not installed, if the store holds this run already (without `force`, which
    deletes it there first), or if MLflow refuses.
    """
    client_type, refusals = _mlflow()
    uri, artifacts = _store(place)
    try:
        client = client_type(tracking_uri=uri)
        experiment = _experiment(client, artifacts)
        _make_room(client, experiment, run.run_id, place, force=force)
        _log(client, experiment, run)
    except refusals as error:
        first_line = (str(error).splitlines() or [type(error).__name__])[0]
        raise UsageError(f"--output {place}: MLflow refuses it: {first_line}; is it an MLflow store?") from error
    return f"look at it with: mlflow ui --backend-store-uri {uri}"


def _mlflow() -> tuple[type[MlflowClient], tuple[type[Exception], ...]]:
    """(the client's type, what it raises). Raises UsageError if MLflow is not installed."""
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # an export sends nothing to anybody else
    try:
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError
    except ImportError:
        raise UsageError(
            "--to mlflow needs mlflow, which is not installed: pip install 'pytest-hiddenlayer[mlflow]'"
        ) from None
    for name in ("alembic", "mlflow.store.db.utils"):  # every step of making a new database
        logging.getLogger(name).setLevel(logging.WARNING)
    return MlflowClient, (MlflowException, SQLAlchemyError, OSError)


def _store(place: str) -> tuple[str, str | None]:
    """(address of the store, address of its artifacts; None: the store decides)."""
    if "://" in place or place == "databricks":
        return place, None
    folder = Path(place).resolve()
    attempt(folder, lambda: folder.mkdir(parents=True, exist_ok=True))
    return f"sqlite:///{folder / 'mlflow.db'}", (folder / "artifacts").as_uri()


def _experiment(client: MlflowClient, artifacts: str | None) -> str:
    existing = client.get_experiment_by_name(EXPERIMENT)
    if existing is not None:
        return str(existing.experiment_id)
    return str(client.create_experiment(EXPERIMENT, artifact_location=artifacts))


def _make_room(client: MlflowClient, experiment: str, run_id: str, place: str, *, force: bool) -> None:
    """Delete what an earlier export of this run made. Raises UsageError without `force`."""
    earlier = client.search_runs([experiment], f"tags.`{RUN_ID_TAG}` = '{run_id}'", max_results=1000)
    if earlier and not force:
        raise UsageError(f"--output {place}: holds run {run_id} already; replace it with --force")
    for old in earlier:
        client.delete_run(old.info.run_id)


def _log(client: MlflowClient, experiment: str, run: ExportedRun) -> None:
    records = latest_records(run)
    known = {key_of(cell): cell for cell in checked_cells(run)}
    start, end = _times([record for cell in records for record in cell])
    parent = client.create_run(experiment, start_time=start, run_name=run.name or run.run_id, tags=_tags(run))
    parent_id = parent.info.run_id
    _log_values(client, parent_id, _run_params(run), {}, start)
    for values in run.metrics:
        numbers = {name: value for name, value in values.items() if name not in ("time", "step")}
        _log_values(client, parent_id, {}, numbers, _milliseconds(values.get("time")), int(values.get("step") or 0))
    for cell in records:
        _log_cell(client, experiment, run, cell, known.get(cell[0].cell, {}), parent_id)
    for name in ARTIFACTS:
        if (run.folder / name).is_file():
            client.log_artifact(parent_id, str(run.folder / name))
    client.set_terminated(parent_id, end_time=end)


def _log_cell(
    client: MlflowClient,
    experiment: str,
    run: ExportedRun,
    records: list[Record],
    cell: Mapping[str, Any],
    parent_id: str,
) -> None:
    first = records[0]
    start, end = _times(records)
    name = f"{first.task} {first.label} {first.provider}:{first.model}"
    tags = {**_tags(run), "mlflow.parentRunId": parent_id}
    child = client.create_run(experiment, start_time=start, run_name=name, tags=tags)
    _log_values(client, child.info.run_id, _cell_params(first, cell), dict(_cell_metrics(cell)), end)
    client.set_terminated(child.info.run_id, end_time=end)


def _log_values(
    client: MlflowClient,
    run_id: str,
    params: Mapping[str, Any],
    metrics: Mapping[str, Any],
    timestamp: int,
    step: int = 0,
) -> None:
    """Log what is known; metrics are numbers."""
    from mlflow.entities import Metric, Param

    client.log_batch(
        run_id,
        metrics=[
            Metric(_name(name), float(value), timestamp, step)
            for name, value in metrics.items()
            if isinstance(value, int | float)
        ],
        params=[Param(_name(name), str(value)[:_MAX_PARAM]) for name, value in params.items() if value is not None],
    )


def _name(text: str) -> str:
    """The text with `_` for every character that MLflow refuses in a name."""
    return "".join(c if (c.isascii() and c.isalnum()) or c in "_-. " else "_" for c in text)[:250]


def _tags(run: ExportedRun) -> dict[str, str]:
    git = section(run, "git")
    commit = {"mlflow.source.git.commit": str(git["commit"])} if git.get("commit") else {}
    return {RUN_ID_TAG: run.run_id, "mlflow.source.name": "pytest-hiddenlayer", **commit}


def _run_params(run: ExportedRun) -> dict[str, Any]:
    config = section(run, "config")
    return {"seed": run.manifest.get("seed"), **{f"config.{name}": value for name, value in config.items()}}


def _cell_params(first: Record, cell: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "task": first.task,
        "strategy": first.label,
        "provider": first.provider,
        "model": first.model,
        "seed": first.seed,
        **{name: cell.get(name) for name in ("scorer", "epochs", "reducer", "gate")},
        **{f"strategy.{name}": value for name, value in first.strategy_params.items()},
    }


def _cell_metrics(cell: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Numbers of the cell and of every scorer, with intervals; an unknown one is left out."""
    usage = cell.get("usage") or {}
    yield from ((name, cell.get(name)) for name in _METRICS)
    yield from zip(("ci95_low", "ci95_high"), cell.get("ci95") or (), strict=False)
    yield from ((name, usage.get(name)) for name in ("calls", "input_tokens", "output_tokens"))
    yield from ((f"outcome.{name}", count) for name, count in (cell.get("outcomes") or {}).items())
    for name, scorer in list((cell.get("scorers") or {}).items())[1:]:
        yield f"score.{name}", scorer.get("score")
        yield from zip((f"ci95_low.{name}", f"ci95_high.{name}"), scorer.get("ci95") or (), strict=False)


def _times(records: list[Record]) -> tuple[int, int]:
    """(start, end) in milliseconds since 1970."""
    starts = [_milliseconds(record.started_at) for record in records]
    ends = [start + int(1000 * record.latency_s) for start, record in zip(starts, records, strict=True)]
    return min(starts), max(ends)


def _milliseconds(time: Any) -> int:
    try:
        return int(1000 * datetime.fromisoformat(str(time)).timestamp())
    except ValueError:
        return 0
