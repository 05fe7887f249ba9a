"""What a terminal shows of a concluded session, the same under pytest and the command."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..local_models import size_text
from ..report.table import cell_table
from ..results.log.resume import reuse_message, reuse_sentence
from ..terminal_escape import one_line
from .answers.selection import costs, outcome_counts
from .gating import gating_lines, kept_lines
from .session import Session


def session_lines(session: Session, *, width: int, colour: bool) -> Iterator[str]:
    """The table of cells, then the compute-matched comparison, early stopping, resumed answers and budget, if any."""
    if session.metrics:
        yield from cell_table(session.metrics, session.gates, width=width, colour=colour).splitlines()
    yield from _skipped_gates(session)
    if session.options.shard is None:  # a shard judges nothing
        yield from map(one_line, gating_lines(session.configs.values()))
    yield from map(one_line, kept_lines(session.kept_samples))
    if session.findings is not None:
        from ..report.budget_match import text as budget_match_text  # with numpy

        yield from budget_match_text(session.findings, width=width, colour=colour).splitlines()
    if session.early_stopping is not None:
        yield session.early_stopping.savings(session.records)
    if session.options.resume is not None and session.answered:
        yield _reuse_line(session, session.options.resume)
    yield from _memory_lines(session.local_models)
    if (budget := session.budget_message) is not None:
        yield budget


def _reuse_line(session: Session, folder: Path) -> str:
    if session.streamed is None:
        return reuse_message(session.records, folder)
    asked = ((*key, sample, epoch) for key, sample, epoch in session.streamed.asked())
    return reuse_sentence(session.streamed.resumed_from, len(session.streamed), asked, folder)


def _memory_lines(local_models: Mapping[str, Any] | None) -> Iterator[str]:
    """The memory of the weights of several local models, or of one that was loaded again."""
    models = [] if local_models is None else local_models["models"]
    if local_models is None or (len(models) < 2 and all(model["loads"] < 2 for model in models)):
        return
    shown = [
        f"{one_line(model['model'])} {size_text(model['weight_bytes'])}"
        + (f" (loaded {model['loads']} times)" if model["loads"] > 1 else "")
        for model in models
    ]
    limit = local_models["limit_bytes"]
    of = "" if limit is None else f" of at most {size_text(limit)}"
    yield f"local models: {', '.join(shown)}; {size_text(local_models['peak_bytes'])}{of} at once"


def place_lines(session: Session, cwd: Path) -> Iterator[str]:
    """Where the run's folder is, and its report if it was written, relative to `cwd`."""
    folder = session.run_log.folder
    yield f"run {session.run_id}: {os.path.relpath(folder, cwd)}"
    if (page := folder / "report.html").is_file():
        yield f"report: {os.path.relpath(page, cwd)}"


def stopped_line(session: Session) -> str:
    """How many answers a session that ended early keeps, what was spent, and how to go on."""
    planned = sum(len(config.selected) * config.epochs for config in session.configs.values())
    outcomes, (known_usd, n_unknown) = outcome_counts(session), costs(session)
    answered = outcomes.total() - outcomes["error"] - outcomes["skipped"]
    kept = answered - session.write_faults.lost_records
    more = f" and {n_unknown:,} answers of unknown cost" if n_unknown else ""
    spent = f", ${known_usd:.4f} spent{more}" if known_usd or more else ""
    return (
        f"stopped early: {max(kept, 0):,} of {planned:,} answers are kept{spent}; "
        "to go on, type the same command with --resume last, which asks again for what was not finished"
    )


def _skipped_gates(session: Session) -> Iterator[str]:
    """Why gates were skipped, the most frequent reason first."""
    messages = (gate.message.splitlines()[-1] for gate in session.gates.values() if gate.outcome == "skipped")
    for reason, count in Counter(messages).most_common():
        yield f"{count:,} gate{'s' if count > 1 else ''} skipped: {reason}"
