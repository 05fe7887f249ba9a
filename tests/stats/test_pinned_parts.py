"""Figures of every part of the statistics, as this version computes them: a change is a change of results.

`test_pinned_figures.py` holds what gates use; these are the parts one by one, with their edges and the sentences of
their errors: AUROC and risk, quantiles, resampling, exact and permutation tests, agreement.
`PYTHONPATH=.:tests python THIS_FILE` writes the file again; say in the changelog what changed and why.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.pinned import Part, deviations, plain, write

from pytest_hiddenlayer.stats import agreement, exact_tests
from pytest_hiddenlayer.stats.calibration import calibration, discrimination, selective_prediction
from pytest_hiddenlayer.stats.estimate import beta_quantile, bootstrap, clusters, jackknife, mean_interval, pass_at_k
from pytest_hiddenlayer.stats.estimate.empirical_likelihood import BoundedMean, signed_root
from pytest_hiddenlayer.stats.paired import equivalence, flipped_sums, holm, margin_tests, power, reruns, sign_flip
from pytest_hiddenlayer.stats.paired.pseudo_cluster_error import pseudo_cluster_error
from pytest_hiddenlayer.stats.sequential import alpha_spending, group_sequential

FILE = Path(__file__).with_name("pinned_parts.json")
Cases = Iterator[tuple[str, Callable[[], Any]]]


def sure() -> Cases:
    """How well confidences separate right from wrong."""
    for n, step, levels in ((30, 7, 11), (41, 5, 7), (12, 3, 4)):
        confidences = [((at * step + at * at // 3) % levels) / levels for at in range(n)]
        right = [(at * 5 + at * at // 7) % 9 < 2 + 6 * confidence for at, confidence in enumerate(confidences)]
        of: dict[str, Any] = {
            "alone": None,
            "groups": [f"g{at // 3}" for at in range(n)],
            "some": [None if at % 4 == 0 else f"g{at // 5}" for at in range(n)],
            "one": ["g"] * n,
        }
        for kind, names in of.items():
            yield (
                f"sure, auroc, {n}, {kind}",
                lambda c=confidences, r=right, g=names: selective_prediction.auroc(c, r, g),
            )
            yield (
                f"sure, aurc, {n}, {kind}",
                lambda c=confidences, r=right, g=names: selective_prediction.aurc(c, r, g),
            )
            yield (
                f"sure, risk, {n}, {kind}",
                lambda c=confidences, r=right, g=names: selective_prediction.risk_coverage(c, r, g),
            )
            questions = [at // 4 for at in range(n)]
            yield (
                f"sure, within, {n}, {kind}",
                lambda c=confidences, r=right, q=questions, g=names: discrimination.within_question(c, r, q, g),
            )
    apart = [0.1, 0.2, 0.3, 0.7, 0.8, 0.9]
    for name, right in {
        "apart": [0, 0, 0, 1, 1, 1],
        "turned": [1, 1, 1, 0, 0, 0],
        "single": [0, 0, 0, 0, 0, 1],
    }.items():
        hits = [bool(one) for one in right]
        yield f"sure, {name}, auroc", lambda r=hits: selective_prediction.auroc(apart, r)
        yield f"sure, {name}, auroc, groups", lambda r=hits: selective_prediction.auroc(apart, r, list("uuvvww"))
        yield f"sure, {name}, aurc", lambda r=hits: selective_prediction.aurc(apart, r)
    right = [True, False, True, True, False, False]
    wrong_input: dict[str, tuple[Any, ...]] = {
        "lengths": (apart, right[:5]), "groups": (apart, right, list("uvw")), "nan": ([math.nan, *apart[1:]], right),
        "above": ([1.5, *apart[1:]], right), "below": ([*apart[:5], -0.1], right),
        "infinite": ([math.inf, *apart[1:]], right),
    }  # fmt: skip
    for name in ("nan", "above", "infinite"):
        yield f"sure, unbounded, {name}", lambda g=wrong_input[name]: calibration.calibration(*g, bounded=False)
    for name, given in wrong_input.items():
        yield f"sure, wrong, {name}", lambda g=given: calibration.calibration(*g)
    for bins in (0, 1, 2, 7, 10, 15):
        for of in (None, list("uuvvww")):
            yield f"sure, bins, {bins}, {of}", lambda b=bins, g=of: calibration.calibration(apart, right, g, bins=b)
    ends = [0.0, 1.0, 0.5, 0.2, 0.1, 0.05]
    yield "sure, ends", lambda: calibration.calibration(ends, right, questions=list("uuuvvv"))
    for value in (True, False):
        yield f"sure, all {value}", lambda v=value: selective_prediction.auroc(apart, [v] * 6)
        yield f"sure, all {value}, aurc", lambda v=value: selective_prediction.aurc(apart, [v] * 6)


def parts() -> Cases:
    """Quantiles, likelihoods, resampling, and means of epochs."""
    for a, b in ((1, 1), (1, 7), (7, 1), (2, 3), (0.5, 0.5), (40.5, 3), (3, 900), (1200, 1500)):
        for p in (0.025, 0.5, 0.975, 1e-6):
            yield f"part, beta, {a}, {b}, {p}", lambda a=a, b=b, p=p: beta_quantile.beta_quantile(a, b, p)
        for x in (0.01, 0.4, 0.95):
            yield f"part, incomplete, {a}, {b}, {x}", lambda a=a, b=b, x=x: beta_quantile.incomplete_beta(a, b, x)
    for right, n in ((0, 5), (5, 5), (3, 7), (2.5, 9.5), (1, 1000)):
        yield f"part, exact, {right}, {n}", lambda r=right, n=n: mean_interval.clopper_pearson(r, n)
        yield f"part, wilson, {right}, {n}", lambda r=right, n=n: mean_interval.wilson(r / n, n)
    yield "part, logit", lambda: [mean_interval.logit_interval(v, 0.1, df) for v in (0.2, 0.9) for df in (1.0, 12.0)]
    for values in ([-1.0, 2.0, 0.5], [3.0, -0.1, 4.0, 1.0], [-2.0, -2.0, 1e-3], [1.0, 2.0], [-1.0], [0.0, 1.0, -1.0]):
        yield f"part, root, {values}", lambda v=values: signed_root(np.array(v))
    for sums, sizes in (([1.0, 0.5, 0.0, 1.0], [1, 1, 1, 1]), ([2.0, 3.0, 0.5], [3, 3, 2]), ([0.0, 0.0], [4, 1])):
        mean = BoundedMean(sums=sums, sizes=sizes)
        yield f"part, bounded, {sums}", lambda m=mean: [m.mean, m.df, *m.interval(), *m.interval(0.8)]
        yield (
            f"part, bounded p, {sums}",
            lambda m=mean: [f(v) for v in (0.1, 0.5, 0.9) for f in (m.p_above, m.p_below)],
        )
        yield (
            f"part, bootstrap, {sums}",
            lambda a=sums, b=sizes: bootstrap.bootstrap_interval(a, b, draws=200, seed=4),
        )
        yield f"part, error, {sums}", lambda a=sums, b=sizes: [
            clusters.clustered_stderr(a, b), clusters.effective_groups(b),
        ]  # fmt: skip
        for matched, flip in ((True, 0.0), (False, 0.3)):
            yield (
                f"part, pseudo, {sums}, {matched}",
                lambda a=sums, b=sizes, m=matched, f=flip: pseudo(a, b, m, f),
            )
    yield "part, bootstrap, pairs", lambda: bootstrap.bootstrap_interval([2.0, 0.5, 1.0], [2, 1, 2], draws=100)
    yield "part, bootstrap, equal", lambda: bootstrap.bootstrap_interval([0.5, 0.5], [1, 1], draws=100)
    for of in (None, list("uuvvw"), list("uuuuv")):
        yield f"part, linearised, {of}", lambda g=of: mean_interval.linearised(0.4, [0.2, -0.1, 0.3, -0.2, -0.2], g)
        yield (
            f"part, linearised, {of}, df",
            lambda g=of: mean_interval.linearised(0.4, [0.2, -0.1, 0.3, -0.2, -0.2], g, df=2),
        )
    for value in (0.0, 1.0, -0.2):
        yield f"part, linearised, {value}", lambda v=value: mean_interval.linearised(v, [0.2, -0.1, -0.1])
    yield "part, linearised, one", lambda: mean_interval.linearised(0.4, [0.2])
    yield "part, linearised, equal", lambda: mean_interval.linearised(0.4, [0.0, 0.0, 0.0])
    yield "part, bootstrap, one", lambda: bootstrap.bootstrap_interval([1.0], [3], draws=100)
    yield "part, bootstrap, few draws", lambda: bootstrap.bootstrap_interval([1.0, 0.0], [3, 1], draws=99)
    yield "part, pseudo, one", lambda: pseudo_cluster_error([1.0], [3], [1.0])
    numbers = [((at * 7 + at * at // 3) % 17) / 4 for at in range(430)]
    for n, size in ((2, None), (9, None), (430, None), (430, 2), (40, 7), (3, 5), (1, None)):
        yield (
            f"part, jackknife, {n}, {size}",
            lambda n=n, s=size: jackknife.jackknife(
                n, lambda kept: max(numbers[at] for at in kept) + sum(numbers[at] ** 2 for at in kept) / len(kept),
                None if s is None else [None if at == 3 else at // s for at in range(n)],
            ),
        )  # fmt: skip
    yield "part, jackknife, undefined", lambda: jackknife.jackknife(4, lambda kept: 1.0 if 2 in kept else None)
    for reducer in (
        "mean",
        "median",
        "mode",
        "max",
        "pass_at_k",
        "pass_hat_k",
        "pass_at_2",
        "pass_hat_3",
    ):
        for values in ([1.0, 0.0, 0.5, 1.0], [0.2, 0.2, 0.9], [1.0], [0.0, 0.5, 0.5, 0.0], [0.5, 1.0, 0.5]):
            yield (
                f"part, epochs, {reducer}, {values}",
                lambda v=values, r=reducer: [pass_at_k.reduce_epochs(v, r, 0.5), pass_at_k.stated_k(r)],
            )
    yield "part, k", lambda: [list(pass_at_k.reported_k(n, k)) for n in (1, 2, 3, 8, 9) for k in (None, 1, 3, 9)]
    yield "part, pass", lambda: [f(9, r, k) for f in (pass_at_k.pass_at_k, pass_at_k.pass_hat_k) for r in (0, 3, 9) for k in (1, 4, 9)]  # fmt: skip  # noqa: E501
    for k in (0, 10):
        yield f"part, pass, wrong, {k}", lambda k=k: pass_at_k.pass_at_k(9, 3, k)
        yield f"part, pass hat, wrong, {k}", lambda k=k: pass_at_k.pass_hat_k(9, 3, k)


def pseudo(sums: list[float], sizes: list[int], matched: bool, flip: float) -> Any:
    """The error and what it is used for."""
    error = pseudo_cluster_error(sums, sizes, [0.0, 1.0, -0.5], matched=matched, min_flip=flip)
    assert error is not None
    return [plain(error), error.quantile(0.9), error.below(-1.3)]


def exact() -> Cases:
    """Exact tests, sign flips, reruns, margins and looks."""
    yield "test, fisher", lambda: [exact_tests.fisher_exact(a, 9, b, 7) for a in range(0, 10, 3) for b in range(0, 8)]
    yield "test, fisher, wrong", lambda: exact_tests.fisher_exact(10, 9, 1, 7)
    yield "test, fisher, wrong b", lambda: exact_tests.fisher_exact(1, 9, -1, 7)
    yield "test, sign", lambda: [exact_tests.sign_test(a, b) for a in (0, 1, 5) for b in (0, 1, 2, 9)]
    yield "test, holm", lambda: holm.holm([0.03, 0.01, 0.5, 0.04, 0.01, 1.0, 0.0])
    yield "test, holm, wrong", lambda: holm.holm([0.1, 1.1])
    for name, sums in {
        "grid": [1.0, -1.0, 1.0, 1.0, 0.0, 1.0], "fine": [0.311, -0.07, 0.9, 0.0, 0.123, -0.4],
        "many": [((at * 7) % 13 - 4) / 7.31 + at / 1e3 for at in range(20)], "none": [0.0, 0.0], "one": [0.7],
        "halves": [0.5, 0.5, -0.5, 1.0, 1.5, 0.5, 0.5], "fourteen": [0.1 * at**1.5 - 1 for at in range(1, 15)],
        "fifteen": [0.1 * at**1.5 - 1 for at in range(1, 16)],
    }.items():  # fmt: skip
        for seed in (0, 3):
            yield f"test, flips, {name}, {seed}", lambda v=sums, s=seed: sign_flip.sign_flip_test(v, seed=s, unit="u")
    yield (
        "test, totals",
        lambda: flipped_sums.flipped_totals(np.array([[1.0, 2.0, 4.0], [0.5, -1.0, 3.0]]), 8, 1).tolist(),
    )
    yield "test, drawn", lambda: flipped_sums.flipped_totals(np.array([[1.0, 2.0, 4.0, 8.0]]), 15, 1).tolist()
    sides = {
        "right": ([(1.0, 0.0, 1.0), (1.0, 1.0), (0.0, 0.0, 0.0)], [(0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0)]),
        "equal": ([(1.0, 1.0)], [(1.0,)]),
        "fine": ([(0.31, 0.7, 0.123), (0.9, 0.11)], [(0.44, 0.05), (0.2, 0.777, 0.6)]),
        "many": (
            [(at % 3 / 2, (at * 5) % 7 / 6, 0.3) for at in range(12)],
            [((at * 3) % 5 / 4,) for at in range(12)],
        ),
    }
    for name, (old, new) in sides.items():
        for seed in (0, 2):
            yield f"test, reruns, {name}, {seed}", lambda o=old, n=new, s=seed: reruns.rerun_test(o, n, seed=s)
        yield f"test, reruns, {name}, turned", lambda o=old, n=new: reruns.rerun_test(n, o)
    for wrong, right, n in ((0, 0, 10), (3, 1, 20), (1, 6, 15), (10, 0, 10), (0, 10, 10), (40, 35, 300), (5, 5, 10)):
        at = f"{wrong}, {right}, {n}"
        yield f"test, interval, {at}", lambda w=wrong, r=right, n=n: margin_tests.tango_interval(w, r, n)
        for margin in (0.01, 0.05, 0.3):
            yield f"test, margin, {at}, {margin}", lambda w=wrong, r=right, n=n, m=margin: [
                margin_tests.matched_margin(w, r, n, m), float(margin_tests.tango(w, r, n, m)),
                equivalence.nonequivalence(w, r, n, m),
            ]  # fmt: skip
    yield (
        "test, fewest",
        lambda: [equivalence.fewest_clusters(m, a) for m in (0.01, 0.05, 0.2, 0.5) for a in (0.05, 0.01)],
    )
    moved = [0.0] * 30 + [1.0, -1.0, 0.0, 0.5]
    for matched in (False, True):
        values = [round(value) * 1.0 for value in moved] if matched else moved
        for margin in (0.05, 0.2):
            yield (
                f"test, equivalence, {matched}, {margin}",
                lambda v=values, m=matched, e=margin: equivalence.equivalence_test(v, v, [1] * 34, e, matched=m),
            )
    grouped, sizes = clusters.clusters(moved, [at // 5 for at in range(34)])
    yield "test, equivalence, groups", lambda: equivalence.equivalence_test(moved, grouped, sizes, 0.3, matched=False)
    for p_old, p_new, correlation in ((0.8, 0.7, 0.2), (0.5, 0.9, 0.0), (0.9, 0.9, 0.7)):
        yield f"test, power, {p_old}", lambda a=p_old, b=p_new, c=correlation: [
            power.mcnemar_power(n, a, b, c, alpha=alpha) for n in (5, 40) for alpha in (0.05, 0.01)
        ]  # fmt: skip
    yield (
        "test, power, edges",
        lambda: [
            power.mcnemar_power(n, a, b, 0.0)
            for n in (1, 2, 30)
            for a, b in ((0.5, 0.0), (1.0, 0.4), (0.0, 0.0), (1.0, 1.0))
        ],
    )
    yield "test, power, none", lambda: power.mcnemar_power(0, 0.5, 0.4, 0.0)
    for p_old, p_new, correlation in ((1.1, 0.5, 0.0), (0.5, -0.1, 0.0), (0.5, 0.5, 1.5), (0.5, 0.5, -1.5)):
        yield (
            f"test, power, wrong, {p_old}, {p_new}, {correlation}",
            lambda a=p_old, b=p_new, c=correlation: power.mcnemar_power(10, a, b, c),
        )
    yield "test, power, wrong", lambda: power.mcnemar_power(10, 0.9, 0.1, 0.9)
    yield "test, spent", lambda: [alpha_spending.alpha_spent(0.05, look, 4) for look in (1, 2, 3, 4)]
    walk = np.array([[((d * 7 + k * 5 + d * d // 3) % 41) / 10 for d in range(400)] for k in range(3)])
    for first in (1.0, 3.9, 4.0, 4.5):
        for at in range(3):
            path = walk.copy()
            path[at, 0] = first
            yield f"test, crossing, {first}, {at}", lambda p=path: alpha_spending.first_crossing(p, 4, 0.1)
    yield (
        "test, later",
        lambda: [alpha_spending.later_crossing(a, b) for a in (None, (1, 0.2)) for b in (None, (2, 0.1))],
    )
    looks: dict[str, dict[str, Any]] = {
        "lengths": {"old": [(1.0,)], "new": [(1.0,), (0.0,)]},
        "groups": {"old": [(1.0,)], "new": [(1.0,)], "groups": ["a", "b"]},
        "nothing": {"old": [], "new": []},
        "uneven": {"old": [(1.0,), (1.0,)], "new": [(1.0,), (0.0, 1.0)]},
        "too many": {"old": [(1.0,)], "new": [(1.0, 1.0, 1.0)]},
        "no epoch": {"old": [(1.0,)], "new": [()]},
        "unscored": {"old": [(1.0,)], "new": [(None, 1.0)]},
        "no baseline": {"old": [()], "new": [(1.0,)]},
        "alpha": {"old": [(1.0,)], "new": [(1.0,)], "alpha": 1.0},
        "alpha 0": {"old": [(1.0,)], "new": [(1.0,)], "alpha": 0.0},
        "score": {"old": [(1.0,)], "new": [(1.5,)]},
        "old score": {"old": [(-0.5,)], "new": [(1.0,)]},
        "partly": {"old": [(1.0, 1.0)] * 9, "new": [(0.0, None)] * 9},
    }
    half = [(1.0, 0.0, 1.0, at % 2 * 1.0) for at in range(30)]
    for planned, alpha in ((4, 0.02), (5, 0.004), (6, 0.05)):
        for at_most in (2, 4):
            yield (
                f"test, looks, {planned}, {alpha}, {at_most}",
                lambda p=planned, a=alpha, m=at_most: group_sequential.decide(
                    half,
                    [tuple(float((at * 5 + e) % 9 > 5) for e in range(m)) for at in range(30)],
                    planned=p,
                    alpha=a,
                ),
            )
    for name, sides_of in looks.items():
        yield f"test, looks, {name}", lambda s=sides_of: group_sequential.decide(**s, planned=2)


def agreements() -> Cases:
    """Kappa and alpha with weights, scales and missing ratings."""
    a, b = [1, 2, 3, 3, None, 5, 1, 4, 4, 2], [1, 3, 3, 2, 4, 5, None, 4, 5, 2]
    words = ["low" if value in (1, 2) else "mid" if value in (3, None) else "high" for value in a]
    others = ["low" if value in (1, 3) else "mid" if value in (2, 5) else "high" for value in b]
    scale = ["low", "mid", "high"]
    for weights in (None, "linear", "quadratic"):
        yield f"agree, kappa, {weights}", lambda w=weights: agreement.cohen_kappa(a, b, weights=w)
        yield (
            f"agree, kappa, words, {weights}",
            lambda w=weights: agreement.cohen_kappa(words, others, weights=w, scale=scale),
        )
        for of in (None, list("uuvvwwxxyy"), [None, *"uuvvwwxxy"]):
            yield (
                f"agree, interval, {weights}, {of}",
                lambda w=weights, g=of: agreement.kappa_agreement(a, b, weights=w, groups=g),
            )
    odd = [10, 300, -5, 300, 10, 7000, -5, 10]
    for weights in ("linear", "quadratic"):
        yield (
            f"agree, kappa, far apart, {weights}",
            lambda w=weights: agreement.cohen_kappa(odd, odd[3:] + odd[:3], weights=w),
        )
    yield "agree, kappa, words and numbers", lambda: agreement.cohen_kappa([1, "low"], [1, 2], weights="linear")
    yield "agree, percent", lambda: [agreement.percent_agreement(a, b), agreement.percent_agreement([None], [1])]
    yield "agree, kappa, none", lambda: agreement.cohen_kappa([None, 1], [2, None])
    yield "agree, kappa, same", lambda: agreement.cohen_kappa([1, 1], [1, 1])
    yield "agree, kappa, off the scale", lambda: agreement.cohen_kappa(words, others, scale=scale[:2])
    yield "agree, kappa, no order", lambda: agreement.cohen_kappa(words, others, weights="linear")
    yield "agree, kappa, lengths", lambda: agreement.kappa_agreement([1, 2], [1])
    third = [2, 2, 3, None, None, 5, 1, None, 5, 1]
    for level in ("nominal", "ordinal", "interval"):
        yield f"agree, alpha, {level}", lambda v=level: agreement.krippendorff_alpha([a, b, third], level=v)
        for of in (None, list("uuvvwwxxyy")):
            yield (
                f"agree, alpha, {level}, {of}",
                lambda v=level, g=of: agreement.alpha_agreement([a, b, third], level=v, groups=g),
            )
    for name, ratings in {
        "same": [[1, 1], [1, 1]], "single": [[1, None], [None, 1]], "few": [[1, 2], [1, 1]], "two": [[1, 2], [1, 2]],
        "mostly turned": [[1, 2, 1, 2, 1, 1], [2, 1, 2, 1, 2, 1]], "perfect": [[1, 2, 3, 1], [1, 2, 3, 1]],
        "turned": [[1, 2, 1, 2], [2, 1, 2, 1]], "lengths": [[1], [1, 2]],
        "none": [],
    }.items():  # fmt: skip
        yield f"agree, alpha, {name}", lambda r=ratings: agreement.alpha_agreement(r)


PARTS = (sure, parts, exact, agreements)


@pytest.mark.parametrize("part", PARTS)
def test_parts_give_what_the_file_says(part: Part) -> None:
    """Every figure and every sentence of an error of this part is the pinned one, figures to seven digits."""
    assert deviations(FILE, part) == []


if __name__ == "__main__":
    write(FILE, PARTS)
