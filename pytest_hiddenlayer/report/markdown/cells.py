"""The rows of a comparison's Markdown tables: one per cell, and one per changed sample."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial

from ...results.regression.baseline import Baseline, BaselineSample
from ...results.regression.compare_runs import CellPair
from ...stats.estimate.mean_interval import Estimate
from ...types import SCORED
from .text import code, sample_link, table_row, unbroken

CELL_TITLES = ("verdict", "cell", "score", "difference [95 % interval]", "n", "p", "newly")
SAMPLE_TITLES = ("change", "sample", "old answer", "new answer", "score")
COST_TITLES = ("cell", "cost, USD", "tokens", "time, s", "answers without a score")
_ARROW = " → "


def cell_name(cell: CellPair) -> str:
    """The task, strategy and model of a cell; of both sides, if they differ."""
    sides = tuple(f"{code(side.key[1])} {code(f'{side.key[2]}:{side.key[3]}')}" for side in (cell.old, cell.new))
    return f"{code(cell.task)} {_ARROW.join(dict.fromkeys(sides))}"


def cell_values(cell: CellPair) -> tuple[str, ...]:
    """A row below CELL_TITLES, without the verdict; `?` is unknown."""
    comparison = cell.comparison
    if comparison is None:
        return (cell_name(cell), "?", "?", "0", "?", "?")
    paired = comparison.paired
    p = comparison.p_better if paired.difference > 0 else comparison.p_worse
    interval = "?" if paired.ci95 is None else f"[{paired.ci95[0]:+.3f}, {paired.ci95[1]:+.3f}]"
    changes = ((len(comparison.newly_wrong), "wrong"), (len(comparison.newly_right), "right"))
    return (
        cell_name(cell),
        unbroken(f"{_mean(comparison.old)}{_ARROW}{_mean(comparison.new)}"),
        unbroken(f"{paired.difference:+.3f} {interval}"),
        f"{paired.n:,}",
        f"{p:.3g}",
        ", ".join(unbroken(f"{n:,} {word}") for n, word in changes if n) or "none",
    )


def _mean(estimate: Estimate) -> str:
    return "?" if estimate.mean is None else f"{estimate.mean:.3f}"


def changed_samples(cell: CellPair, change: str, which: slice, report_url: str | None) -> Iterator[Callable[[], str]]:
    """What makes the rows below SAMPLE_TITLES of a cell's samples that changed in this way."""
    comparison = cell.comparison
    if comparison is None:
        return
    ids = {
        "newly wrong": comparison.newly_wrong,
        "newly right": comparison.newly_right,
        "lost": comparison.pairing.lost,
    }[change]
    for sample_id in ids[which]:
        yield partial(_changed_row, cell, change, sample_id, report_url)


def _changed_row(cell: CellPair, change: str, sample_id: str, report_url: str | None) -> str:
    old, new = cell.old.samples[sample_id], cell.new.samples[sample_id]
    return table_row(
        (
            unbroken(f"no score: {new.outcome}" if change == "lost" else change),
            _sample_name(cell.new, sample_id, report_url),
            answer_text(old.answer),
            answer_text(new.answer),
            unbroken(_ARROW.join(_score(side) for side in (old, new))),
        )
    )


def _sample_name(side: Baseline, sample_id: str, report_url: str | None) -> str:
    if side.run_id is None:
        return code(sample_id)
    return sample_link(code(sample_id), report_url, (side.run_id, *side.key, sample_id, "1"))


def answer_text(answer: str | None) -> str:
    """An answer; `none` if none was found, `empty` if it has no visible character."""
    if answer is None:
        return "none"
    return code(answer) if answer.strip() else "empty"


def _score(sample: BaselineSample) -> str:
    score = "?" if sample.score is None else f"{sample.score:.3g}"
    return f"{score} of {sample.n_scored} epochs" if sample.n_scored > 1 else score


def cost_values(cell: CellPair) -> tuple[str, ...]:
    """A row below COST_TITLES, old → new; `?` is unknown."""
    return (
        cell_name(cell),
        _both(cell, lambda side: cost_text(side.cost_usd)),
        _both(cell, lambda side: count_text(_tokens(side))),
        _both(cell, lambda side: "?" if side.wall_s is None else f"{side.wall_s:.1f}"),
        _both(cell, lambda side: unscored_text(side.outcomes)),
    )


def cost_total(cells: Iterable[CellPair]) -> str:
    """Cost and tokens of all cells in one line, old → new."""
    sides = [[getattr(cell, side) for cell in cells] for side in ("old", "new")]
    costs = _ARROW.join(cost_text(_sum(cell.cost_usd for cell in side)) for side in sides)
    tokens = _ARROW.join(count_text(_sum(map(_tokens, side))) for side in sides)
    return f"Cost {costs} USD, tokens {tokens}"


def _sum(values: Iterable[float | None]) -> float | None:
    """The sum; None if one of them is unknown."""
    total = 0.0
    for value in values:
        if value is None:
            return None
        total += value
    return total


def _both(cell: CellPair, text: Callable[[Baseline], str]) -> str:
    return _ARROW.join((text(cell.old), text(cell.new)))


def cost_text(cost_usd: float | None) -> str:
    """A cost in US dollars without the sign, which some sites take for the start of a formula."""
    return "?" if cost_usd is None else f"{cost_usd:.4f}" if cost_usd else "0"


def _tokens(side: Baseline) -> int | None:
    usage = side.usage or {}
    read, written = usage.get("input_tokens"), usage.get("output_tokens")
    return None if read is None or written is None else read + written


def count_text(count: float | None) -> str:
    """A number of tokens; `?` is unknown."""
    return "?" if count is None else f"{count:,.0f}"


def unscored_text(outcomes: Mapping[str, int] | None) -> str:
    """The number of answers without a score by outcome, such as `2 truncated, 1 error`; `?` is unknown."""
    if outcomes is None:
        return "?"
    counts = [f"{n:,} {outcome}" for outcome, n in outcomes.items() if outcome not in SCORED and n]
    return ", ".join(counts) or "0"
