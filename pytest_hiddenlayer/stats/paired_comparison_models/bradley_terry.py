"""Bradley–Terry abilities by maximum likelihood, ties as halves, with standard errors.

P(i beats j) = 1 / (1 + exp(-(a_i - a_j))): Zermelo 1929; Bradley & Terry 1952, "Rank analysis
of incomplete block designs", Biometrika 39. A tie is half a win for both, so that abilities
stay on the scale of wins; the standard error takes a tied game for a decided one and is
therefore somewhat too large where many games are tied, never too small for that reason.

`prior` regularises: every player gets that many pseudo-games in all, spread evenly over all
other players and half won, half lost. With a prior above 0 an estimate always exists. Conner &
Grant 2000 ("An extension of Zermelo's model for ranking by paired comparisons", European
Journal of Applied Mathematics 11) add the same small count to every pair; here it is divided
by the number of opponents, so that it weighs the same in tournaments of any size.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .win_counts import Game, Separation, check_counts, check_games, obstacle, players_of, win_counts

if TYPE_CHECKING:
    from .win_counts import Counts

_STEPS = 200
_CLOSE = 1e-9  # a Newton step shorter than this, in log-odds, ends the search


class NoFiniteEstimateError(ValueError):
    """The maximum lies at infinity: somebody is unbeaten or winless, or groups never met."""

    def __init__(self, found: Separation) -> None:
        super().__init__(f"no finite abilities exist: {found}. Add games, or regularise with `prior` pseudo-games")
        self.obstacle = found


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """Abilities on the log-odds scale, centred: their mean is 0."""

    players: tuple[str, ...]
    values: tuple[float, ...]  # in the order of players
    covariance: tuple[tuple[float, ...], ...]  # of the centred values: the inverse Fisher information's
    n_games: float  # without pseudo-games
    prior: float  # pseudo-games a player; 0: plain maximum likelihood
    steps: int  # Newton steps until the last one was shorter than 1e-9

    def value(self, player: str) -> float:
        """The centred ability."""
        return self.values[self._at(player)]

    def stderr(self, player: str) -> float:
        """The standard error of the centred ability."""
        at = self._at(player)
        return math.sqrt(self.covariance[at][at])

    def difference(self, a: str, b: str) -> tuple[float, float]:
        """(ability of a minus ability of b, its standard error); exactly (0, 0) of a player and itself."""
        i, j, c = self._at(a), self._at(b), self.covariance
        variance = c[i][i] + c[j][j] - 2 * c[i][j]
        return self.values[i] - self.values[j], math.sqrt(max(0.0, variance)) if i != j else 0.0

    def relative_to(self, reference: str) -> dict[str, tuple[float, float]]:
        """Player → (ability, standard error) with the reference at 0: the form of published tables."""
        return {name: self.difference(name, reference) for name in self.players}

    def win_chance(self, a: str, b: str) -> float:
        """The model's probability that a beats b."""
        return 1 / (1 + math.exp(-self.difference(a, b)[0]))

    def _at(self, player: str) -> int:
        try:
            return self.players.index(player)
        except ValueError:
            raise ValueError(f"no player {player!r}; there are {', '.join(self.players)}") from None


def fit(games: Sequence[Game], *, prior: float = 0.0, ids: Sequence[Hashable] | None = None) -> Abilities:
    """The abilities that make the games most likely; players sorted by name.

    `ids`, where given, are one name a game. Raises NoFiniteEstimateError, which names the groups;
    ValueError for no game, a game against oneself, a score that is none, or a repeated id.
    """
    check_games(games, ids)
    players = players_of(games)
    return fit_counts(players, win_counts(games, players), prior=prior)


def fit_counts(players: Sequence[str], counts: Counts, *, prior: float = 0.0) -> Abilities:
    """The same from counts of wins, [i, j] = wins of i against j. Raises as `fit` does."""
    import numpy as np

    counts = np.asarray(counts, dtype=float)
    check_counts(players, counts)
    if not (math.isfinite(prior) and prior >= 0):
        raise ValueError(f"prior={prior!r}: a number of pseudo-games, at least 0, is needed")
    found = obstacle(players, counts)
    if found is not None and prior == 0:
        raise NoFiniteEstimateError(found)
    whole = with_prior(counts, prior)
    values, ended, steps = maximise(whole)
    if not ended.all():
        raise ValueError(f"no maximum after {steps} Newton steps: a larger prior than {prior:g} is needed")
    return Abilities(
        players=tuple(players),
        values=tuple(map(float, values)),
        covariance=tuple(tuple(map(float, row)) for row in covariance_of(whole, values)),
        n_games=float(counts.sum()),
        prior=prior,
        steps=steps,
    )


def with_prior(counts: Counts, prior: float) -> Counts:
    """The counts with `prior` pseudo-games a player added, evenly over the others, half of them won."""
    import numpy as np

    k = counts.shape[-1]
    more: Counts = counts + prior / (2 * (k - 1)) * (1 - np.eye(k))
    return more


def maximise(counts: Counts) -> tuple[Counts, Counts, int]:
    """(centred abilities [..., k], whether each search ended [...], steps) for counts [..., k, k].

    Newton's method with halved steps from all abilities 0; the likelihood is concave, so that
    the maximum, where Ford's condition holds, is found from anywhere.
    """
    import numpy as np

    values = np.zeros(counts.shape[:-1])
    ended = np.zeros(counts.shape[:-2], dtype=bool)
    steps = 0
    while steps < _STEPS and not ended.all():
        steps += 1
        step = _newton_step(counts, values)
        # A step of more than 3 log-odds comes from a nearly flat place, where the quadratic is far off.
        step *= np.minimum(1.0, 3.0 / np.maximum(np.abs(step).max(-1, keepdims=True), 1e-300))
        step *= _shrink(counts, values, step)[..., None]
        values = np.where(ended[..., None], values, values + step)
        ended = ended | (np.abs(step).max(-1) < _CLOSE)
    return values - values.mean(-1, keepdims=True), ended, steps


def information(counts: Counts, values: Counts) -> Counts:
    """Fisher information of the abilities, [..., k, k]: a Laplacian with weights n_ij p_ij p_ji; rows sum to 0."""
    import numpy as np

    chance = _chances(values)
    weights = (counts + np.swapaxes(counts, -1, -2)) * chance * np.swapaxes(chance, -1, -2)
    total: Counts = weights.sum(-1)[..., None] * np.eye(counts.shape[-1]) - weights
    return total


def _newton_step(counts: Counts, values: Counts) -> Counts:
    import numpy as np

    n = counts + np.swapaxes(counts, -1, -2)
    slope = (counts - n * _chances(values)).sum(-1)
    step: Counts = np.linalg.solve(_lifted(information(counts, values)), slope[..., None])[..., 0]
    return step


def _lifted(laplacian: Counts) -> Counts:
    """The Laplacian with its null direction (all abilities moved alike) given the weight of the others."""
    import numpy as np

    k = laplacian.shape[-1]
    weight = np.trace(laplacian, axis1=-1, axis2=-2)[..., None, None] / k
    lifted: Counts = laplacian + weight / k
    return lifted


def covariance_of(counts: Counts, values: Counts) -> Counts:
    """The pseudo-inverse of the information: covariance of the centred abilities."""
    import numpy as np

    laplacian = information(counts, values)
    inverse: Counts = np.linalg.inv(_lifted(laplacian)) - 1 / np.trace(laplacian)
    return inverse


def _shrink(counts: Counts, values: Counts, step: Counts) -> Counts:
    """The largest of 1, 1/2, 1/4, ... by which the step does not lower the likelihood."""
    import numpy as np

    size = np.ones(values.shape[:-1])
    now = _log_likelihood(counts, values)
    for _ in range(30):
        lower = _log_likelihood(counts, values + size[..., None] * step) < now - 1e-12 * (1 + np.abs(now))
        if not lower.any():
            break
        size = np.where(lower, size / 2, size)
    return size


def _log_likelihood(counts: Counts, values: Counts) -> Counts:
    import numpy as np

    apart = values[..., :, None] - values[..., None, :]
    total: Counts = -(counts * np.logaddexp(0.0, -apart)).sum((-1, -2))
    return total


def _chances(values: Counts) -> Counts:
    """[..., i, j]: the probability that i beats j."""
    from scipy.special import expit

    chances: Counts = expit(values[..., :, None] - values[..., None, :])
    return chances
