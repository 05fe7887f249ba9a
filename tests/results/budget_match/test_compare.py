"""The compute-matched comparison, from the records of a run alone."""

from __future__ import annotations

import json
import random
from dataclasses import replace

import pytest
from support.control_records import HAND, LOST, A, B, debated, draws
from support.records import record

from pytest_hiddenlayer.report.budget_match import find, text, warnings
from pytest_hiddenlayer.results.budget_match.compare import BudgetMatchedComparison, compare_budget_matched
from pytest_hiddenlayer.stats.paired.compare import compare_pairs
from pytest_hiddenlayer.types import Record


def only(records: list[Record]) -> BudgetMatchedComparison:
    """The one comparison of these records."""
    (found,) = compare_budget_matched(records)
    return found


@pytest.mark.parametrize(
    ("at", "name", "control"),
    [
        (0, "single, same calls", [1 / 3, 1.0, 0.0, 1 / 2]),
        (1, "self_consistency, same calls", [0.0, 1.0, 0.0, 1.0]),
        (2, "self_consistency, same tokens", [1.0, 1.0, 0.0, 1.0]),
        (3, "oracle, same calls", [1.0, 1.0, 0.6, 1.0]),
    ],
)
def test_the_four_uses_by_hand(at, name, control):
    """Each use of the control samples has the score computed by hand, and is paired sample by sample."""
    side = only(HAND).against_controls[at]
    own = [1.0, 0.0, 1.0, 1.0]
    assert side.name == name
    assert (side.strategy.n, side.left_out) == (4, 0)
    assert side.control.mean == pytest.approx(sum(control) / 4)
    assert side.paired.difference == pytest.approx((sum(own) - sum(control)) / 4)
    expected = compare_pairs(control, own)
    assert side.paired.ci95 == pytest.approx(expected.ci95)
    assert (side.paired.p_better, side.paired.p_worse) == pytest.approx((expected.p_better, expected.p_worse))


def test_what_both_sides_took():
    """Calls, tokens and cost are means per sample: three calls of ten tokens against control samples of six."""
    single, _, tokens, _ = only(HAND).against_controls
    assert (single.strategy_spent.calls, single.strategy_spent.tokens, single.strategy_spent.cost_usd) == (
        3,
        30,
        0.75,
    )
    assert (single.control_spent.calls, single.control_spent.tokens, single.control_spent.cost_usd) == (3, 18, 0.75)
    assert (tokens.control_spent.calls, tokens.control_spent.tokens, tokens.control_spent.cost_usd) == (5, 30, 1.25)


def test_the_order_of_records_does_not_matter():
    """The metrics do not depend on the order of records."""
    shuffled = list(HAND)
    random.Random(1).shuffle(shuffled)
    assert compare_budget_matched(shuffled) == compare_budget_matched(HAND)
    assert find(shuffled).to_json() == find(HAND).to_json()


def test_fewer_draws_than_calls_can_reach_the_tokens():
    """If two control samples have the tokens of three calls, the vote at the same tokens has two."""
    side = only([debated("s", 1.0), *draws("s", B, A, A, tokens=15)]).against_controls[2]
    assert (side.control_spent.calls, side.control.mean) == (2, 0.0)


def test_draws_that_did_not_reach_the_tokens_are_counted():
    """If the tokens are not reached, all control samples vote, and the sample is counted as short."""
    found = only([debated("s", 1.0, tokens=1000), *draws("s", A, B, A)])
    assert (found.short, found.against_controls[2].control_spent.calls) == (1, 3)


def test_unknown_tokens_leave_the_token_budget_out():
    """Without token counts there is no vote at the same tokens, and the other comparisons are unchanged."""
    found = only([debated("s", 1.0), *draws("s", A, A, A, tokens=None)])
    assert found.tokens_unknown == 1
    assert [side.paired is None for side in found.against_controls] == [False, False, True, False]
    assert found.against_controls[0].control_spent.tokens is None


def test_unscored_draws_are_not_wrong():
    """A sample whose control samples all failed is left out and counted."""
    records = [debated("s", 1.0), *draws("s", A, A, A), debated("t", 1.0), *draws("t", LOST, LOST, LOST)]
    found = only(records)
    assert [(side.strategy.n, side.left_out, side.control.mean) for side in found.against_controls] == [
        (1, 1, 1.0)
    ] * 4
    assert (found.draws, found.draws_unscored) == (6, 3)


def test_nothing_scored_at_all():
    """If neither strategy nor control samples have a score, the section says so, without NaN."""
    found = find([debated("s", None), debated("t", 1.0), *draws("t", LOST, LOST)])
    assert [side.paired for side in found.compared[0].against_controls] == [None] * 4
    said = text(found, width=100, colour=False)
    assert "1 sample(s) without a score are left out" in said
    assert "2 of 2 control samples have no score; they do not count as wrong" in said
    assert "nan" not in said.lower()
    json.dumps(found.to_json(), allow_nan=False)


def test_every_sample_unscored():
    """A strategy without any score has nothing to compare, and the section says so."""
    found = find([debated("s", None), debated("t", None)])
    assert found.compared[0].against_controls == ()
    assert "t debate: none of 2 sample(s) has a score: nothing to compare" in warnings(found)


def test_a_strategy_of_one_call():
    """A strategy of one call per sample needs no control."""
    found = find([debated("s", 1.0, calls=1, label="mine", strategy="mine")])
    assert (found.compared[0].one_call, found.compared[0].against_controls) == (1, ())
    assert "t mine: makes one call per sample, so `single` already matches its budget" in warnings(found)


def test_samples_of_one_call_beside_others_are_counted():
    """Samples answered with one call are left out and counted."""
    found = find([debated("s", 1.0), *draws("s", A, A, A), debated("t", 1.0, calls=1)])
    assert found.compared[0].compared == 1
    assert any("1 sample(s) answered with one call are left out" in line for line in warnings(found))


def test_a_run_without_draws_says_how_to_make_them():
    """Records of a run without the option name it."""
    assert "t debate: 1 sample(s) have no control samples: run with --hl-equal-budget" in warnings(
        find([debated("s", 1.0)])
    )


def test_single_alone_has_no_comparison():
    """A run of `single` alone has nothing to compare."""
    found = find([record("s", 1.0, transcript=[])])
    assert found.compared == []
    assert warnings(found) == ["no strategy other than single was run: nothing to compare with single answers"]


def test_one_sample():
    """One sample has a difference and no interval."""
    side = only([debated("s", 1.0), *draws("s", B, B, A)]).against_controls[0]
    assert side.paired.difference == pytest.approx(2 / 3)
    assert side.paired.ci95 is None
    assert side.paired.p_better == pytest.approx(0.5)


def test_later_epochs_are_not_compared():
    """With --epochs only the first epoch is compared, and the section says so."""
    records = [debated("s", 1.0), debated("s", 0.0, epoch=2), *draws("s", A, A, A)]
    found = find(records)
    assert found.compared[0].against_controls[0].strategy.mean == 1.0
    assert any("epoch 1 only: 1 record(s) of later epochs" in line for line in warnings(found))


def test_groups_are_clusters():
    """Samples of one group are one cluster of the comparison."""
    records = [r for n in "stuv" for r in (debated(n, 1.0, group="g" + str(n < "u")), *draws(n, B, B, B))]
    assert only(records).against_controls[0].paired.n_groups == 2


def test_greedy_draws_are_told():
    """Control samples that are all the same text cause a warning."""
    assert any(
        "the same text, as at temperature 0" in line
        for line in warnings(find([debated("s", 1.0), *draws("s", A, A)]))
    )
    sure = [*HAND, debated("s5", 1.0), *draws("s5", A, A, A, A, A)]
    assert not any("temperature" in line for line in warnings(find(sure)))


def test_two_cells_two_comparisons():
    """Strategies, models and tasks each have their own control."""
    other = {"label": "debate.n_agents=5", "strategy": "debate"}
    theirs = [replace(d, label="single.control=debate.n_agents=5") for d in draws("s", B, B, B)]
    found = compare_budget_matched([debated("s", 1.0), *draws("s", A, A, A), debated("s", 1.0, **other), *theirs])
    assert [(one.key[1], one.against_controls[0].control.mean) for one in found] == [
        ("debate", 1.0),
        ("debate.n_agents=5", 0.0),
    ]
