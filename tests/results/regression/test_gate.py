"""Gates: is a cell worse than its baseline, and was enough measured to know?"""

from __future__ import annotations

from dataclasses import replace

import pytest
from support.records import CONFIG, base, cell, record, repeated, some

from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.regression.baseline import Baseline
from pytest_hiddenlayer.results.regression.gate import GateResult, Policy, decide_gates
from pytest_hiddenlayer.results.regression.pairing import match_samples
from pytest_hiddenlayer.results.regression.references import BaselineLookup


def judge_gate(
    found: CellMetrics, before: Baseline | None, *, fault: str | None = None, **policy: object
) -> GateResult:
    """The gate of the only cell of a session."""
    (result,) = decide_gates([(found, BaselineLookup(baseline=before, fault=fault))], Policy(**policy))
    return result


def test_no_baseline_is_skipped_with_the_command():
    """Without a baseline the gate is skipped, and its message says how to make one."""
    result = judge_gate(cell(some(8, 10)), None)
    assert result.outcome == "skipped"
    assert "--snapshot-update" in result.message


def test_five_newly_wrong_regress():
    """Five newly wrong against no newly right samples fail the gate, and the message has their ids."""
    result = judge_gate(cell(some(5, 10)), base(some(10, 10)))
    assert (result.outcome, result.word) == ("failed", "regressed")
    assert "newly wrong: s5, s6, s7, s8, s9" in result.message


def test_one_flipped_answer_is_no_regression():
    """A single newly wrong answer passes as underpowered."""
    result = judge_gate(cell(some(9, 10)), base(some(10, 10)))
    assert (result.outcome, result.word) == ("passed", "underpowered")


def test_a_loss_within_the_margin_is_tolerated():
    """With margin 0.6 a loss of one half is not a regression."""
    result = judge_gate(cell(some(5, 10), margin=0.6), base(some(10, 10)))
    assert result.outcome == "passed"


def test_a_margin_must_be_exceeded_significantly():
    """Half of 100 lost is worse than a margin of 0.4 beyond chance, but not than one of 0.49 or 0.5."""
    before = base(some(100, 100))
    words = [judge_gate(cell(some(50, 100), margin=m), before).word for m in (0.4, 0.49, 0.5)]
    assert words == ["regressed", "underpowered", "underpowered"]


def test_five_newly_right_improve():
    """Significantly better passes, is called so and names the samples."""
    result = judge_gate(cell(some(10, 10)), base(some(5, 10)))
    assert (result.outcome, result.word) == ("passed", "improved")
    assert "newly right: s5, s6, s7, s8, s9" in result.message


@pytest.mark.parametrize(("n", "word"), [(58, "underpowered"), (59, "same")])
def test_same_needs_an_interval_within_min_effect(n, word):
    """59 unchanged samples show that the difference is within 5 points; 58 do not."""
    assert judge_gate(cell(some(20, n)), base(some(20, n))).word == word


@pytest.mark.parametrize(("old", "new"), [(12, 15), (15, 12)])
def test_a_few_flips_in_one_direction_are_not_the_same(old, new):
    """Three flips of 20, up or down, are neither significant nor proof of equality."""
    assert judge_gate(cell(some(new, 20)), base(some(old, 20))).word == "underpowered"


def test_a_larger_min_effect_needs_fewer_samples():
    """14 samples are enough for a min_effect of 20 points: 0.8^14 is below 5 %."""
    assert judge_gate(cell(some(5, 14), min_effect=0.2), base(some(5, 14))).word == "same"
    assert judge_gate(cell(some(5, 13), min_effect=0.2), base(some(5, 13))).word == "underpowered"


def test_too_few_scored_is_red():
    """An outage never is green: two of ten scored fails min_scored."""
    values = {name: (value if name in ("s0", "s1") else None) for name, value in some(10, 10).items()}
    result = judge_gate(cell(values), base(some(10, 10)))
    assert result.outcome == "failed"
    assert "scored 2 of 10 answers, min_scored is 0.95: not measured (8 error)" in result.message


@pytest.mark.parametrize(("scored", "outcome"), [(19, "skipped"), (18, "failed")])
def test_min_scored_is_a_share_of_the_selected(scored, outcome):
    """19 of 20 reach 0.95, 18 do not."""
    values = {f"s{i}": 1.0 if i < scored else None for i in range(20)}
    assert judge_gate(cell(values), None).outcome == outcome


def test_nothing_selected_is_red():
    """A cell without a single sample was not measured."""
    assert judge_gate(cell({}), None).outcome == "failed"


@pytest.mark.parametrize(("threshold", "outcome"), [(0.5, "passed"), (0.51, "failed")])
@pytest.mark.parametrize("update", [False, True])
def test_the_score_must_reach_the_threshold(threshold, outcome, update):
    """5 of 10 reach 0.5, not 0.51, with or without --snapshot-update."""
    assert judge_gate(cell(some(5, 10), threshold=threshold), None, update=update).outcome == outcome


def test_equal_partial_scores_reach_their_threshold():
    """Eleven scores of 0.12 have a mean of exactly 0.12."""
    values = {f"s{i}": 0.12 for i in range(11)}
    assert judge_gate(cell(values, threshold=0.12), None).outcome == "passed"


def test_an_unmeasured_cell_does_not_reach_a_threshold():
    """No score is not a score of 0 that a threshold of 0 would let pass."""
    result = judge_gate(cell({"a": None}, threshold=0.0), None, update=True)
    assert result.outcome == "failed"
    assert "score unknown" in result.message


@pytest.mark.parametrize("value", [0.0, 0.5, None])
@pytest.mark.parametrize("update", [False, True])
def test_a_must_pass_sample_must_be_right(value, update):
    """Wrong, partial or unanswered: red, with or without --snapshot-update, and named."""
    config = replace(CONFIG, total=1, selected=("a",))
    result = judge_gate(compute_metrics(config, [record("a", value, must_pass=True)]), None, update=update)
    assert result.outcome == "failed"
    assert "must_pass not right: a" in result.message


def test_update_judges_neither_baseline_nor_share():
    """Under --snapshot-update a regression and a malformed baseline pass: the file is rewritten."""
    assert judge_gate(cell(some(0, 10)), base(some(10, 10)), update=True).outcome == "passed"
    assert judge_gate(cell(some(5, 10)), None, update=True, fault="broken").outcome == "passed"


def test_update_in_an_outage_is_red():
    """Under --snapshot-update a cell without any score fails: nothing was measured, and no line is rewritten."""
    result = judge_gate(cell({"a": None}), None, update=True)
    assert result.outcome == "failed"
    assert "scored 0 of 1 answers" in result.message


def test_a_fault_of_the_baseline_is_red():
    """A baseline that cannot be trusted fails the gate with its reason."""
    result = judge_gate(cell(some(5, 5)), None, fault="no snapshot at all")
    assert (result.outcome, result.word) == ("failed", "failed")
    assert "no snapshot at all" in result.message


def test_every_red_reason_is_told():
    """A cell that is red for two reasons names both."""
    result = judge_gate(cell(some(5, 10), threshold=0.9), base(some(10, 10)))
    assert len(result.failures) == 2


def test_a_baseline_of_another_scorer_is_red():
    """A scorer of another version is not compared in silence."""
    result = judge_gate(cell(some(5, 5)), base(some(5, 5), scorer="exact/2"))
    assert result.outcome == "failed"
    assert "exact/2" in result.message


def test_changed_samples_are_left_out_and_counted():
    """A sample whose hash differs is not paired."""
    before = base(some(10, 10))
    changed = {**before.samples, "s0": replace(before.samples["s0"], hash="other")}
    found = match_samples(changed, cell(some(10, 10)).samples)
    assert (len(found.pairs), found.changed) == (9, ("s0",))


def test_changed_samples_are_told():
    """The message counts what was left out."""
    before = base(some(10, 10))
    changed = {**before.samples, "s0": replace(before.samples["s0"], hash="other")}
    result = judge_gate(cell(some(10, 10)), replace(before, samples=changed))
    assert "left out: 1 changed since" in result.message.splitlines()
    assert "the baseline is partial: 9 of 10 scored samples could be compared" in result.message


def test_samples_scored_on_one_side_are_no_pairs():
    """An unanswered sample, here or in the baseline, and a new one are left out and counted."""
    now = cell({"a": 1.0, "b": None, "c": 1.0, "new": 1.0}, min_scored=0.5)
    found = match_samples(base({"a": 1.0, "b": 1.0, "c": None, "gone": 1.0}).samples, now.samples)
    assert [pair.id for pair in found.pairs] == ["a"]
    assert (found.lost, found.gained, found.added, found.absent) == (("b",), ("c",), ("new",), ("gone",))


def test_partial_answers_are_not_right():
    """A pair counts as right only if its outcome is `correct`."""
    found = judge_gate(cell({"a": 0.5, "b": 1.0}), base({"a": 1.0, "b": 1.0})).comparison
    assert (found.newly_wrong, found.newly_right, found.paired.difference) == (("a",), (), -0.25)


def test_all_samples_changed_is_red():
    """If every sample changed since the baseline, the gate fails."""
    before = base({"a": 1.0})
    changed = {"a": replace(before.samples["a"], hash="other")}
    assert judge_gate(cell({"a": 1.0}), replace(before, samples=changed)).outcome == "failed"


def test_nothing_to_pair_is_red():
    """A baseline without a common scored sample fails the gate."""
    assert judge_gate(cell({"a": 1.0}), base({"b": 1.0})).outcome == "failed"


def test_a_partial_cell_says_so():
    """A cell with two of ten samples selected is gated on those, and the message says so."""
    found = compute_metrics(replace(CONFIG, total=10, selected=("s0", "s1")), [record("s0", 1.0), record("s1", 1.0)])
    assert "partial 2 of 10" in judge_gate(found, base(some(10, 10))).message


# ---------------------------------------------------------------- policy


def test_threshold_mode_ignores_the_baseline():
    """Under threshold a regression is not judged; threshold, must_pass and min_scored are."""
    assert judge_gate(cell(some(0, 10)), base(some(10, 10)), mode="threshold").outcome == "passed"
    assert judge_gate(cell(some(0, 10), threshold=0.5), None, mode="threshold").outcome == "failed"
    assert judge_gate(cell({"a": None}), None, mode="threshold").outcome == "failed"


def test_require_wants_a_whole_baseline():
    """Under `require`, a missing baseline and one that lacks a tenth of the samples fail."""
    assert judge_gate(cell(some(5, 10)), None, mode="require").outcome == "failed"
    partial = judge_gate(cell(some(10, 10)), base(some(9, 9)), mode="require")
    assert partial.outcome == "failed"
    assert "the baseline is partial: 9 of 10" in partial.failures[0]
    assert judge_gate(cell(some(10, 10)), base(some(10, 10)), mode="require").outcome == "passed"


def test_a_baseline_of_a_few_samples_is_never_green():
    """Where fewer than half of the samples can be compared the gate is skipped with the reason, not passed."""
    result = judge_gate(cell(some(10, 10)), base(some(4, 4)))
    assert result.outcome == "skipped"
    assert "the baseline is partial: 4 of 10 scored samples" in result.message.splitlines()[-1]


def test_underpowered_may_fail():
    """--hl-gate-underpowered=fail fails only underpowered verdicts."""
    assert judge_gate(cell(some(9, 10)), base(some(10, 10)), fail_underpowered=True).outcome == "failed"
    assert judge_gate(cell(some(59, 59)), base(some(59, 59)), fail_underpowered=True).outcome == "passed"


def test_underpowered_says_what_it_can_see_and_what_it_takes():
    """An underpowered verdict states the minimum detectable effect of this n, and the n for min_effect."""
    found = judge_gate(cell(some(9, 10)), base(some(10, 10)))
    line = next(line for line in found.message.splitlines() if line.startswith("verdict"))
    comparison = found.comparison
    assert f"the minimum detectable effect (MDE) of 10 samples is {comparison.smallest_effect:.3f}" in line
    assert f"detecting 0.05 takes about {comparison.pairs_needed} samples" in line
    assert 0.5 < comparison.smallest_effect < 0.9
    assert 200 < comparison.pairs_needed < 1000


# ---------------------------------------------------------------- a session of cells


def test_holm_over_the_cells_of_a_session():
    """Five newly wrong (p = 1/32) are red alone, and not among two cells: 2/32 is above 0.05."""
    bad = (cell(some(5, 10)), BaselineLookup(baseline=base(some(10, 10))))
    good = (cell(some(10, 10)), BaselineLookup(baseline=base(some(10, 10))))
    assert decide_gates([bad], Policy())[0].word == "regressed"
    first, second = decide_gates([bad, good], Policy())
    assert (first.word, second.word) == ("underpowered", "underpowered")
    assert "0.0625 and 1 after Holm over 2 cells" in first.message


def test_cells_without_a_comparison_do_not_count_in_the_family():
    """A cell without baseline does not count in Holm's correction."""
    bad = (cell(some(5, 10)), BaselineLookup(baseline=base(some(10, 10))))
    first, second = decide_gates([bad, (cell(some(10, 10)), BaselineLookup())], Policy())
    assert (first.word, second.outcome) == ("regressed", "skipped")


def test_many_clear_regressions_stay_red():
    """Ten cells that lost every answer are all regressed after Holm."""
    cells = [(cell(some(0, 20)), BaselineLookup(baseline=base(some(20, 20))))] * 10
    assert {gate.word for gate in decide_gates(cells, Policy())} == {"regressed"}


# ---------------------------------------------------------------- what was not measured


def test_an_outage_that_takes_the_wrong_answers_is_not_green():
    """20 newly wrong samples of 400 fail; the same 20 without a score are within min_scored, and fail too."""
    before = base(some(400, 400))
    wrong = cell({f"s{i}": float(i >= 20) for i in range(400)})
    lost = cell({f"s{i}": None if i < 20 else 1.0 for i in range(400)})
    assert judge_gate(wrong, before).word == "regressed"
    result = judge_gate(lost, before)
    assert result.outcome == "failed"
    assert "20 answers have no score now; counted as wrong, the verdict is regressed" in result.failures[0]


def test_a_few_lost_answers_are_tolerated():
    """Three of 400 without a score could not have been a regression: the gate stays green."""
    lost = cell({f"s{i}": None if i < 3 else 1.0 for i in range(400)})
    assert judge_gate(lost, base(some(400, 400))).outcome == "passed"


def test_what_was_wrong_before_may_lose_its_score():
    """Losing answers that were wrong before is not a regression."""
    lost = cell({f"s{i}": None if i < 20 else 1.0 for i in range(400)})
    before = base({f"s{i}": float(i >= 20) for i in range(400)})
    assert judge_gate(lost, before).outcome == "passed"


def test_a_reducer_that_grows_with_epochs_needs_equal_epochs():
    """pass@5 is not compared with pass@1; means over different epochs are."""
    before = base(some(10, 10), epochs=1)
    five = {name: [1.0] * 5 for name in some(10, 10)}
    assert judge_gate(repeated(five), before).outcome == "passed"
    result = judge_gate(repeated(five, reducer="pass_at_k"), before)
    assert result.outcome == "failed"
    assert "--epochs 1" in result.failures[0]


def test_prompts_are_compared_by_id():
    """With match=id, samples whose prompt changed are compared, and the message says so."""
    changed = {name: replace(s, hash="other") for name, s in base(some(10, 10)).samples.items()}
    before = replace(base({}), samples=changed)
    assert "--hl-match=id" in judge_gate(cell(some(5, 10)), before).message
    result = judge_gate(cell(some(5, 10)), before, match="id")
    assert result.word == "regressed"
    assert "matched by id" in result.message


# ---------------------------------------------------------------- graded scores, clusters, epochs


def graded(values: list[float]) -> CellMetrics:
    """A cell of graded scores."""
    return cell({f"s{i}": value for i, value in enumerate(values)}, pass_score=0.5)


def test_graded_scores_are_tested_as_they_are():
    """Scores that all fell by 0.2 regress, though each still counts as right."""
    result = judge_gate(graded([0.7] * 12), base({f"s{i}": 0.9 for i in range(12)}))
    assert result.word == "regressed"
    assert "sign-flip" in result.message


def test_clusters_are_one_observation_each():
    """Eight newly wrong answers in two clusters are not a regression; in eight clusters they are."""
    now = {f"s{i}": float(i >= 8) for i in range(40)}

    def word(group: int) -> str:
        config = replace(CONFIG, total=40, selected=tuple(now))
        records = [record(name, v, group=f"g{int(name[1:]) // group}") for name, v in now.items()]
        return judge_gate(compute_metrics(config, records), base(some(40, 40))).word

    assert (word(4), word(1)) == ("underpowered", "regressed")


def test_flaky_samples_are_named():
    """A sample that was right in one epoch and wrong in another is named, of all that were repeated."""
    config = replace(CONFIG, total=2, selected=("a", "b"), epochs=2)
    records = [record("a", 1.0), record("a", 0.0, epoch=2), record("b", 1.0), record("b", 1.0, epoch=2)]
    assert (
        "flaky: 1 of 2 repeated samples were right in some epochs and wrong in others: a"
        in judge_gate(compute_metrics(config, records), None).message
    )


@pytest.mark.parametrize("value", [0.0, 1.0])
@pytest.mark.parametrize("n", [1, 2, 12])
def test_all_right_and_all_wrong_are_plain_statements(value, n):
    """All right or all wrong, one sample or twelve: there is a verdict, and no NaN in the message."""
    values = {f"s{i}": value for i in range(n)}
    result = judge_gate(cell(values), base(values))
    assert result.word == "underpowered"
    assert "nan" not in result.message.lower()
