"""Review output for the terminal: one item, the list of failure modes, and the table of modes by strategy."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...report.text_table import grid
from ...terminal_escape import block, one_line
from ..answers import player_of, prompt_of
from .mode_counts import ModeCounts, ModeShare
from .reviews import Item, Review

MAX_LINES = 24
"""Lines of a text that are shown before the rest is folded."""


def card(item: Item, progress: str, review: Review | None, *, full: bool) -> Iterator[str]:
    """The item's prompt, expected and given answer, and its last call; with `full` every call, and nothing folded."""
    record, max_lines = item.record, None if full else MAX_LINES
    yield _title(item, progress)
    yield _verdict(item)
    yield from ("prompt", *block(prompt_of(record), max_lines=max_lines))
    if record.target is not None:
        yield from _named("expected", _targets(record.target), max_lines)
    yield from _named("got", _answer(record.answer), max_lines)
    if item.old_side:
        yield from _named(f"before, {one_line(item.old_side)}", _answer(item.old_answer), max_lines)
        if full and item.old_output is not None:
            yield from ("before, the whole output", *block(item.old_output))
    yield from _calls(record.transcript, full=full)
    if record.output is not None and not _ends_with(record.transcript, record.output):
        yield from ("output", *block(record.output, max_lines=max_lines))
    if review is not None:
        note = f" ({one_line(review.note)})" if review.note else ""
        yield f"labelled {one_line(review.mode or '')}{note} by {one_line(review.reviewer)}"


def mode_list(counts: Mapping[str, int]) -> str:
    """`1 off-by-one (3)  2 refusal (1)`."""
    return "  ".join(f"{number} {one_line(mode)} ({n})" for number, (mode, n) in enumerate(counts.items(), 1))


def mode_table(counts: ModeCounts, *, width: int, colour: bool) -> str:
    """Modes by strategy: the count, the share of labelled items, and its exact 95 % interval."""
    headings = [f"{one_line(s)}\n{counts.labelled[s]} of {counts.items[s]} labelled" for s in counts.strategies]
    rows = [
        (one_line(mode), *(_share(counts.shares.get((mode, strategy))) for strategy in counts.strategies))
        for mode in counts.modes
    ]
    table_width = max(width, 30 + 28 * len(counts.strategies))
    return grid(("mode", *headings), rows, width=table_width, colour=colour, fold=("mode",)) + "\n"


def _title(item: Item, progress: str) -> str:
    record = item.record
    epoch = f"#{record.epoch}" if record.epoch > 1 else ""
    return one_line(f"{progress} {record.task}::{record.sample_id}{epoch}  {player_of(record)}")


def _verdict(item: Item) -> str:
    record = item.record
    score = "" if record.score is None else f", score {record.score:.3g}"
    error = f": {record.error}" if record.error else ""
    explanation = next((score.get("explanation") for score in record.scores.values()), None)
    return one_line(f"{item.what}: {record.outcome}{score}{error}{f' ({explanation})' if explanation else ''}")


def _share(share: ModeShare | None) -> str:
    if share is None:
        return "-"
    low, high = share.ci95
    return f"{share.n:>3}  {share.share:>4.0%} ({low:.0%} to {high:.0%})"


def _calls(calls: Sequence[Mapping[str, Any]], *, full: bool) -> Iterator[str]:
    for number, call in enumerate(calls, 1):
        if not full and number < len(calls):
            continue
        yield one_line(f"call {number} of {len(calls)}: {call.get('role')}, round {call.get('round')}")
        if full:
            for message in call.get("messages", ()):
                yield from (f"  {one_line(str(message['role']))}", *block(message["content"]))
            if call.get("reasoning"):
                yield from ("  thought", *block(call["reasoning"]))
            yield "  answered"
        yield from block(str(call.get("completion", "")), max_lines=None if full else MAX_LINES)


def _ends_with(calls: Sequence[Mapping[str, Any]], output: str) -> bool:
    """Whether the last call's completion is the output, so that it need not be shown twice."""
    return bool(calls) and calls[-1].get("completion") == output


def _named(name: str, text: str, max_lines: int | None) -> Iterator[str]:
    """`name: text` on one line if the text is short, else the name and a block."""
    if len(text) <= 60 and "\n" not in text:
        yield f"{name}: {one_line(text)}"
    else:
        yield from (name, *block(text, max_lines=max_lines))


def _answer(answer: str | None) -> str:
    return "(no answer found)" if answer is None else answer


def _targets(target: Any) -> str:
    return target if isinstance(target, str) else "\n".join(map(str, target))
