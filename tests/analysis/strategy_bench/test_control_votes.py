"""Votes over control samples: which ones match a budget, and the gain with their number."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.control_records import A, B, C, debated, draws, made

from pytest_hiddenlayer.analysis.strategy_bench.control_votes import Controls, controls_by_model, matched, vote_sizes
from pytest_hiddenlayer.identifiers import SHARED_CONTROLS, control_label
from pytest_hiddenlayer.results.metrics.cells import by_cell


def shared(name, *said):
    """Control samples that all strategies share."""
    return [replace(one, label=control_label(SHARED_CONTROLS)) for one in draws(name, *said)]


@pytest.mark.parametrize(("unit", "n"), [("calls", 3), ("tokens", 5), ("cost_usd", 3)])
def test_as_many_samples_as_the_budget_pays_for(unit, n):
    """3 calls, 30 tokens and $0.75 are matched by 3 samples, by 5 of 6 tokens, and by 3 of $0.25."""
    samples, short = matched(debated("s", 1.0), draws("s", A, B, B, A, A, C), unit)
    assert [len(samples), short] == [n, False]


def test_samples_that_use_less_than_the_strategy_are_short():
    """Three samples of 6 tokens are fewer than 30: all of them vote, and the comparison says so."""
    samples, short = matched(debated("s", 1.0), draws("s", A, B, B), "tokens")
    assert [len(samples), short] == [3, True]


def test_fewer_samples_than_calls_match_nothing():
    """A strategy of 3 calls is not compared with 2 samples."""
    assert matched(debated("s", 1.0), draws("s", A, B), "calls") is None


def test_an_unknown_amount_matches_nothing():
    """Unknown tokens are not 0 tokens."""
    assert matched(debated("s", 1.0, tokens=None), draws("s", A, B, B), "tokens") is None
    assert matched(debated("s", 1.0), draws("s", A, B, B, tokens=None), "tokens") is None


def test_a_strategy_has_its_own_samples_else_the_shared_ones_else_those_of_another():
    """The seed of a control sample does not depend on the strategy."""
    own, common, others = (
        draws("s", A),
        shared("s", A, B),
        [replace(r, label=control_label("x")) for r in draws("s", C)],
    )
    key = ("t", "scripted", "m")
    everything = controls_by_model(by_cell([*own, *common, *others]))[key]
    assert everything.of("debate", "s") == own
    assert everything.of("mad", "s") == common
    assert controls_by_model(by_cell(others))[key].of("mad", "s") == others
    assert list(everything.of("debate", "absent")) == []


def test_the_gain_with_the_number_of_samples():
    """The vote of 2 of (a b)(b a): a and b, half of them right; that of 4 is a, seen first. One sample: half."""
    sizes = vote_sizes(controls_by_model(by_cell(draws("s", A, B, B, A)))["t", "scripted", "m"])
    assert [(one.size, one.score.mean, one.spent.calls, one.spent.tokens) for one in sizes] == [
        (1, 0.5, 1.0, 6.0),
        (2, 0.5, 2.0, 12.0),
        (4, 1.0, 4.0, 24.0),
    ]


def test_sizes_end_where_a_sample_has_no_more():
    """If one sample has 2 and another 4, votes of 4 would be over other samples than those of 2."""
    controls = controls_by_model(by_cell([*draws("s", A, B, B, A), *draws("r", A, A)]))["t", "scripted", "m"]
    assert [one.size for one in vote_sizes(controls)] == [1, 2]
    assert vote_sizes(Controls({})) == []


def test_a_strategy_of_one_call_is_compared_with_one_sample():
    """The vote of one sample is that sample."""
    samples, _ = matched(made("s", 1.0, strategy="x", label="x"), draws("s", B, A), "calls")
    assert [one.answer for one in samples] == ["b"]
