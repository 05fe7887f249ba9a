"""Scores of match scorers with their explanations."""

from __future__ import annotations

from collections.abc import Sequence

from ...types import Score

MAX_SHOWN = 80


def no_target() -> Score:
    """Returns the unscored Score of a sample without a target."""
    return Score(value=None, explanation="no target")


def compared(answer: str, targets: Sequence[str], correct: bool) -> Score:
    """Returns 1 or 0 with an explanation such as `expected 18, got 26`."""
    if correct:
        return Score(value=1.0, answer=answer, explanation=f"got {show(answer)}, as expected")
    return Score(value=0.0, answer=answer, explanation=f"expected {listed(targets)}, got {show(answer)}")


def not_found(reason: str, targets: Sequence[str]) -> Score:
    """Returns 0 for an output without an answer; the explanation gives the reason."""
    return Score(value=0.0, explanation=f"expected {listed(targets)}, {reason}")


def listed(targets: Sequence[str]) -> str:
    """Returns `a, b or c`, each shortened."""
    return " or ".join(filter(None, [", ".join(map(show, targets[:-1])), show(targets[-1])]))


def show(text: str) -> str:
    """Returns the text on one line, at most MAX_SHOWN characters; quoted if the line would hide characters."""
    plain = text.isprintable() and text == " ".join(text.split()) != ""
    shown = text if plain else repr(text)
    return shown if len(shown) <= MAX_SHOWN else f"{shown[: MAX_SHOWN - 1]}…"
