"""The end of a pytest session, on the controller: conclude it, and report each gate as if an item had run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from .state import STATE, State

if TYPE_CHECKING:
    from ..results.cell_config import CellConfig
    from ..results.regression.gate import GateResult

CACHE_KEY = "hiddenlayer/gates"
"""In pytest's cache: gate id → ids of its cell's items, so that --lf on a failed gate selects them."""


def finish(pytest_session: pytest.Session, *, gated: bool) -> None:
    """Compute metrics, judge and report the gates, write snapshots, summary and manifest."""
    config = pytest_session.config
    state = config.stash.get(STATE, None)
    if state is None or state.session.worker or config.option.collectonly or not state.session.configs:
        return
    from ..session.interruption import uninterrupted

    with uninterrupted():
        from ..session.conclusion import conclude
    from .syrupy_extension import write

    def write_snapshot(cell: CellConfig, path: Path, text: str) -> None:
        write(pytest_session, cell, path, text)

    session = state.session
    conclude(session, gated=gated, write_snapshot=write_snapshot)
    for cell in session.configs.values() if gated else ():
        if cell.gate_id is not None:
            result = session.gates.get(cell.key) if cell.selected else _without_samples(cell, state)
            _report(pytest_session, cell, result)
    _remember(config, state)


def _without_samples(cell: CellConfig, state: State) -> GateResult:
    """The result of a gate without any of its samples: skipped, and failed under --hl-gate=require."""
    from ..results.regression.gate import gate_without_samples

    return gate_without_samples(cell, required=state.session.options.gate == "require")


def _report(pytest_session: pytest.Session, cell: CellConfig, result: GateResult | None) -> None:
    """Emit the three phases of a gate; without a result it was not judged."""
    node_id = str(cell.gate_id)
    path, _, name = node_id.partition("::")
    location = (path, None, name)
    outcome, longrepr = _outcome(path, result)
    hook = pytest_session.config.hook
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


def _outcome(path: str, result: GateResult | None) -> tuple[Literal["passed", "failed", "skipped"], Any]:
    if result is None:
        return "skipped", (path, 0, "Skipped: this cell was not judged")
    if result.outcome == "skipped":
        return "skipped", (path, 0, f"Skipped: {result.message.splitlines()[-1]}")
    return result.outcome, result.message if result.outcome == "failed" else None


def _remember(config: pytest.Config, state: State) -> None:
    """Update the failed gates in pytest's cache; gates that were not judged keep their entry."""
    cache = getattr(config, "cache", None)
    if cache is None:
        return
    failed: dict[str, list[str]] = cache.get(CACHE_KEY, {})
    for cell in (metrics.config for metrics in state.session.metrics):
        gate = state.session.gates.get(cell.key)
        if gate is None or cell.gate_id is None:
            continue
        failed.pop(cell.gate_id, None)
        if gate.outcome == "failed":
            path = cell.gate_id.partition("::")[0]
            items = [node for node in state.seen if node.startswith(f"{path}::") and f"[{cell.params}" in node]
            failed[cell.gate_id] = items
    cache.set(CACHE_KEY, failed)


def extend_last_failed(config: pytest.Config) -> None:
    """Under --lf, add the items of every failed gate to those that failed last."""
    last_failed = config.pluginmanager.get_plugin("lfplugin")
    cache = getattr(config, "cache", None)
    if (
        last_failed is None
        or cache is None
        or not getattr(last_failed, "active", False)
        or not last_failed.lastfailed
    ):
        return
    parse = type(next(iter(last_failed.lastfailed))).parse
    for gate, nodes in cache.get(CACHE_KEY, {}).items():
        if parse(gate) in last_failed.lastfailed:
            last_failed.lastfailed.update({parse(node): True for node in nodes})
