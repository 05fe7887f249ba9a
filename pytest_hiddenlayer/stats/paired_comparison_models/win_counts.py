"""Games between two players, counted; and whether the counts can tell how strong everybody is.

A finite maximum of the Bradley–Terry likelihood exists, and is the only one, exactly when in
every split of the players into two groups somebody of each group has won (or tied) against
somebody of the other: Ford 1957, "Solution of a ranking problem from binary comparisons",
American Mathematical Monthly 64. That is: the graph of "took something from" is strongly
connected.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Counts: TypeAlias = NDArray[np.float64]
    """[..., i, j]: how often player i won against player j, ties as halves for both."""

Game: TypeAlias = tuple[str, str, float]
"""(first, second, score): 1.0 the first won, 0.5 a tie, 0.0 the second won."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Separation:
    """Why no finite abilities exist; its text is a statement that names the groups."""

    apart: tuple[tuple[str, ...], ...]  # groups without a game between them; a single one where all are linked
    unbeaten: tuple[tuple[str, ...], ...]  # took every game against those outside of the group
    winless: tuple[tuple[str, ...], ...]  # lost every game against those outside of the group

    def __str__(self) -> str:
        return "; ".join(self._parts())

    def _parts(self) -> Iterable[str]:
        if len(self.apart) > 1:
            yield f"no game links the groups {' and '.join(map(_braces, self.apart))}"
        for group in self.unbeaten:
            yield f"{_subject(group)} took every game{_outside(group)}"
        for group in self.winless:
            yield f"{_subject(group)} lost every game{_outside(group)}"


def players_of(games: Iterable[Game]) -> tuple[str, ...]:
    """Everybody who played, sorted by name."""
    return tuple(sorted({name for first, second, _ in games for name in (first, second)}))


def check_games(games: Sequence[Game], ids: Sequence[Hashable] | None = None) -> None:
    """Raise ValueError for no game, a game against oneself, a score that is none, or an id that stands twice."""
    if not games:
        raise ValueError("no game: at least one game between two players is needed")
    for at, (first, second, score) in enumerate(games):
        if first == second:
            raise ValueError(f"game {at}: {first!r} plays against itself; a game needs two players")
        if not (isinstance(score, (int, float)) and math.isfinite(score) and score in (0, 0.5, 1)):
            raise ValueError(f"game {at}, {first!r} against {second!r}: the score is {score!r}, not 1.0, 0.5 or 0.0")
    if ids is not None:
        _check_ids(games, ids)


def _check_ids(games: Sequence[Game], ids: Sequence[Hashable]) -> None:
    if len(ids) != len(games):
        raise ValueError(f"{len(games)} games have {len(ids)} ids; one each is needed")
    seen: dict[Hashable, int] = {}
    for at, name in enumerate(ids):
        if name in seen:
            raise ValueError(f"game {at} is a duplicate of game {seen[name]}: {name!r}; count each game once")
        seen[name] = at


def win_counts(games: Iterable[Game], players: Sequence[str]) -> Counts:
    """The counts of the games, rows and columns in the order of `players`."""
    import numpy as np

    place = {name: at for at, name in enumerate(players)}
    counts = np.zeros((len(players), len(players)))
    for first, second, score in games:
        counts[place[first], place[second]] += score
        counts[place[second], place[first]] += 1 - score
    return counts


def check_counts(players: Sequence[str], counts: Counts) -> None:
    """Raise ValueError for counts that are none, for fewer than two players, or where nobody played."""
    import numpy as np

    k = len(players)
    if len(set(players)) < k:
        raise ValueError(f"a player stands twice among {', '.join(players)}")
    if k < 2:
        raise ValueError(f"{k} player{'s' * (k != 1)}: at least two are needed")
    if counts.shape != (k, k):
        raise ValueError(f"{k} players need {k} × {k} counts; got {' × '.join(map(str, counts.shape))}")
    if not (np.isfinite(counts).all() and (counts >= 0).all()):
        raise ValueError("counts of wins are finite and not negative")
    if np.diagonal(counts).any():
        raise ValueError("the diagonal is not 0: a player cannot play against itself")
    if not counts.any():
        raise ValueError("no game: at least one game between two players is needed")


def obstacle(players: Sequence[str], counts: Counts) -> Separation | None:
    """What stands against finite abilities, by Ford's condition; None where nothing does."""
    took = counts > 0
    strong = _components(took, "strong")
    if max(strong) == 0:
        return None
    linked = _components(took, "weak")
    unbeaten, winless = [], []
    for number in range(max(strong) + 1):
        inside = [label == number for label in strong]
        outside = [not at for at in inside]
        won, lost = took[inside][:, outside].any(), took[outside][:, inside].any()
        if won and not lost:
            unbeaten.append(_names(players, inside))
        if lost and not won:
            winless.append(_names(players, inside))
    groups = [_names(players, [label == number for label in linked]) for number in range(max(linked) + 1)]
    return Separation(apart=tuple(groups), unbeaten=tuple(unbeaten), winless=tuple(winless))


def strongly_connected(counts: Counts) -> NDArray[np.bool_]:
    """[...]: whether finite abilities exist for the counts [..., k, k]."""
    import numpy as np

    k = counts.shape[-1]
    reach = ((counts > 0) | np.eye(k, dtype=bool)).astype(np.float32)
    for _ in range(max(1, (k - 1).bit_length())):  # paths of at most 2, 4, 8, ... games
        reach = (reach @ reach > 0).astype(np.float32)
    return np.asarray((reach > 0).all((-1, -2)))


def _components(took: NDArray[np.bool_], kind: Literal["strong", "weak"]) -> list[int]:
    from scipy.sparse.csgraph import connected_components

    _, labels = connected_components(took, directed=True, connection=kind)
    return [int(label) for label in labels]


def _names(players: Sequence[str], inside: Sequence[bool]) -> tuple[str, ...]:
    return tuple(name for name, member in zip(players, inside, strict=True) if member)


def _braces(group: Sequence[str]) -> str:
    return f"{{{', '.join(group)}}}"


def _subject(group: Sequence[str]) -> str:
    return group[0] if len(group) == 1 else _braces(group)


def _outside(group: Sequence[str]) -> str:
    return "" if len(group) == 1 else " against the others"
