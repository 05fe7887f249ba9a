"""Bradley–Terry abilities by maximum likelihood with standard errors; a tie counts half a win for both.

P(i beats j) = 1 / (1 + exp(-(a_i - a_j))): Zermelo 1929; Bradley & Terry 1952, "Rank analysis
of incomplete block designs", Biometrika 39. Counting ties as halves keeps abilities on the
scale of wins. The standard error treats a tied game like a decided one, so that it is
somewhat too large if many games are tied, and never too small.

`prior` regularises: every player gets that many pseudo-games in total, spread evenly over all
other players, half won and half lost. With a prior above 0 an estimate always exists. Conner &
Grant 2000 ("An extension of Zermelo's model for ranking by paired comparisons", European
Journal of Applied Mathematics 11) add the same small count to every pair; here it is divided
by the number of opponents, so that its weight does not depend on the size of the tournament.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from .win_counts import Counts, Game, Separation, check_counts, check_games, find_separation, players_of, win_counts

_MAX_STEPS = 200
_TOLERANCE = 1e-9  # a Newton step shorter than this, in log-odds, ends the search


class NoFiniteEstimateError(ValueError):
    """The maximum is at infinity: a group of players is unbeaten or winless, or groups never met."""

    def __init__(self, separation: Separation) -> None:
        message = f"no finite abilities exist: {separation}. Add games, or regularise with `prior` pseudo-games"
        super().__init__(message)
        self.separation = separation


@dataclass(frozen=True, kw_only=True, slots=True)
class Abilities:
    """Abilities on the log-odds scale, centred so that their mean is 0."""

    players: tuple[str, ...]
    values: tuple[float, ...]  # in the order of players
    covariance: tuple[tuple[float, ...], ...]  # of the centred values: the pseudo-inverse of the Fisher information
    n_games: float  # without pseudo-games
    prior: float  # pseudo-games per player; 0: plain maximum likelihood
    steps: int  # Newton steps until one was shorter than 1e-9

    def value(self, player: str) -> float:
        """The centred ability."""
        return self.values[self._index(player)]

    def stderr(self, player: str) -> float:
        """The standard error of the centred ability."""
        index = self._index(player)
        return math.sqrt(self.covariance[index][index])

    def difference(self, a: str, b: str) -> tuple[float, float]:
        """(ability of a minus ability of b, its standard error); exactly (0, 0) if a and b are the same player."""
        i, j, c = self._index(a), self._index(b), self.covariance
        variance = c[i][i] + c[j][j] - 2 * c[i][j]
        return self.values[i] - self.values[j], math.sqrt(max(0.0, variance)) if i != j else 0.0

    def relative_to(self, reference: str) -> dict[str, tuple[float, float]]:
        """Player → (ability, standard error) with the reference at 0, as in published tables."""
        return {name: self.difference(name, reference) for name in self.players}

    def win_chance(self, a: str, b: str) -> float:
        """The model's probability that a beats b."""
        return 1 / (1 + math.exp(-self.difference(a, b)[0]))

    def _index(self, player: str) -> int:
        try:
            return self.players.index(player)
        except ValueError:
            raise ValueError(f"no player {player!r}; the players are {', '.join(self.players)}") from None


def fit(games: Sequence[Game], *, prior: float = 0.0, ids: Sequence[Hashable] | None = None) -> Abilities:
    """The abilities that maximise the likelihood of the games; players are sorted by name.

    `ids` has one name per game. Raises NoFiniteEstimateError, which names the groups, and
    ValueError for no game, a game of a player against itself, a score other than 0, 0.5 and 1,
    or a repeated id.
    """
    check_games(games, ids)
    players = players_of(games)
    return fit_counts(players, win_counts(games, players), prior=prior)


def fit_counts(players: Sequence[str], counts: Counts, *, prior: float = 0.0) -> Abilities:
    """The abilities from counts of wins; [i, j] = wins of i against j. Raises as `fit` does."""
    counts = np.asarray(counts, dtype=float)
    check_counts(players, counts)
    if not (math.isfinite(prior) and prior >= 0):
        raise ValueError(f"prior={prior!r}: must be a number of pseudo-games, at least 0")
    separation = find_separation(players, counts)
    if separation is not None and prior == 0:
        raise NoFiniteEstimateError(separation)
    regularised = with_prior(counts, prior)
    values, converged, steps = maximise(regularised)
    if not converged.all():
        raise ValueError(f"no maximum after {steps} Newton steps: use a larger prior than {prior:g}")
    return Abilities(
        players=tuple(players),
        values=tuple(map(float, values)),
        covariance=tuple(tuple(map(float, row)) for row in covariance_of(regularised, values)),
        n_games=float(counts.sum()),
        prior=prior,
        steps=steps,
    )


def with_prior(counts: Counts, prior: float) -> Counts:
    """The counts plus `prior` pseudo-games per player, spread evenly over the others, half of them won."""
    k = counts.shape[-1]
    regularised: Counts = counts + prior / (2 * (k - 1)) * (1 - np.eye(k))
    return regularised


def maximise(counts: Counts) -> tuple[Counts, Counts, int]:
    """(centred abilities [..., k], whether each search converged [...], steps) for counts [..., k, k].

    Newton's method with step halving, starting with all abilities at 0. The likelihood is
    concave, so that it converges from any start if Ford's condition holds.
    """
    values = np.zeros(counts.shape[:-1])
    converged = np.zeros(counts.shape[:-2], dtype=bool)
    steps = 0
    while steps < _MAX_STEPS and not converged.all():
        steps += 1
        step = _newton_step(counts, values)
        # The quadratic approximation is poor where the likelihood is nearly flat, so steps are limited to 3 log-odds.
        step *= np.minimum(1.0, 3.0 / np.maximum(np.abs(step).max(-1, keepdims=True), 1e-300))
        step *= _shrink(counts, values, step)[..., None]
        values = np.where(converged[..., None], values, values + step)
        converged = converged | (np.abs(step).max(-1) < _TOLERANCE)
    return values - values.mean(-1, keepdims=True), converged, steps


def information(counts: Counts, values: Counts) -> Counts:
    """Fisher information of the abilities, [..., k, k]: a Laplacian with weights n_ij p_ij p_ji; rows sum to 0."""
    chance = chances(values)
    weights = (counts + np.swapaxes(counts, -1, -2)) * chance * np.swapaxes(chance, -1, -2)
    total: Counts = weights.sum(-1)[..., None] * np.eye(counts.shape[-1]) - weights
    return total


def _newton_step(counts: Counts, values: Counts) -> Counts:
    n = counts + np.swapaxes(counts, -1, -2)
    gradient = (counts - n * chances(values)).sum(-1)
    step: Counts = np.linalg.solve(_lifted(information(counts, values)), gradient[..., None])[..., 0]
    return step


def _lifted(laplacian: Counts) -> Counts:
    """The Laplacian, made invertible by a mean weight for its null direction (a shift of all abilities)."""
    k = laplacian.shape[-1]
    weight = np.trace(laplacian, axis1=-1, axis2=-2)[..., None, None] / k
    lifted: Counts = laplacian + weight / k
    return lifted


def covariance_of(counts: Counts, values: Counts) -> Counts:
    """The covariance of the centred abilities: the pseudo-inverse of the information."""
    laplacian = information(counts, values)
    inverse: Counts = np.linalg.inv(_lifted(laplacian)) - 1 / np.trace(laplacian)
    return inverse


def _shrink(counts: Counts, values: Counts, step: Counts) -> Counts:
    """The largest of 1, 1/2, 1/4, ... at which the step does not lower the likelihood."""
    size = np.ones(values.shape[:-1])
    current = _log_likelihood(counts, values)
    for _ in range(30):
        lower = _log_likelihood(counts, values + size[..., None] * step) < current - 1e-12 * (1 + np.abs(current))
        if not lower.any():
            break
        size = np.where(lower, size / 2, size)
    return size


def _log_likelihood(counts: Counts, values: Counts) -> Counts:
    differences = values[..., :, None] - values[..., None, :]
    total: Counts = -(counts * np.logaddexp(0.0, -differences)).sum((-1, -2))
    return total


def chances(values: Counts) -> Counts:
    """[..., i, j]: the probability that i beats j."""
    from scipy.special import expit

    chances: Counts = expit(values[..., :, None] - values[..., None, :])
    return chances
