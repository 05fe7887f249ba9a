"""Counts of wins between players, and whether they determine finite Bradley–Terry abilities.

A finite maximum of the Bradley–Terry likelihood exists, and is unique, exactly if in every split
of the players into two groups some player of each group won (or tied) against a player of the
other: Ford 1957, "Solution of a ranking problem from binary comparisons", American Mathematical
Monthly 64. Equivalently, the directed graph of "won or tied against" is strongly connected.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Counts: TypeAlias = NDArray[np.float64]
"""[..., i, j]: wins of player i against player j; a tie counts half for both."""

Game: TypeAlias = tuple[str, str, float]
"""(first, second, score): 1.0 if the first won, 0.5 for a tie, 0.0 if the second won."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Separation:
    """Why no finite abilities exist. `str()` returns a sentence that names the groups."""

    apart: tuple[tuple[str, ...], ...]  # groups without a game between them; a single group if all are linked
    unbeaten: tuple[tuple[str, ...], ...]  # won every game against players outside of the group
    winless: tuple[tuple[str, ...], ...]  # lost every game against players outside of the group

    def __str__(self) -> str:
        return "; ".join(self._parts())

    def _parts(self) -> Iterable[str]:
        if len(self.apart) > 1:
            yield f"no game links the groups {' and '.join(map(_braces, self.apart))}"
        for group in self.unbeaten:
            yield f"{_subject(group)} won every game{_outside(group)}"
        for group in self.winless:
            yield f"{_subject(group)} lost every game{_outside(group)}"


def players_of(games: Iterable[Game]) -> tuple[str, ...]:
    """All players, sorted by name."""
    return tuple(sorted({name for first, second, _ in games for name in (first, second)}))


def check_games(games: Sequence[Game], ids: Sequence[Hashable] | None = None) -> None:
    """Raises ValueError for no game, a player against itself, a score other than 0, 0.5 and 1, or a repeated id."""
    if not games:
        raise ValueError("no games: at least one game between two players is needed")
    for index, (first, second, score) in enumerate(games):
        if first == second:
            raise ValueError(f"game {index}: {first!r} plays against itself; a game needs two players")
        if not (isinstance(score, (int, float)) and math.isfinite(score) and score in (0, 0.5, 1)):
            raise ValueError(f"game {index}, {first!r} against {second!r}: score {score!r} is not 1.0, 0.5 or 0.0")
    if ids is not None:
        _check_ids(games, ids)


def _check_ids(games: Sequence[Game], ids: Sequence[Hashable]) -> None:
    if len(ids) != len(games):
        raise ValueError(f"{len(games)} games have {len(ids)} ids; every game needs one")
    first_use: dict[Hashable, int] = {}
    for index, name in enumerate(ids):
        if name in first_use:
            raise ValueError(f"game {index} is a duplicate of game {first_use[name]}: {name!r}; pass each game once")
        first_use[name] = index


def win_counts(games: Iterable[Game], players: Sequence[str]) -> Counts:
    """The counts of wins; rows and columns are in the order of `players`."""
    index = {name: position for position, name in enumerate(players)}
    counts = np.zeros((len(players), len(players)))
    for first, second, score in games:
        counts[index[first], index[second]] += score
        counts[index[second], index[first]] += 1 - score
    return counts


def check_counts(players: Sequence[str], counts: Counts) -> None:
    """Raises ValueError for invalid counts, fewer than two players, a repeated player, or no game."""
    k = len(players)
    if len(set(players)) < k:
        raise ValueError(f"a player is listed twice: {', '.join(players)}")
    if k < 2:
        raise ValueError(f"{k} player{'s' * (k != 1)}: at least two are needed")
    if counts.shape != (k, k):
        raise ValueError(f"{k} players need {k} × {k} counts; got {' × '.join(map(str, counts.shape))}")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError("counts of wins must be finite and not negative")
    if np.diagonal(counts).any():
        raise ValueError("the diagonal must be 0: a player cannot play against itself")
    if not counts.any():
        raise ValueError("no games: at least one game between two players is needed")


def find_separation(players: Sequence[str], counts: Counts) -> Separation | None:
    """The groups that keep finite abilities from existing, by Ford's condition; None if they exist."""
    beat = counts > 0
    strong_labels = _components(beat, "strong")
    if max(strong_labels) == 0:
        return None
    weak_labels = _components(beat, "weak")
    unbeaten, winless = [], []
    for number in range(max(strong_labels) + 1):
        inside = [label == number for label in strong_labels]
        outside = [not member for member in inside]
        won, lost = beat[inside][:, outside].any(), beat[outside][:, inside].any()
        if won and not lost:
            unbeaten.append(_names(players, inside))
        if lost and not won:
            winless.append(_names(players, inside))
    groups = [_names(players, [label == number for label in weak_labels]) for number in range(max(weak_labels) + 1)]
    return Separation(apart=tuple(groups), unbeaten=tuple(unbeaten), winless=tuple(winless))


def strongly_connected(counts: Counts) -> NDArray[np.bool_]:
    """Whether finite abilities exist, [...], for the counts [..., k, k]."""
    k = counts.shape[-1]
    reach = ((counts > 0) | np.eye(k, dtype=bool)).astype(np.float32)
    for _ in range(max(1, (k - 1).bit_length())):  # paths of at most 2, 4, 8, ... games
        reach = (reach @ reach > 0).astype(np.float32)
    return np.asarray((reach > 0).all((-1, -2)))


def _components(beat: NDArray[np.bool_], kind: Literal["strong", "weak"]) -> list[int]:
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(beat, directed=True, connection=kind)
    return [int(label) for label in labels]


def _names(players: Sequence[str], inside: Sequence[bool]) -> tuple[str, ...]:
    return tuple(name for name, member in zip(players, inside, strict=True) if member)


def _braces(group: Sequence[str]) -> str:
    return f"{{{', '.join(group)}}}"


def _subject(group: Sequence[str]) -> str:
    return group[0] if len(group) == 1 else _braces(group)


def _outside(group: Sequence[str]) -> str:
    return "" if len(group) == 1 else " against the others"
