"""Which pairs of answers a judge is audited on."""

from __future__ import annotations

import pytest
from statsmodels.stats.proportion import proportion_confint
from support.audits import answer, log, only, pair_of, prefers

from pytest_hiddenlayer.analysis.judge_audit.pairs import audit_pairs, select_pairs


def test_every_two_players_meet():
    """Three players on two samples are six pairs; an answer to another prompt is in none."""
    sides = [answer(label, sample) for sample in ("s0", "s1") for label in ("x", "y", "z")]
    pairs, equal = audit_pairs([*sides, answer("w", "s0", sample_hash="another")])
    assert (len(pairs), equal) == (6, 0)


def test_equal_answers_are_left_out():
    """Pairs of equal texts are left out."""
    assert audit_pairs([answer("x", "s0"), answer("y", "s0", output="x ")]) == ([], 1)


def test_kinds_are_drawn_in_turn():
    """Two pairs with a right and a wrong answer among fifty others are not missed."""
    others = [pair_of(f"s{i}") for i in range(50)]
    rare = [pair_of(f"r{i}", outcome="incorrect") for i in range(2)]
    chosen = select_pairs([*others, *rare], 4, "judge")
    assert sum(pair.truth is not None for pair in chosen) == 2
    assert len(chosen) == 4


@pytest.mark.parametrize("n", [0, 1, 7, 52, 100])
def test_at_most_n_and_each_once(n):
    """At most n pairs are chosen, and none twice."""
    pairs = [pair_of(f"s{i}", outcome="incorrect" if i % 10 == 0 else "correct") for i in range(52)]
    chosen = select_pairs(pairs, n, "judge")
    assert len(chosen) == min(n, 52)
    assert len({pair.a.record.sample_id for pair in chosen}) == len(chosen)


def test_the_same_seed_draws_the_same():
    """The same seed draws the same pairs."""
    pairs = [pair_of(f"s{i}") for i in range(40)]
    assert select_pairs(pairs, 5, "judge", seed=1) == select_pairs(pairs, 5, "judge", seed=1)
    assert select_pairs(pairs, 5, "judge", seed=1) != select_pairs(pairs, 5, "judge", seed=2)


def test_samples_of_a_group_go_together(here, audit):
    """Thirty samples of three groups are three clusters: the interval is far wider than that of thirty."""
    for i in range(30):
        for label in ("single", "debate"):
            log(label, i, f"{label} {'x' if i % 3 == 0 else 'y'}.".replace("debate x", "z"), True, group=f"g{i % 3}")
    result = audit(prefers("x.", default="[[A]]"), "--keys", "0")
    metric = only(result, "position", "order consistency")
    low, high = proportion_confint(10, 30, method="beta")
    assert metric["value"] == pytest.approx(1 / 3)
    assert metric["ci95"][1] - metric["ci95"][0] > 1.5 * (high - low)
