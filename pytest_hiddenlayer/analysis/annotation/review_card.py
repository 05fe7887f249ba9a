"""What a reviewer sees: one item as lines for a terminal, and the table of modes by strategy."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from ...terminal_escape import block, one_line
from .labels import player_of
from .reviews import Item, ModeCounts, Review, Share

FOLD = 24
"""Lines of a text that are shown before it is folded."""


def card(item: Item, place: str, review: Review | None, *, everything: bool) -> Iterator[str]:
    """The item: prompt, expected, got, the last call; with `everything` every call and no fold."""
    record, most = item.record, None if everything else FOLD
    score = "" if record.score is None else f", score {record.score:.3g}"
    epoch = f"#{record.epoch}" if record.epoch > 1 else ""
    yield one_line(f"{place} {record.task}::{record.sample_id}{epoch}  {player_of(record)}")
    yield f"{item.what}: {record.outcome}{score}{_why(record.error)}{_explained(record.scores)}"
    yield from ("prompt", *block(_text(record.input), most=most))
    if record.target is not None:
        yield from _named("expected", _targets(record.target), most)
    yield from _named("got", _answer(record.answer), most)
    if item.other:
        yield from _named(f"before, {one_line(item.other)}", _answer(item.other_answer), most)
        if everything and item.other_output is not None:
            yield from ("before, the whole output", *block(item.other_output))
    yield from _calls(item, everything=everything)
    if review is not None:
        note = f" ({one_line(review.note)})" if review.note else ""
        yield f"labelled {one_line(review.mode or '')}{note} by {one_line(review.reviewer)}"


def mode_list(counts: Mapping[str, int]) -> str:
    """`1 off-by-one (3)  2 refusal (1)`."""
    return "  ".join(f"{at} {one_line(mode)} ({n})" for at, (mode, n) in enumerate(counts.items(), 1))


def mode_table(found: ModeCounts, *, width: int, colour: bool) -> str:
    """Modes by strategy: how many, the share of the labelled ones, and Wilson's 95 % interval."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(box=None, pad_edge=False, header_style="bold" if colour else "")
    grid.add_column("mode", overflow="fold")
    for strategy in found.strategies:
        head = f"{one_line(strategy)}\n{found.labelled[strategy]} of {found.items[strategy]} labelled"
        grid.add_column(Text(head), overflow="fold", no_wrap=True)
    for mode in found.modes:
        shares = (found.shares.get((mode, strategy)) for strategy in found.strategies)
        grid.add_row(Text(one_line(mode)), *map(_cell, shares))
    out = io.StringIO()
    wide = max(width, 30 + 28 * len(found.strategies))
    Console(file=out, width=wide, force_terminal=colour, no_color=not colour, legacy_windows=False).print(grid)
    return out.getvalue()


def _cell(share: Share | None) -> str:
    if share is None:
        return "-"
    low, high = share.ci95
    return f"{share.n:>3}  {share.share:>4.0%} ({low:.0%} to {high:.0%})"


def _calls(item: Item, *, everything: bool) -> Iterator[str]:
    calls = item.record.transcript
    output = item.record.output
    for number, call in enumerate(calls, 1):
        if not everything and number < len(calls):
            continue
        yield one_line(f"call {number} of {len(calls)}: {call.get('role')}, round {call.get('round')}")
        if everything:
            for message in call.get("messages", ()):
                yield from (f"  {one_line(str(message['role']))}", *block(message["content"]))
            yield "  answered"
        yield from block(str(call.get("completion", "")), most=None if everything else FOLD)
    if output is not None and (not calls or calls[-1].get("completion") != output):
        yield from ("output", *block(output, most=None if everything else FOLD))


def _named(name: str, text: str, most: int | None) -> Iterator[str]:
    """A short text stands on the line of its name."""
    if len(text) <= 60 and "\n" not in text:
        yield f"{name}: {one_line(text)}"
    else:
        yield from (name, *block(text, most=most))


def _answer(answer: str | None) -> str:
    return "(no answer found)" if answer is None else answer


def _why(error: str | None) -> str:
    return f": {one_line(error)}" if error else ""


def _explained(scores: Mapping[str, Any]) -> str:
    why = next((score.get("explanation") for score in scores.values()), None)
    return f" ({one_line(why)})" if why else ""


def _text(asked: Any) -> str:
    if isinstance(asked, str):
        return asked
    return "\n".join(f"{message['role']}: {message['content']}" for message in asked)


def _targets(target: Any) -> str:
    return target if isinstance(target, str) else "\n".join(map(str, target))
