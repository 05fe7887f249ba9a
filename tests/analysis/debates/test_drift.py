"""Whether accuracy rises or falls over rounds."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.debates import debate

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates
from pytest_hiddenlayer.analysis.debates.drift import slope_weights


def drift_of(*records, who="agents"):
    (cell,) = analyse_debates(records)
    return next(trend for trend in cell.drift if trend.who == who)


def test_the_slope_is_that_of_least_squares():
    """Over 0, 1/2, 1 the slope is 1/2 per round; over four rounds the weights are -3, -1, 1, 3 tenths."""
    assert drift_of(debate("q", "bb", "ab", "aa")).slope.mean == pytest.approx(0.5)
    assert slope_weights(4) == pytest.approx([-0.3, -0.1, 0.1, 0.3])


def test_six_questions_that_fall_are_a_drift():
    """All six flip from right to wrong: both tails of 2^-6 are 1/32, and the slope is -1."""
    trend = drift_of(*(debate(f"q{i}", "aa", "bb") for i in range(6)))
    assert (trend.slope.mean, trend.direction) == (-1.0, "falls")
    assert trend.p == pytest.approx(1 / 32)
    assert trend.slope.ci95[0] == -1.0


def test_five_questions_are_too_few():
    """Five questions that rise have p 1/16: no drift is shown, although the mean slope is 1."""
    trend = drift_of(*(debate(f"q{i}", "bb", "aa") for i in range(5)))
    assert (trend.slope.mean, trend.p, trend.direction) == (1.0, pytest.approx(1 / 16), "no drift shown")


def test_debates_that_stopped_are_carried_forward():
    """Nine of ten stop right; one goes on and turns wrong: -1/10 per round, not -1."""
    stopped = [debate(f"q{i}", "aa") for i in range(9)]
    assert drift_of(*stopped, debate("last", "aa", "bb")).slope.mean == pytest.approx(-0.1)


def test_steps_have_holms_correction():
    """Both steps of -1/2 over six questions have p 1/32, and after Holm's correction 1/16 each."""
    trend = drift_of(*(debate(f"q{i}", "aa", "ab", "bb") for i in range(6)))
    assert [(step.before, step.after, step.paired.difference) for step in trend.steps] == [(0, 1, -0.5), (1, 2, -0.5)]
    assert [step.p for step in trend.steps] == pytest.approx([1 / 16, 1 / 16])


def test_questions_of_a_group_flip_together():
    """Six questions of one group are one flip: p 1, and no interval."""
    trend = drift_of(*(debate(f"q{i}", "aa", "bb", changes={"group": "g"}) for i in range(6)))
    assert (trend.p, trend.slope.ci95) == (1.0, None)


letters = st.text("abc?", min_size=3, max_size=3)
debates_drawn = st.lists(st.lists(letters, min_size=2, max_size=4), min_size=1, max_size=4)


@settings(max_examples=10)
@given(debates_drawn, st.permutations(range(3)))
def test_the_order_of_agents_changes_nothing(drawn, order):
    """Rounds, drift, transitions, gain and conformity are the same if the agents are renumbered."""

    def analysed(turned):
        records = [
            debate(f"q{i}", *("".join(r[at] for at in order) if turned else r for r in rounds), final=rounds[-1][0])
            for i, rounds in enumerate(drawn)
        ]  # fmt: skip
        values = analyse_debates(records)[0].to_json() if records else {}
        return {name: values[name] for name in ("rounds", "drift", "gain", "conformity", "transitions")}

    assert close(analysed(True), analysed(False))


def close(one, other) -> bool:
    """Whether two JSON values are equal up to rounding."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(close(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(close, one, other))
    return one == pytest.approx(other, abs=1e-6) if isinstance(one, float) else one == other
