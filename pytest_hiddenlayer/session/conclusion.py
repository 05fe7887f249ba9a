"""The end of a session: metrics, gates, snapshots, and the files of the run's folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ..errors import HiddenLayerError
from ..identifiers import controlled
from ..io.atomic import write_json
from ..io.json_text import decode_json
from ..report.changes.run_changes import JudgedRun, run_changes
from ..report.page.changes import CHANGES
from ..results.budget_match.control_cells import control_metrics
from ..results.cell_config import CellConfig
from ..results.log.half_done import tidy_calls
from ..results.log.parquet_file import AUTOMATIC
from ..results.log.run_log import MANIFEST
from ..results.log.summary import summary
from ..results.metrics.cells import CellMetrics, by_cell, compute_metrics
from ..results.metrics.spending import with_replaced_answers
from ..results.regression.baseline import with_prompts_warning
from ..results.regression.gate import GateResult, decide_gates, gate_of_shard
from ..results.regression.references import BaselineLookup
from ..results.regression.snapshot import snapshot_path
from ..results.regression.snapshot_update import WriteSnapshot, update_snapshot, write_file
from ..results.shards.manifest import KEY as SHARD
from ..types import Record
from .interruption import uninterrupted
from .policy import policy_of
from .session import Session
from .writing import SNAPSHOT_ADVICE, write_report


def conclude(session: Session, *, gated: bool = True, write_snapshot: WriteSnapshot = write_file) -> None:
    """Compute every cell's metrics, judge the gates, then write snapshots, summary, manifest and report.

    `gated=False`: the session ended early, and cells are not complete enough to be judged.
    """
    if session.early_stopping is None:
        session.prepare_early_stopping()  # a controller of workers knows its cells only now
    if session.early_stopping is not None:
        session.early_stopping.add(session.records)
        _note_early_stops(session)
    session.metrics = [
        replace(metrics, not_run=dict(session.not_run.get(metrics.config.key, {}))) for metrics in _measured(session)
    ]
    session.gates = _judge(session) if gated else {}
    if session.updating:
        with uninterrupted():  # all of them, or none
            _write_snapshots(session, write_snapshot)
    _compare_at_equal_compute(session)
    if session.answered:
        with session.write_faults.writing("the summary of the run in", session.run_log.folder):
            _write_log(session, complete=gated)
            if gated:
                with suppress(HiddenLayerError):  # then they stay
                    tidy_calls(session.run_log.folder)
        if session.options.probe and gated:
            _probe_answers(session)
        if session.options.report:
            write_report(session.run_log.folder, session.write_faults)
        _compact_records(session)


def _compact_records(session: Session) -> None:
    """Write the records of a large run as Parquet too. What goes wrong is said, and takes no result down."""
    n_records = len(session.answered) + len(session.controls)
    if n_records <= AUTOMATIC:
        return
    from ..results.columns.compaction import compact_at_end  # with numpy

    folder = session.run_log.folder
    with session.write_faults.writing("records.parquet in", folder):
        try:
            compact_at_end(folder)
        except HiddenLayerError as error:
            session.notify(f"records.parquet was not written, and records.jsonl is complete: {error}")


def _measured(session: Session) -> Iterator[CellMetrics]:
    """The metrics of every cell with selected samples."""
    configs = [config for config in session.configs.values() if config.selected]
    if session.streamed is not None:
        yield from map(session.streamed.metrics, configs)
        return
    records = by_cell(session.records)
    metrics = [compute_metrics(config, _in_order(config, records.get(config.key, []))) for config in configs]
    yield from with_replaced_answers(metrics, session.records)


def _probe_answers(session: Session) -> None:
    """Under --hl-probe: write the captures of the run. What cannot be read is said, and takes no result down.

    The providers are closed first, so that no model is in memory twice.
    """
    from ..analysis.probing.probe_run import probe_run  # with numpy

    session.release_batches()
    session.close_providers()
    folder = session.run_log.folder
    with session.write_faults.writing("captures of", folder, asked_for=True):
        try:
            sentences = probe_run(folder, what=session.options.probe).sentences()
        except HiddenLayerError as error:
            sentences = [str(error)]
        for sentence in sentences:
            session.notify(f"--hl-probe: {sentence}")


def _note_early_stops(session: Session) -> None:
    """Set after how many epochs each cell was decided: the epochs that were not needed are not lost."""
    stopping = session.early_stopping
    decisions = {} if stopping is None else stopping.decisions()
    for key, decision in decisions.items():
        if decision is not None:
            session.configs[key] = replace(session.configs[key], stopped_after=decision.look)


def _in_order(config: CellConfig, records: list[Record]) -> list[Record]:
    """The records in the order of the selection, so that the report does not depend on the number of workers."""
    position = {sample_id: index for index, sample_id in enumerate(config.selected)}
    return sorted(records, key=lambda record: (position.get(record.sample_id, len(position)), record.epoch))


def _judge(session: Session) -> dict[tuple[str, ...], GateResult]:
    """The gates of all cells together: they are one family of tests."""
    gated = [metrics for metrics in session.metrics if metrics.config.gate_id is not None]
    if not gated:
        return {}
    if (shard := session.options.shard) is not None:
        return {metrics.config.key: gate_of_shard(metrics, shard) for metrics in gated}
    policy = policy_of(session.options, update=session.updating)
    decisions = {} if session.early_stopping is None else session.early_stopping.decisions()
    lookups = [(metrics, _find(session, metrics.config)) for metrics in gated]
    results = decide_gates(lookups, policy, decisions)
    return {metrics.config.key: result for metrics, result in zip(gated, results, strict=True)}


def _find(session: Session, config: CellConfig) -> BaselineLookup:
    """The baseline of a cell, with a warning if its prompts are others."""
    found = session.baselines.find(config)
    metrics = next((metrics for metrics in session.metrics if metrics.config.key == config.key), None)
    if found.baseline is None or metrics is None:
        return found
    return replace(found, baseline=with_prompts_warning(found.baseline, metrics.prompts))


def _write_snapshots(session: Session, write_snapshot: WriteSnapshot) -> None:
    """Write the snapshot of every cell that has samples; lines of samples without a score now are kept."""
    for metrics in session.metrics:
        if metrics.samples:
            path = session.root / snapshot_path(metrics.config)
            with session.write_faults.writing("the snapshot", path, asked_for=True, advice=SNAPSHOT_ADVICE):
                if kept := update_snapshot(session.root, metrics, write_snapshot):
                    session.kept_samples[f"{metrics.config.task}[{metrics.config.params}]"] = kept


def _compare_at_equal_compute(session: Session) -> None:
    """Under --hl-equal-budget: add the control cells to the metrics, and write `equal_budget.json`."""
    if not (session.options.equal_budget and session.records):
        return
    from ..report.budget_match import find  # with numpy

    records = [*session.records, *session.controls]
    session.metrics += control_metrics([metrics.config for metrics in session.metrics], records)
    session.findings = find(records)
    path = session.run_log.folder / "equal_budget.json"
    with session.write_faults.writing("the comparison", path):
        write_json(path, session.findings.to_json())


def _write_log(session: Session, *, complete: bool) -> None:
    configs = [metrics.config for metrics in session.metrics]
    session.run_log.write_summary(summary(session.metrics, session.gates))
    run_info = decode_json((session.run_log.folder / MANIFEST).read_text(encoding="utf-8"))
    session.run_log.write_manifest(
        {
            "started_at": run_info["started_at"],
            **({SHARD: run_info[SHARD]} if SHARD in run_info else {}),  # a worker wrote it
            "ended_at": datetime.now(UTC).isoformat(),
            "complete": complete,  # false: it was interrupted, or ended with its first failures
            "seed": session.options.seed,
            "tasks": {config.task: config.task_hash for config in configs},
            **_presets(configs),
            "models": sorted({f"{config.provider}:{config.model}" for config in configs}),
            **({} if session.local_models is None else {"local_models": session.local_models}),
            "records": len(session.answered) + len(session.controls),
        }
    )
    write_json(session.run_log.folder / CHANGES, run_changes(_judged_run(session)))


def _presets(configs: Sequence[CellConfig]) -> dict[str, Any]:
    """The presets of the run: name → labels of the strategies that ran; empty without one."""
    own = [config for config in configs if controlled(config.label) is None]
    names = sorted({config.preset for config in own if config.preset})
    labels = {name: sorted({config.label for config in own if config.preset == name}) for name in names}
    return {"presets": labels} if labels else {}


def _judged_run(session: Session) -> JudgedRun:
    return JudgedRun(
        run_id=session.run_id,
        baseline=session.options.baseline,
        metrics=session.metrics,
        gates=session.gates,
        records=session.answered,
        policy=policy_of(session.options, update=session.updating),
        find=lambda config: _find(session, config),
    )
