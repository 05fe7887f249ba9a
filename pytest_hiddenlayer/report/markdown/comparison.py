"""Two references compared, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain

from ...results.regression.compare_runs import CellPair, RunComparison
from ...results.regression.gate_messages import explain_verdict, lost_answers_text, unpaired_text
from ..comparison import NOT_COMPARED, headline, verdict_word
from .cells import (
    CELL_TITLES,
    COST_TITLES,
    SAMPLE_TITLES,
    cell_name,
    cell_values,
    changed_samples,
    cost_total,
    cost_values,
)
from .fit import COMMENT_BYTES, Row, Section, fit
from .text import code, folded, link, table_head, table_row

MARKER = "<!-- hiddenlayer -->"
"""The first line: a CI job finds the comment by it, and updates it."""
MARKS = {
    "regressed": "🔴", "failed": "🔴", NOT_COMPARED: "🔴", "improved": "🟢", "underpowered": "🟡", "same": "⚪",
}  # fmt: skip
_ORDER = tuple(MARKS)
_WORDS = {"failed": "with too many lost answers"}
_FIRST = 50  # changed samples of a failing cell that are kept before the rows of other cells
_FIRST_COSTS = 10  # cells whose costs are kept before the rows of other cells
_UNFOLDED = 10  # changed samples of a failing cell, or cells that neither fail nor improved, that are not folded


def comparison_markdown(
    comparison: RunComparison, *, max_bytes: int = COMMENT_BYTES, report_url: str | None = None
) -> str:
    """The comparison as Markdown of at most `max_bytes` bytes of UTF-8; what does not fit is left out and counted.

    Failing cells and their newly wrong samples are kept before all others. With `report_url`, the
    samples of a run link to their place in its report.
    """
    cells = sorted(comparison.cells, key=_importance)
    sections = _Sections(cells, report_url)
    failing = [cell for cell in cells if cell.failed]
    others = [cell for cell in cells if not cell.failed]
    rows = chain(
        sections.cell_rows(failing),
        sections.reason_rows(failing, comparison.faults),
        sections.sample_rows(failing, "newly wrong", slice(_FIRST)),
        sections.cost_rows(cells[:_FIRST_COSTS]),
        sections.cell_rows(others),
        sections.sample_rows(failing, "newly wrong", slice(_FIRST, None)),
        sections.sample_rows(others, "newly wrong"),
        sections.sample_rows(cells, "lost"),
        sections.cost_rows(cells[_FIRST_COSTS:]),
        sections.sample_rows(cells, "newly right"),
        sections.note_rows(cells, comparison),
    )
    start = f"{MARKER}\n{_title(cells)}\n\n{_start(comparison, report_url)}\n\n"
    return fit(start, sections.in_order(), rows, max_bytes=max_bytes)


def _importance(cell: CellPair) -> tuple[bool, int]:
    return not cell.failed, _ORDER.index(verdict_word(cell))


def _title(cells: Iterable[CellPair]) -> str:
    """The heading: how many cells have each verdict."""
    return f"### Evals: {_counts(cells) or 'nothing compared'}"


def _counts(cells: Iterable[CellPair]) -> str:
    counts = Counter(verdict_word(cell) for cell in cells)
    return ", ".join(f"{MARKS[word]} {counts[word]:,} {_WORDS.get(word, word)}" for word in _ORDER if counts[word])


def _start(comparison: RunComparison, report_url: str | None) -> str:
    """What both sides are, the sentence that counts, and how to read the table."""
    start = f"{code(comparison.new)} against {code(comparison.old)}. {headline(comparison)}"
    start += f" {link('Open the report', report_url)}." if report_url else ""
    family = max((cell.comparison.family for cell in comparison.cells if cell.comparison), default=0)
    holm = f", after Holm over {family} cells" if family > 1 else ""
    return (
        f"{start}\n\nn: pairs of samples; p: one-sided, in the direction of the difference{holm}."
        if family
        else start
    )


class _Sections:
    """The parts of the Markdown, and the rows that fill them."""

    def __init__(self, cells: Sequence[CellPair], report_url: str | None) -> None:
        others = [cell for cell in cells if not _stands_out(cell)]
        self._table = Section(head=table_head(CELL_TITLES))
        self._other_cells = _folded(_counts(others), table_head(CELL_TITLES))
        self._fold_others = len(others) > _UNFOLDED
        self._reasons = Section(head="Why cells fail:\n\n")
        self._samples = {id(cell): _samples_section(cell) for cell in cells}
        self._costs = _folded(cost_total(cells), table_head(COST_TITLES))
        self._notes = _folded("Notes")
        self._report_url = report_url

    def in_order(self) -> list[Section]:
        """All parts, as they follow each other."""
        return [self._table, self._reasons, *self._samples.values(), self._other_cells, self._costs, self._notes]

    def cell_rows(self, cells: Iterable[CellPair]) -> Iterator[Row]:
        """The verdict of each cell."""
        for cell in cells:
            word = verdict_word(cell)
            values = (f"{MARKS[word]} {word}", *cell_values(cell))
            section = self._other_cells if self._fold_others and not _stands_out(cell) else self._table
            yield Row(section=section, text=table_row(values), kind="cell")

    def reason_rows(self, cells: Iterable[CellPair], faults: Iterable[str]) -> Iterator[Row]:
        """Why cells fail that have not simply regressed, and what could not be read."""
        for cell in cells:
            for reason in _reasons(cell):
                yield Row(section=self._reasons, text=f"- {cell_name(cell)}: {reason}", kind="reason")
        for fault in faults:
            yield Row(section=self._reasons, text=f"- cannot be compared: {code(fault, limit=500)}", kind="reason")

    def sample_rows(self, cells: Iterable[CellPair], change: str, which: slice = slice(None)) -> Iterator[Row]:
        """The samples of each cell that changed in this way."""
        for cell in cells:
            for text in changed_samples(cell, change, which, self._report_url):
                yield Row(section=self._samples[id(cell)], text=text, kind=f"{change} sample")

    def cost_rows(self, cells: Iterable[CellPair]) -> Iterator[Row]:
        """What both sides of each cell cost."""
        for cell in cells:
            yield Row(section=self._costs, text=table_row(cost_values(cell)), kind="cost row")

    def note_rows(self, cells: Iterable[CellPair], comparison: RunComparison) -> Iterator[Row]:
        """What to know of each cell, and the cells of one side only."""
        for cell in cells:
            for note in _notes(cell):
                yield Row(section=self._notes, text=f"- {cell_name(cell)}: {note}", kind="note")
        only = (("new, without a baseline", comparison.only_new), ("in the baseline only", comparison.only_old))
        for words, keys in only:
            for key in keys:
                yield Row(section=self._notes, text=f"- {words}: {code('/'.join(key))}", kind="note")


def _stands_out(cell: CellPair) -> bool:
    return cell.failed or verdict_word(cell) == "improved"


def _folded(summary: str, head: str = "", *, shown: bool = False) -> Section:
    before, after = folded(summary, shown=shown)
    return Section(head=before + head, foot=after)


def _samples_section(cell: CellPair) -> Section:
    comparison = cell.comparison
    if comparison is None:
        return _folded(cell_name(cell), table_head(SAMPLE_TITLES))
    changes = (comparison.newly_wrong, comparison.newly_right, comparison.pairing.lost)
    words = ("newly wrong", "newly right", "without a score now")
    counts = ", ".join(f"{len(ids):,} {word}" for ids, word in zip(changes, words, strict=True) if ids)
    shown = cell.failed and sum(map(len, changes)) <= _UNFOLDED
    summary = f"{MARKS[verdict_word(cell)]} {cell_name(cell)}: {counts}"
    return _folded(summary, table_head(SAMPLE_TITLES), shown=shown)


def _reasons(cell: CellPair) -> Iterator[str]:
    if cell.fault is not None:
        yield f"not compared: {code(cell.fault, limit=500)}"
    elif cell.not_measured is not None:
        yield cell.not_measured
    if cell.comparison is not None and (lost := lost_answers_text(cell.comparison)):
        yield lost


def _notes(cell: CellPair) -> Iterator[str]:
    comparison = cell.comparison
    if comparison is None:
        return
    if cell.old.warning:
        yield code(cell.old.warning, limit=500)
    if comparison.verdict == "underpowered":
        yield f"underpowered{explain_verdict(comparison)}".replace("`", "")
    if left_out := unpaired_text(comparison.pairing):
        yield f"left out: {left_out}"
    if not cell.failed and (lost := lost_answers_text(comparison)):
        yield lost
    for other in cell.other_scorers:
        difference = f"difference {other.paired.difference:+.3f} over {other.paired.n} pairs"
        yield f"{code(other.name)}: {difference}, p = {other.paired.p_worse:.3g} for worse; not judged"
