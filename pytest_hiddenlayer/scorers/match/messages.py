"""The words of a verdict: what every match scorer says when it has compared."""

from __future__ import annotations

from collections.abc import Sequence

from ...types import Score

MAX_SHOWN = 80


def no_target() -> Score:
    """The unscored verdict on a sample that has nothing to compare with."""
    return Score(value=None, explanation="no target")


def compared(answer: str, targets: Sequence[str], right: bool) -> Score:
    """1 or 0, with a sentence such as `expected 18, got 26`."""
    if right:
        return Score(value=1.0, answer=answer, explanation=f"got {show(answer)}, as expected")
    return Score(value=0.0, answer=answer, explanation=f"expected {listed(targets)}, got {show(answer)}")


def not_found(what: str, targets: Sequence[str]) -> Score:
    """0 for an output in which no answer can be found; the sentence says that this is the reason."""
    return Score(value=0.0, explanation=f"expected {listed(targets)}, {what}")


def listed(targets: Sequence[str]) -> str:
    """`a, b or c`, each shortened."""
    return " or ".join(filter(None, [", ".join(map(show, targets[:-1])), show(targets[-1])]))


def show(text: str) -> str:
    """The text on one line, shortened; quoted where its spaces or unprintable characters would be lost."""
    plain = text.isprintable() and text == " ".join(text.split()) != ""
    shown = text if plain else repr(text)
    return shown if len(shown) <= MAX_SHOWN else f"{shown[: MAX_SHOWN - 1]}…"
