"""Two references compared, for people: a table for the terminal, Markdown for a pull request, flips one by one."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterator

from ..results.regression.baseline import Baseline
from ..results.regression.cell_comparison import CellComparison
from ..results.regression.compare_runs import CellPair, RunComparison
from ..results.regression.gate_messages import meaning, missing_words, some
from ..stats.estimate.mean_interval import Estimate

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
_COLOURS = {"regressed": "red", "improved": "green", "same": "green"}
_MARKS = {"regressed": "🔴", "improved": "🟢", "same": "⚪", "underpowered": "🟡"}


def table(compared: RunComparison, *, width: int, colour: bool) -> str:
    """The comparison as text for a terminal."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold" if colour else "")
    for name in HEADERS:
        grid.add_column(name, overflow="fold", no_wrap=name not in ("task", "old", "new"))
    for cell in compared.cells:
        values = [Text(value) for value in _row(cell)]
        values[-1].stylize(_COLOURS.get(_word(cell), "") if colour else "")
        grid.add_row(*values)
    out = io.StringIO()
    console = Console(
        file=out, width=max(width, 150), force_terminal=colour, no_color=not colour, legacy_windows=False
    )
    console.print(grid)
    for line in lines(compared):
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    return out.getvalue()


def markdown(compared: RunComparison) -> str:
    """The comparison as Markdown for a pull request."""
    regressed = sum(_word(cell) == "regressed" for cell in compared.cells)
    head = f"### Evals: `{_safe(compared.new)}` against `{_safe(compared.old)}`\n\n"
    said = f"{regressed} of {len(compared.cells)} cells regressed" if regressed else "No cell regressed"
    rows = [
        "| " + " | ".join(HEADERS) + " |",
        "|" + " --- |" * len(HEADERS),
        *(
            "| " + " | ".join(map(_safe, (*_row(c)[:-1], f"{_MARKS.get(_word(c), '')} {_word(c)}"))) + " |"
            for c in compared.cells
        ),
    ]
    notes = [f"- {_safe(line)}" for line in lines(compared)]
    return head + said + ".\n\n" + "\n".join(rows) + "\n\n" + "\n".join(notes) + ("\n" if notes else "")


def lines(compared: RunComparison) -> Iterator[str]:
    """What stands below the table: flips, what was left out, what could not be compared."""
    for cell in compared.cells:
        head = f"{cell.task} {cell.new.key[1]}"
        if cell.fault is not None:
            yield f"{head}: not compared: {cell.fault}"
        if cell.comparison is not None:
            yield from (f"{head}: {line}" for line in _notes(cell.comparison))
    for name, keys in (("old", compared.only_old), ("new", compared.only_new)):
        if keys:
            yield f"only on the {name} side: {some(['/'.join(key) for key in keys])}"
    yield from (f"cannot be compared: {fault}" for fault in compared.faults)
    families = {cell.comparison.family for cell in compared.cells if cell.comparison}
    if max(families, default=0) > 1:
        yield f"p after Holm over {max(families)} cells; scores and intervals over the samples that both sides scored"


def flips(cell: CellPair, *, context: int = 3) -> Iterator[str]:
    """Every sample that turned right or wrong, with both answers and a text diff of both outputs."""
    found = cell.comparison
    if found is None:
        return
    for word, names in (("newly wrong", found.newly_wrong), ("newly right", found.newly_right)):
        for name in names:
            old, new = cell.old.samples[name], cell.new.samples[name]
            yield f"== {word}: {cell.task}::{name} [{_who(cell.old)} → {_who(cell.new)}]"
            yield f"   answer {_shown(old.answer)} → {_shown(new.answer)}, score {old.score:.3g} → {new.score:.3g}"
            yield from _diff(old.output, new.output, context)


def _diff(old: str | None, new: str | None, context: int) -> Iterator[str]:
    if old is None or new is None:
        side = "either side" if old is None and new is None else "the old side" if old is None else "the new side"
        yield f"   no output on {side}: a snapshot holds answers only; compare two runs to see the texts"
        return
    if old == new:
        yield "   the outputs are equal"
        return
    for line in difflib.unified_diff(old.splitlines(), new.splitlines(), "old", "new", lineterm="", n=context):
        yield f"   {_printable(line)}"


def _row(cell: CellPair) -> tuple[str, ...]:
    found = cell.comparison
    sides = (_who(cell.old), _who(cell.new))
    if found is None:
        return (cell.task, *sides, "0", "?", "?", "?", "?", "?", "not compared")
    interval = found.paired.ci95
    return (
        cell.task,
        *sides,
        str(found.paired.n),
        _score(found.old),
        _score(found.new),
        f"{found.paired.difference:+.3f}",
        "?" if interval is None else f"{interval[0]:+.3f} to {interval[1]:+.3f}",
        f"{found.p_worse:.3g}",
        found.verdict,
    )


def _word(cell: CellPair) -> str:
    return "not compared" if cell.comparison is None else cell.comparison.verdict


def _notes(found: CellComparison) -> Iterator[str]:
    if found.newly_wrong:
        yield f"newly wrong: {some(found.newly_wrong)}"
    if found.newly_right:
        yield f"newly right: {some(found.newly_right)}"
    if found.verdict == "underpowered":
        yield f"underpowered{meaning(found)}"
    if found.lost_counts:
        yield f"{len(found.pairing.lost)} samples lost their score; counted as wrong, the cell regressed"
    if left_out := missing_words(found.pairing):
        yield f"left out: {left_out}"


def _who(side: Baseline) -> str:
    _, label, provider, slug = side.key
    return f"{label} {provider}:{slug}"


def _score(e: Estimate) -> str:
    bar = "" if e.stderr is None else f" ± {e.stderr:.3f}"
    return "?" if e.mean is None else f"{e.mean:.3f}{bar}"


def _shown(answer: str | None) -> str:
    return "none" if answer is None else repr(answer)


def _printable(line: str) -> str:
    """The line with what would steer the terminal made visible."""
    return "".join(c if c.isprintable() or c == "\t" else repr(c)[1:-1] for c in line)


def _safe(text: str) -> str:
    """The text in one table cell: no bar, no HTML, no line end, no backtick."""
    for old, new in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|"), ("\n", " "), ("`", "'"), ("@", "@\u200b")):
        text = text.replace(old, new)
    return text
