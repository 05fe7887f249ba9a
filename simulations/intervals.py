"""Coverage of the 95 % intervals: means, differences, pass@k, calibration, abilities."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.special import expit, ndtr

from pytest_hiddenlayer.stats.calibration.calibration import calibration
from pytest_hiddenlayer.stats.estimate.mean_interval import estimate
from pytest_hiddenlayer.stats.estimate.pass_at_k import pass_at_k
from pytest_hiddenlayer.stats.paired.compare import compare_pairs
from pytest_hiddenlayer.stats.paired_comparison_models.bradley_terry import NoFiniteEstimateError, fit
from pytest_hiddenlayer.stats.paired_comparison_models.rank_bootstrap import PRIOR_GAMES, rank_intervals

from .answers import names_of, sizes_of
from .check import Check, Draw

LOWEST = 0.93
COVERED = "covers the true value"
Values = Callable[[np.random.Generator, int], np.ndarray]


def coverage(section: str, case: str, draw: Draw, runs: int = 1000) -> Check:
    """A check that an interval covers in at least 93 %."""
    return Check(section=section, case=case, event=COVERED, draw=draw, low=LOWEST, runs=runs)


def contains(interval: tuple[float, float] | None, truth: float) -> bool | None:
    """Whether the interval contains the truth; None if there is no interval."""
    return None if interval is None else interval[0] - 1e-9 <= truth <= interval[1] + 1e-9


def checks() -> Iterator[Check]:
    """All checks of intervals."""
    yield from _means()
    yield from _differences()
    yield from _calibration()
    yield from _abilities()


def _means() -> Iterator[Check]:
    section = "mean"
    for n in (10, 30, 100):
        for p in (0.02, 0.5, 0.98):
            yield coverage(section, f"right/wrong, n={n}, p={p}", _mean(_binary(p), p, n))
    for name, values, truth in (
        ("beta(9, 1)", _beta(9, 1), 0.9),
        ("beta(½, ½)", _beta(0.5, 0.5), 0.5),
        ("0 in 5 %, else 0.97", _rare(0.05), 0.95 * 0.97),
        ("0 in 2 %, else 0.97", _rare(0.02), 0.98 * 0.97),
    ):
        for n in (10, 50):
            yield coverage(section, f"graded {name}, n={n}", _mean(values, truth, n), 600)
    for n_groups in (3, 10, 20):
        for p in (0.02, 0.5, 0.98):
            case = f"right/wrong, {n_groups} groups of 1 to 50, p={p}, correlation .3"
            yield coverage(section, case, _grouped_mean(n_groups, p), 600)
    yield coverage(section, "graded, 3 groups of 1 to 50", _grouped_graded(3), 600)
    yield coverage(section, "graded, 10 groups of 1 to 50", _grouped_graded(10), 600)
    for n in (10, 30):
        yield coverage("pass@4 of 5 epochs", f"beta(1, 1), n={n}", _pass_at_4(n), 600)


def _binary(p: float) -> Values:
    return lambda random, n: (random.random(n) < p).astype(float)


def _beta(a: float, b: float) -> Values:
    return lambda random, n: random.beta(a, b, size=n)


def _rare(p: float) -> Values:
    return lambda random, n: np.where(random.random(n) < p, 0.0, 0.97)


def _mean(values: Values, truth: float, n: int) -> Draw:
    return lambda random: contains(estimate(values(random, n).tolist()).ci95, truth)


def _grouped_mean(n_groups: int, p: float) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        sizes = sizes_of(random, n_groups, 1, 50)
        shares = random.beta(p * 7 / 3, (1 - p) * 7 / 3, size=n_groups).repeat(sizes)
        right = (random.random(len(shares)) < shares).astype(float)
        return contains(estimate(right.tolist(), names_of(sizes)).ci95, p)

    return draw


def _grouped_graded(n_groups: int) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        sizes = sizes_of(random, n_groups, 1, 50)
        values = random.beta(9, 1, size=n_groups).repeat(sizes)
        return contains(estimate(values.tolist(), names_of(sizes)).ci95, 0.9)

    return draw


def _pass_at_4(n: int) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        right = random.binomial(5, random.random(n))
        # E[1 - (1 - p)^4] over p uniform in [0, 1] is 1 - 1/5.
        return contains(estimate([pass_at_k(5, int(k), 4) for k in right]).ci95, 0.8)

    return draw


def _differences() -> Iterator[Check]:
    section = "difference"
    for n, wrong, right in ((10, 0.1, 0.1), (38, 0.05, 0.0), (100, 0.02, 0.0), (60, 0.2, 0.1)):
        case = f"right/wrong, n={n}, {wrong:g} newly wrong, {right:g} newly right"
        yield coverage(section, case, _paired(n, wrong, right))
    for n in (10, 30):
        yield coverage(section, f"graded, a drop of .5 in 10 %, n={n}", _graded_drop(n), 600)
    for n_groups in (3, 10, 20):
        yield coverage(section, f"right/wrong, {n_groups} groups of 1 to 50", _grouped_difference(n_groups), 600)


def _paired(n: int, wrong: float, right: float) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        b, c, _ = random.multinomial(n, [wrong, right, 1 - wrong - right])
        old = [1.0] * b + [0.0] * c + [1.0] * (n - b - c)
        new = [0.0] * b + [1.0] * c + [1.0] * (n - b - c)
        return contains(compare_pairs(old, new).ci95, right - wrong)

    return draw


def _graded_drop(n: int) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        old = 0.8 + 0.1 * random.random(n)
        new = old - np.where(random.random(n) < 0.1, 0.5, 0.0) + 0.02 * (random.random(n) - 0.5)
        return contains(compare_pairs(old.tolist(), new.tolist()).ci95, -0.05)

    return draw


def _grouped_difference(n_groups: int) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        sizes = sizes_of(random, n_groups, 1, 50)
        old_share, new_share = (random.beta(a, b, size=n_groups).repeat(sizes) for a, b in ((3.5, 1.5), (3, 2)))
        old, new = ((random.random(len(share)) < share).astype(float).tolist() for share in (old_share, new_share))
        return contains(compare_pairs(old, new, names_of(sizes)).ci95, -0.1)

    return draw


def _calibration() -> Iterator[Check]:
    for n in (15, 50, 150):
        yield coverage("Brier score", f"calibrated, n={n}", _brier(n), 600)
        for distance in (1.0, 3.0):
            truth = float(ndtr(distance / 2**0.5))
            yield coverage("AUROC", f"{truth:.2f}, 80 % right, n={n}", _auroc(n, distance, truth), 600)
        yield coverage("AURC", f"80 % right, n={n}", _aurc(n, 0.8), 600)
    yield coverage("AURC", "95 % right, n=150", _aurc(150, 0.95), 600)


def _brier(n: int) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        confidence = random.beta(4, 1, size=n)
        right = random.random(n) < confidence
        found = calibration(confidence.tolist(), right.tolist())
        return None if found is None else contains(found.brier.ci95, 4 / 5 - 4 * 5 / (5 * 6))

    return draw


def _separated(random: np.random.Generator, n: int, share: float, distance: float) -> tuple[np.ndarray, np.ndarray]:
    """(confidences, right): right answers are more confident by `distance` standard deviations, before the logit."""
    right = random.random(n) < share
    return expit(random.normal(size=n) + distance * right), right


def _auroc(n: int, distance: float, truth: float) -> Draw:
    def draw(random: np.random.Generator) -> bool | None:
        confidence, right = _separated(random, n, 0.8, distance)
        found = calibration(confidence.tolist(), right.tolist())
        return None if found is None or found.auroc is None else contains(found.auroc.ci95, truth)

    return draw


def _aurc(n: int, share: float) -> Draw:
    confidence, right = _separated(np.random.default_rng(1), 200_000, share, 1.5)
    order = np.argsort(-confidence)
    truth = float((np.cumsum(~right[order]) / np.arange(1, len(right) + 1)).mean())

    def draw(random: np.random.Generator) -> bool | None:
        found = calibration(*(side.tolist() for side in _separated(random, n, share, 1.5)))
        return None if found is None else contains(found.aurc.ci95, truth)

    return draw


def _abilities() -> Iterator[Check]:
    for n, labels in ((30, 1), (30, 3), (120, 3)):
        for name, abilities in (("four players", (0.0, 0.5, 1.0, 2.0)), ("nearly separated", (0.0, 2.0, 4.0))):
            case = f"{name}, {n} games with {labels} equal label{'s' if labels > 1 else ''} each"
            yield coverage("Bradley–Terry ability", case, _ability(np.array(abilities), n, labels), 300)


def _ability(abilities: np.ndarray, n: int, labels: int) -> Draw:
    centred = abilities - abilities.mean()

    def draw(random: np.random.Generator) -> bool | None:
        games, clusters = [], []
        for game in range(n):
            a, b = random.choice(len(centred), 2, replace=False)
            won = float(random.random() < expit(centred[a] - centred[b]))
            games += [(str(a), str(b), won)] * labels
            clusters += [game] * labels
        if len({player for a, b, _ in games for player in (a, b)}) < len(centred):
            return None
        found = rank_intervals(games, clusters, prior=_prior(games), draws=100)
        if found is None:
            return None
        player = int(random.integers(len(centred)))
        return contains(found.abilities[player], float(centred[player]))

    return draw


def _prior(games: list[tuple[str, str, float]]) -> float:
    try:
        fit(games)
    except NoFiniteEstimateError:
        return PRIOR_GAMES
    return 0.0
