"""One run without a baseline, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...results.metrics.cells import CellMetrics
from ...types import SCORED, Record
from ..details import with_interval
from ..page.record_texts import target_text
from .cells import answer_text, cost_text, count_text, unscored_text
from .comparison import MARKER
from .fit import COMMENT_BYTES, Row, Section, fit
from .text import code, folded, link, sample_link, table_head, table_row

CELL_TITLES = ("cell", "score", "scored", "without a score", "cost, USD", "tokens", "time, s")
ANSWER_TITLES = ("outcome", "sample", "target", "answer")


def run_markdown(
    name: str,
    metrics: Sequence[CellMetrics],
    records: Sequence[Record],
    *,
    max_bytes: int = COMMENT_BYTES,
    report_url: str | None = None,
) -> str:
    """The scores of a run and its answers that are not right, in at most `max_bytes` bytes of UTF-8.

    What does not fit is left out and counted. With `report_url`, samples link to their place in
    the report.
    """
    table = Section(head=table_head(CELL_TITLES))
    sections = {cell.config.key: _answers_section(cell) for cell in metrics}
    rows = [
        *(Row(section=table, text=table_row(_cell_values(cell)), kind="cell") for cell in metrics),
        *_answer_rows(name, records, sections, report_url),
    ]
    n, n_cells = sum(sum(cell.outcomes.values()) for cell in metrics), len(metrics)
    counts = f"{n_cells:,} cell{'' if n_cells == 1 else 's'}, {n:,} answer{'' if n == 1 else 's'}"
    report = f" {link('Open the report', report_url)}." if report_url else ""
    start = f"{MARKER}\n### Evals: {counts}\n\n{code(f'run {name}')}, without a baseline.{report}\n\n"
    return fit(start, [table, *sections.values()], rows, max_bytes=max_bytes)


def _cell_name(cell: CellMetrics) -> str:
    config = cell.config
    return f"{code(config.task)} {code(config.label)} {code(f'{config.provider}:{config.slug}')}"


def _cell_values(cell: CellMetrics) -> tuple[str, ...]:
    read, written = cell.usage.input_tokens, cell.usage.output_tokens
    return (
        _cell_name(cell),
        with_interval(cell.estimate),
        f"{cell.n_scored:,} of {cell.n_selected:,}",
        unscored_text(cell.outcomes),
        cost_text(cell.cost_usd),
        count_text(None if read is None or written is None else read + written),
        f"{cell.wall_s:.1f}",
    )


def _answers_section(cell: CellMetrics) -> Section:
    outcomes = ", ".join(f"{count:,} {outcome}" for outcome, count in cell.outcomes.items() if outcome != "correct")
    before, after = folded(f"{_cell_name(cell)}: {outcomes}")
    return Section(head=before + table_head(ANSWER_TITLES), foot=after)


def _answer_rows(
    run: str, records: Sequence[Record], sections: dict[tuple[str, str, str, str], Section], report_url: str | None
) -> Iterator[Row]:
    """The answers that are not right; those without a score first."""
    chosen = [record for record in records if record.outcome != "correct" and record.cell in sections]
    for record in sorted(chosen, key=lambda record: record.outcome in SCORED):
        epoch = f" (epoch {record.epoch})" if record.epoch > 1 else ""
        key = (run, *record.cell, record.sample_id, str(record.epoch))
        name = sample_link(code(record.sample_id) + epoch, report_url, key)
        answer = answer_text(record.answer) if record.error is None else code(record.error)
        values = (record.outcome, name, answer_text(target_text(record.target)), answer)
        yield Row(section=sections[record.cell], text=table_row(values), kind="answer")
