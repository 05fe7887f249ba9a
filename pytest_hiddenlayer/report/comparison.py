"""Two references compared: a table for the terminal, and diffs of changed samples."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from ..results.regression.baseline import Baseline
from ..results.regression.cell_comparison import CellComparison
from ..results.regression.compare_runs import CellPair, RunComparison, ScorerComparison
from ..results.regression.gate_messages import explain_verdict, list_names, lost_answers_text, unpaired_text
from ..terminal_escape import one_line, visible
from .details import with_error
from .table import COLOURS
from .text_table import grid

HEADERS = (
    "task",
    "old",
    "new",
    "pairs",
    "old score",
    "new score",
    "difference",
    "95 % interval",
    "p worse",
    "verdict",
)
NOT_COMPARED = "not compared"
_COLOURS = {**COLOURS, NOT_COMPARED: "red"}


def table(comparison: RunComparison, *, width: int, colour: bool) -> str:
    """The comparison as text for a terminal, at least 150 columns wide."""
    rows = [_row(cell) for cell in comparison.cells]
    styles = [_COLOURS.get(row[-1], "") for row in rows]
    text = grid(HEADERS, rows, width=max(width, 150), colour=colour, fold=("task", "old", "new"), styles=styles)
    return "".join(f"{line}\n" for line in (text, headline(comparison), *map(one_line, notes(comparison))))


def headline(comparison: RunComparison) -> str:
    """One sentence: how many cells regressed, were not compared, or had too few scores, and over how many samples."""
    cells, n_pairs = comparison.cells, comparison.n_pairs
    over = f"{n_pairs:,} pair{'' if n_pairs == 1 else 's'} of samples compared"
    if n_pairs == 0:
        return f"Nothing was compared: {over}."
    words = [verdict_word(cell) for cell in cells]
    counts = (("regressed", "regressed"), (NOT_COMPARED, "not compared"), ("failed", "with too many lost answers"))
    parts = [f"{words.count(verdict)} {text}" for verdict, text in counts if verdict in words]
    if comparison.faults:
        parts.append(f"{len(comparison.faults)} not readable")
    if not parts:
        return f"No cell regressed: {over}."
    return f"Of {len(cells)} cell{'' if len(cells) == 1 else 's'}: {', '.join(parts)}; {over}."


def verdict_word(cell: CellPair) -> str:
    """The verdict; `failed` if it does not hold, because too many answers have no score."""
    if cell.comparison is None:
        return NOT_COMPARED
    verdict = cell.comparison.verdict
    return "failed" if cell.failed and verdict != "regressed" else verdict


def notes(comparison: RunComparison) -> Iterator[str]:
    """The lines below the table: samples that turned right or wrong, and what was not compared."""
    for cell in comparison.cells:
        head = f"{cell.task} {cell.new.key[1]}"
        if cell.fault is not None:
            yield f"{head}: not compared: {cell.fault}"
        if cell.not_measured is not None and cell.fault is None:
            yield f"{head}: {cell.not_measured}"
        if cell.old.warning:
            yield f"{head}: {cell.old.warning}"
        if cell.comparison is not None:
            yield from (f"{head}: {note}" for note in _cell_notes(cell.comparison))
        yield from (f"{head}: {_scorer_note(other)}" for other in cell.other_scorers)
    for side, keys in (("old", comparison.only_old), ("new", comparison.only_new)):
        if keys:
            yield f"only on the {side} side: {list_names(['/'.join(key) for key in keys])}"
    yield from (f"cannot be compared: {fault}" for fault in comparison.faults)
    family_sizes = {cell.comparison.family for cell in comparison.cells if cell.comparison}
    if max(family_sizes, default=0) > 1:
        cells = max(family_sizes)
        yield f"p after Holm over {cells} cells; scores and intervals over the samples that both sides scored"


def sample_diffs(cell: CellPair, *, context: int = 3) -> Iterator[str]:
    """Each sample that turned right or wrong: both answers, and a diff of both outputs with `context` lines."""
    if cell.comparison is None:
        return
    newly = (("newly wrong", cell.comparison.newly_wrong), ("newly right", cell.comparison.newly_right))
    for change, sample_ids in newly:
        for sample_id in sample_ids:
            old, new = cell.old.samples[sample_id], cell.new.samples[sample_id]
            name = f"{cell.task}::{sample_id} [{_player(cell.old)} → {_player(cell.new)}]"
            yield one_line(f"== {change}: {name}")
            answers = f"{_answer(old.answer)} → {_answer(new.answer)}"
            others = "".join(
                f", {other} {_number(old.scores.get(other))} → {_number(new.scores.get(other))}"
                for other in dict.fromkeys((*cell.old.other_scorers, *cell.new.other_scorers))
            )
            yield f"   answer {answers}, score {old.score:.3g} → {new.score:.3g}{others}"
            yield from _diff(old.output, new.output, context)


def output_note(cells: Sequence[CellPair]) -> str | None:
    """Which side of the diffs has no outputs, in one sentence; None if both have them."""
    missing = [
        side
        for side, samples in (("old", [c.old.samples for c in cells]), ("new", [c.new.samples for c in cells]))
        if all(sample.output is None for baseline in samples for sample in baseline.values())
    ]
    if not missing or not cells:
        return None
    sides = "either side: snapshots hold" if len(missing) == 2 else f"the {missing[0]} side: a snapshot holds"
    return f"no output on {sides} answers only; compare two runs to see both texts"


def _diff(old: str | None, new: str | None, context: int) -> Iterator[str]:
    if old is None or new is None:
        for side, text in (("old", old), ("new", new)):
            yield from (f"   {side}: {visible(line)}" for line in (text or "").splitlines())
        return
    if old == new:
        yield "   the outputs are equal"
        return
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), "old", "new", lineterm="", n=context):
        yield f"   {visible(line)}"


def _row(cell: CellPair) -> tuple[str, ...]:
    comparison = cell.comparison
    sides = (_player(cell.old), _player(cell.new))
    if comparison is None:
        return (cell.task, *sides, "0", "?", "?", "?", "?", "?", NOT_COMPARED)
    interval = comparison.paired.ci95
    return (
        cell.task,
        *sides,
        str(comparison.paired.n),
        with_error(comparison.old),
        with_error(comparison.new),
        f"{comparison.paired.difference:+.3f}",
        "?" if interval is None else f"{interval[0]:+.3f} to {interval[1]:+.3f}",
        f"{comparison.p_worse:.3g}",
        verdict_word(cell),
    )


def _cell_notes(comparison: CellComparison) -> Iterator[str]:
    if comparison.newly_wrong:
        yield f"newly wrong: {list_names(comparison.newly_wrong)}"
    if comparison.newly_right:
        yield f"newly right: {list_names(comparison.newly_right)}"
    if comparison.verdict == "underpowered":
        yield f"underpowered{explain_verdict(comparison)}"
    if lost := lost_answers_text(comparison):
        yield lost
    if left_out := unpaired_text(comparison.pairing):
        yield f"left out: {left_out}"


def _scorer_note(other: ScorerComparison) -> str:
    """One line on a scorer that is not judged: both scores, the difference and its tests."""
    paired = other.paired
    interval = "" if paired.ci95 is None else f" [{paired.ci95[0]:+.3f}, {paired.ci95[1]:+.3f}]"
    return (
        f"{other.name}: {with_error(other.old)} → {with_error(other.new)} over {paired.n} pairs, difference "
        f"{paired.difference:+.3f}{interval}, p = {paired.p_worse:.3g} for worse, {paired.p_better:.3g} for better; "
        "not judged, as it is not the first scorer"
    )


def _player(side: Baseline) -> str:
    _, label, provider, slug = side.key
    return f"{label} {provider}:{slug}"


def _number(score: float | None) -> str:
    return "?" if score is None else f"{score:.3g}"


def _answer(answer: str | None) -> str:
    return "none" if answer is None else repr(answer)
