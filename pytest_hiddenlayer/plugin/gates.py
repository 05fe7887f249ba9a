"""At the end of the session, on the controller: figures, snapshots, and the gates' reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import pytest

from ..errors import SnapshotError
from .adaptive import decisions, prepare
from .equal_budget import conclude
from .state import STATE, State

if TYPE_CHECKING:
    from ..results.metrics.cells import CellConfig, CellMetrics
    from ..results.regression.gate import GateResult
    from ..types import Record

CACHE_KEY = "hiddenlayer/gates"
"""In pytest's cache: gate id → ids of its cell's items, so that --lf on a red gate selects them."""


def finish(session: pytest.Session, *, gated: bool) -> None:
    """Compute every cell's figures; then write snapshots, report gates, and write the summary."""
    config = session.config
    state = config.stash.get(STATE, None)
    if state is None or state.worker or config.option.collectonly or not state.plans:
        return
    from ..results.metrics.cells import by_cell, compute_metrics

    records = by_cell(state.records)
    state.metrics = [
        compute_metrics(plan, _in_order(plan, records.get(plan.key, [])))
        for plan in state.plans.values()
        if plan.selected
    ]
    if state.adaptive is None:
        prepare(state)  # a controller of workers knows its plans only now
    gates = [found for found in state.metrics if found.plan.gate_id is not None] if gated else []
    for found, result in zip(gates, _judge(state, gates), strict=True):
        state.gates[found.plan.key] = result
        _report(session, found.plan, result)
    for plan in state.plans.values() if gated else []:
        if plan.gate_id is not None and not plan.selected:
            _report(session, plan, None)
    if state.updating:
        write_snapshots(session, state)
    conclude(state)
    if state.records:
        _save(state)
    _remember(config, state)


def _in_order(plan: CellConfig, records: list[Record]) -> list[Record]:
    """As selected, whichever worker was first: the report is the same with any number of workers."""
    place = {name: i for i, name in enumerate(plan.selected)}
    return sorted(records, key=lambda record: (place.get(record.sample_id, len(place)), record.epoch))


def write_snapshots(session: pytest.Session, state: State) -> None:
    """Write the snapshot of every cell that answered something, through syrupy."""
    from ..results.regression.snapshot import read_snapshot, snapshot_path, snapshot_text
    from .syrupy_extension import write

    for found in state.metrics:
        if not found.samples:
            continue
        path = state.root / snapshot_path(found.plan)
        before: Mapping[str, Any] | None = None
        if not found.whole and path.is_file():
            try:
                before = read_snapshot(path)
            except SnapshotError:
                before = None  # what cannot be read cannot be kept; the new file says what was measured
        write(session, found.plan, path, snapshot_text(found, before))


def _judge(state: State, cells: list[CellMetrics]) -> list[GateResult]:
    """The gates of all cells together: they are one family of tests."""
    from ..results.regression.gate import judge_gates
    from ..session.policy import policy_of
    from .baselines import baseline_of

    if not cells:
        return []
    policy = policy_of(state.options, update=state.updating)
    found = [(cell, baseline_of(state, cell.plan.key)) for cell in cells]
    return judge_gates(found, policy, decisions(state))


def _report(session: pytest.Session, plan: CellConfig, result: GateResult | None) -> None:
    """Emit the gate's three phases, as if an item had run."""
    node_id = str(plan.gate_id)
    path, _, name = node_id.partition("::")
    location = (path, None, name)
    outcome, longrepr = _said(path, result)
    hook = session.config.hook
    hook.pytest_runtest_logstart(nodeid=node_id, location=location)
    phases: tuple[Literal["setup", "call", "teardown"], ...] = ("setup", "call", "teardown")
    for when in phases:
        report = pytest.TestReport(
            nodeid=node_id,
            location=location,
            keywords={},
            outcome=outcome if when == "call" else "passed",
            longrepr=longrepr if when == "call" else None,
            when=when,
            duration=0.0,
            start=0.0,
            stop=0.0,
        )
        if result is not None and when != "setup":  # JUnit takes them from the teardown, HTML from the call
            report.user_properties.extend(result.properties)
        if result is not None and when == "call" and result.outcome == "passed":
            report.sections.append(("gate", result.message))
        hook.pytest_runtest_logreport(report=report)
    hook.pytest_runtest_logfinish(nodeid=node_id, location=location)


def _said(path: str, result: GateResult | None) -> tuple[Literal["passed", "failed", "skipped"], Any]:
    if result is None:
        return "skipped", (path, 0, "Skipped: no sample of this cell was selected")
    if result.outcome == "skipped":
        return "skipped", (path, 0, f"Skipped: {result.message.splitlines()[-1]}")
    return result.outcome, result.message if result.outcome == "failed" else None


def _save(state: State) -> None:
    from ..results.log.summary import summary

    plans = [found.plan for found in state.metrics]
    state.runlog.write_summary(summary(state.metrics, state.gates))
    before = json.loads((state.runlog.folder / "run.json").read_text(encoding="utf-8"))
    state.runlog.write_manifest(
        {
            "started_at": before["started_at"],
            "seed": state.options.seed,
            "tasks": {plan.task: plan.task_hash for plan in plans},
            "models": sorted({f"{plan.provider}:{plan.model}" for plan in plans}),
            "records": len(state.records),
        }
    )


def _remember(config: pytest.Config, state: State) -> None:
    cache = getattr(config, "cache", None)
    if cache is None:
        return
    known: dict[str, list[str]] = cache.get(CACHE_KEY, {})
    for found in state.metrics:
        gate = state.gates.get(found.plan.key)
        if gate is None or found.plan.gate_id is None:
            continue
        known.pop(found.plan.gate_id, None)
        if gate.outcome == "failed":
            path = found.plan.gate_id.partition("::")[0]
            known[found.plan.gate_id] = [
                node for node in state.seen if node.startswith(f"{path}::") and f"[{found.plan.params}" in node
            ]
    cache.set(CACHE_KEY, known)


def extend_last_failed(config: pytest.Config) -> None:
    """Under --lf, add the items of every red gate to those that failed last."""
    last = config.pluginmanager.get_plugin("lfplugin")
    cache = getattr(config, "cache", None)
    if last is None or cache is None or not getattr(last, "active", False) or not last.lastfailed:
        return
    parse = type(next(iter(last.lastfailed))).parse
    for gate, nodes in cache.get(CACHE_KEY, {}).items():
        if parse(gate) in last.lastfailed:
            last.lastfailed.update({parse(node): True for node in nodes})
