"""Figures of every test and interval, as this version computes them: a change is a change of results.

Other tests check the methods against their sources. These figures notice what those leave open: a draw more, a
degree of freedom less, another correction. `python tests/stats/test_pinned_figures.py` writes the file again; say
in the changelog what changed and why.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from support.pinned import Part, deviations, write

from pytest_hiddenlayer.stats.agreement import alpha_agreement, cohen_kappa, kappa_agreement, krippendorff_alpha
from pytest_hiddenlayer.stats.calibration.calibration import calibration
from pytest_hiddenlayer.stats.estimate.mean_interval import estimate
from pytest_hiddenlayer.stats.paired.compare import compare_pairs
from pytest_hiddenlayer.stats.paired.power import mcnemar_power, sensitivity
from pytest_hiddenlayer.stats.sequential.group_sequential import decide

FILE = Path(__file__).with_name("pinned_figures.json")


def binary(n: int, step: int, of: int, below: int) -> list[float]:
    """n scores of 0 or 1 in a pattern that repeats itself late."""
    return [float((at * step + at * at // 3) % of < below) for at in range(n)]


def graded(n: int, step: int, of: int) -> list[float]:
    """n scores in [0, 1]."""
    return [((at * step + at * at // 5) % of) / (of - 1) for at in range(n)]


def groups(n: int, size: int) -> list[str]:
    """Groups of up to so many samples; the later ones are smaller."""
    return [f"g{at // (size if at < n // 2 else max(1, size - 1))}" for at in range(n)]


def epochs(n: int, k: int, step: int, of: int, below: int) -> list[tuple[float, ...]]:
    """n samples with k scores of 0 or 1 each."""
    scores = binary(n * k, step, of, below)
    return [tuple(scores[at * k : at * k + k]) for at in range(n)]


def estimates() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Intervals of means: right and wrong, graded, in clusters, at the edges."""
    shapes = {
        "binary": (binary(40, 7, 11, 8), None),
        "all right": ([1.0] * 12, None),
        "one wrong": ([1.0] * 11 + [0.0], None),
        "graded": (graded(30, 7, 9), None),
        "graded few": (graded(4, 3, 7), None),
        "equal": ([0.5] * 9, None),
        "single": ([0.25], None),
        "clusters": (binary(36, 5, 13, 9), groups(36, 4)),
        "few clusters": (binary(18, 5, 7, 4), groups(18, 9)),
        "pure clusters": ([1.0] * 12 + [0.0] * 8, groups(20, 4)),
        "right clusters": ([1.0] * 20, groups(20, 4)),
        "one cluster": (binary(10, 3, 7, 4), ["g"] * 10),
        "graded clusters": (graded(32, 5, 9), groups(32, 4)),
        "uneven clusters": (binary(30, 5, 7, 4), ["a"] * 15 + [f"b{at // 3}" for at in range(15)]),
        "many": (binary(2500, 7, 11, 8), None),
    }
    for name, (values, of) in shapes.items():
        yield f"estimate, {name}", lambda values=values, of=of: estimate(values, of)


def comparisons() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Paired tests, their power, and those that stop early."""
    right, left = binary(60, 7, 11, 8), binary(60, 5, 13, 7)
    high, low = graded(24, 7, 9), graded(24, 5, 11)
    pairs: dict[str, Any] = {
        "binary": {"old": right, "new": left},
        "equal": {"old": right, "new": right},
        "few": {"old": right[:6], "new": left[:6]},
        "graded": {"old": high, "new": low},
        "graded fine": {"old": high, "new": [round(value * 0.937, 4) for value in high]},
        "clusters": {"old": right, "new": left, "groups": groups(60, 5)},
        "graded clusters": {"old": high, "new": low, "groups": groups(24, 4)},
        "single cluster": {"old": high, "new": low, "groups": ["g"] * 24},
    }
    more, fewer = epochs(16, 4, 7, 11, 8), epochs(16, 3, 5, 13, 7)
    mean = [[sum(one) / len(one) for one in side] for side in (more, fewer)]
    pairs["reruns"] = {"old": mean[0], "new": mean[1], "answers": (more, fewer)}
    fine = [(value, min(1.0, value / 2 + 0.131)) for value in high]
    pairs["graded reruns"] = {
        "old": [sum(one) / 2 for one in fine],
        "new": low,
        "answers": (fine, [(v,) for v in low]),
    }
    for name, sides in pairs.items():
        for margin, min_effect in ((0.0, 0.05), (0.1, 0.2), (0.05, None)):
            key = f"pairs, {name}, {margin}, {min_effect}"
            compared = compare_pairs(**sides, margin=margin, min_effect=min_effect)
            yield key, lambda compared=compared: compared
            for alpha in (0.05, 0.001):
                yield (
                    f"sensitivity, {name}, {margin}, {min_effect}, {alpha}",
                    lambda c=compared, m=margin, e=min_effect or 0.05, a=alpha: sensitivity(c, e, alpha=a, margin=m),
                )
    for n, old, new, correlation in (
        (50, 0.8, 0.6, 0.5),
        (200, 0.7, 0.65, 0.3),
        (10, 0.9, 0.1, 0.0),
        (30, 0.5, 0.5, 0.0),
    ):
        yield f"power, {n}", lambda n=n, o=old, w=new, c=correlation: mcnemar_power(n, o, w, c)


def early() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Decisions after each epoch."""
    cases = {
        "worse": (epochs(24, 4, 7, 11, 9), epochs(24, 4, 5, 13, 3)),
        "better": (epochs(24, 4, 5, 13, 3), epochs(24, 4, 7, 11, 10)),
        "alike": (epochs(90, 3, 7, 11, 8), epochs(90, 3, 7, 11, 8)),
        "open": (epochs(12, 3, 7, 11, 8), epochs(12, 2, 5, 13, 8)),
        "slightly worse": (epochs(30, 4, 7, 11, 9), epochs(30, 4, 5, 13, 8)),
    }
    for name, (old, new) in cases.items():
        for looks in range(1, len(new[0]) + 1):
            seen = [one[:looks] for one in new]
            for of in (None, groups(len(old), 3)):
                for margin, min_effect in ((0.0, 0.05), (0.1, 0.3)):
                    yield (
                        f"decide, {name}, {looks}, {'samples' if of is None else 'groups'}, {margin}",
                        lambda o=old, s=seen, g=of, m=margin, e=min_effect: decide(
                            o, s, g, planned=4, margin=m, min_effect=e
                        ),
                    )


def agreements() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Agreement of judges and calibration."""
    a, b = binary(30, 7, 11, 6), binary(30, 5, 13, 7)
    levels = [[round(x * 4), round(y * 4), None] for x, y in zip(graded(20, 7, 9), graded(20, 5, 9), strict=True)]
    yield "kappa", lambda: cohen_kappa(a, b)
    yield "kappa, intervals", lambda: kappa_agreement(a, b)
    for level in ("nominal", "ordinal", "interval"):
        yield f"alpha, {level}", lambda level=level: krippendorff_alpha(levels, level=level)
        yield f"alpha, {level}, interval", lambda level=level: alpha_agreement(levels, level=level)
    sure = graded(40, 7, 21)
    right = [value > 0 for value in binary(40, 5, 13, 8)]
    ids = [f"s{at // 2}" for at in range(40)]
    yield "calibration", lambda: calibration(sure, right)
    yield "calibration, clusters", lambda: calibration(sure, right, ids, questions=ids)


PARTS = (estimates, comparisons, early, agreements)


@pytest.mark.parametrize("part", PARTS)
def test_figures_are_those_of_the_file(part: Part) -> None:
    """Every figure of this part is the pinned one, to seven digits."""
    assert deviations(FILE, part) == []


if __name__ == "__main__":
    write(FILE, PARTS)
