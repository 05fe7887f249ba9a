"""Strategies that mix models: who of several is asked."""

from __future__ import annotations

from ..types import Models


def names(models: Models) -> tuple[str, ...]:
    """The models of a parameter, in order; none where it is empty."""
    return tuple(filter(None, models.split("+")))


def nth(models: Models, i: int) -> str:
    """The model of member i, from 0: they are dealt in turn; empty (the candidate) where none is named."""
    found = names(models)
    return found[i % len(found)] if found else ""
