"""The leaderboard of a run: order, spending, differences with verdicts, and the Pareto set."""

from __future__ import annotations

import json

import pytest
from support.control_records import HAND, LOST, A, B, debated, draws, made, rounds

from pytest_hiddenlayer.analysis.strategy_bench.leaderboard import leaderboards
from pytest_hiddenlayer.analysis.strategy_bench.text import leaderboards_markdown, leaderboards_text
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.types import Record

SINGLES = [made(f"s{i}", float(i != 3)) for i in (1, 2, 3, 4)]
RUN = [*HAND, *SINGLES]


def only(records, **more):
    """The only leaderboard of these records."""
    (board,) = leaderboards(records, **more)
    return board


def compared(board, label="debate"):
    """What the strategy of this label is compared with, by name."""
    return {one.against: one for row in board.rows if row.label == label for one in row.compared}


def test_the_vote_at_the_same_calls_and_at_the_same_tokens():
    """By hand: a debate right on s1, s3, s4; votes of 3 right on s2 and s4, votes of 5 right on s1, s2 and s4."""
    at_calls = compared(only(RUN))["vote"].comparison
    assert [at_calls.new.mean, at_calls.old.mean, at_calls.paired.n] == [0.75, 0.5, 4]
    assert at_calls.newly_right == ("s1", "s3")
    assert at_calls.newly_wrong == ("s2",)
    at_tokens = compared(only(RUN, unit="tokens"))["vote"].comparison
    assert [at_tokens.new.mean, at_tokens.old.mean] == [0.75, 0.75]


def test_single_is_the_cell_of_single():
    """Single is right on s1, s2 and s4, the debate on s1, s3 and s4."""
    against = compared(only(RUN))["single"].comparison
    assert [against.old.mean, against.paired.difference] == [0.75, 0.0]


def test_without_a_cell_of_single_it_is_the_mean_of_the_matched_samples():
    """By hand, of 3 samples each: 1/3, 1, 0 and 1/2 (a failed one counts for nothing)."""
    against = compared(only(HAND))["single"].comparison
    assert against.old.mean == pytest.approx((1 / 3 + 1 + 0 + 1 / 2) / 4)


def test_another_strategy_is_the_reference():
    """`against` names a strategy, with or without its parameters; single stays a reference."""
    other = [made(f"s{i}", 0.0, strategy="mad", label="mad.max_rounds=3", calls=2) for i in (1, 2, 3, 4)]
    for name in ("mad", "mad.max_rounds=3"):
        found = compared(only([*RUN, *other], against=name))
        assert list(found) == ["mad.max_rounds=3", "single"]
        assert found["mad.max_rounds=3"].comparison.paired.difference == 0.75


def test_a_reference_with_several_variants_must_be_named_by_its_label():
    """`mad` may be either; the message has both labels."""
    labels = ("mad.max_rounds=2", "mad.max_rounds=4")
    other = [made("s1", 0.0, strategy="mad", label=label) for label in labels]
    with pytest.raises(UsageError, match=r"'mad': the run has mad\.max_rounds=2, mad\.max_rounds=4; name one"):
        only([*RUN, *other], against="mad")
    assert "mad.max_rounds=4" in compared(only([*RUN, *other], against="mad.max_rounds=4"))


def test_verdicts_are_corrected_over_all_comparisons():
    """7 of 7 better is p = 1/128; over two comparisons Holm makes it 1/64, still `improved`; over 16 it is not."""
    names = [f"q{i}" for i in range(7)]
    singles = [made(name, 0.0) for name in names]
    controls = [one for name in names for one in draws(name, B, B, B)]
    better = [debated(name, 1.0) for name in names]
    few = compared(only([*singles, *controls, *better]))
    assert {one.comparison.verdict for one in few.values()} == {"improved"}
    assert few["vote"].comparison.p_better == pytest.approx(2 / 128)
    more = [debated(name, 0.0, strategy=f"x{i}", label=f"x{i}") for name in names for i in range(7)]
    many = compared(only([*singles, *controls, *better, *more]))
    assert many["vote"].comparison.p_better == pytest.approx(16 / 128)
    assert many["vote"].comparison.verdict == "underpowered"


def test_spending_counts_every_answer_and_what_a_right_one_takes():
    """Three answers of 3, 3 and 1 calls, two right, one without a score: 7/3 calls each, 3.5 per right answer."""
    lost = debated("s3", None, outcome="truncated", calls=1, error="cut off")
    (row,) = only([debated("s1", 1.0), debated("s2", 1.0), lost]).rows
    assert row.spent.calls == pytest.approx(7 / 3)
    assert [row.per_right("calls"), row.per_right("tokens"), row.per_right("cost_usd")] == [3.5, 35.0, 0.875]
    assert [row.scored, row.answers, row.worst] == [2, 3, pytest.approx(2 / 3)]
    assert row.reasons == {"truncated: cut off": 1}


def test_nothing_right_has_no_cost_per_right_answer():
    """No right answer: the cost of one is unknown, not 0."""
    (row,) = only([debated("s1", 0.0)]).rows
    assert row.per_right("calls") is None


def test_few_scores_do_not_lead():
    """A strategy that is right on the one answer with a score comes last, and is in no Pareto set."""
    lost = [debated(f"s{i}", None, outcome="unscored", strategy="lucky", label="lucky") for i in (2, 3, 4)]
    board = only([*RUN, debated("s1", 1.0, strategy="lucky", label="lucky"), *lost])
    assert board.rows[-1].label == "lucky"
    assert board.front.left_out == ("lucky",)
    assert "lucky: 1 of 4 answers have a score" in leaderboards_text([board], width=200, colour=False)


def test_an_improvement_that_rests_on_lost_answers_is_none():
    """7 of 7 pairs are better, but 9 answers lost their score: as wrong ones they would undo it."""
    names = [f"q{i}" for i in range(16)]
    singles = [made(name, float(i >= 7)) for i, name in enumerate(names)]
    mixed = [
        debated(name, 1.0 if i < 7 else None, outcome="correct" if i < 7 else "unscored")
        for i, name in enumerate(names)
    ]
    against = compared(only([*singles, *mixed]))["single"].comparison
    assert against.paired.difference == 1.0
    assert against.verdict == "underpowered"


def test_who_dominates_whom():
    """A debate of 3 calls that is no better than single's one call is dominated by it."""
    board = only([*SINGLES, *(debated(f"s{i}", float(i != 3)) for i in (1, 2, 3, 4))])
    assert board.front.dominated_by == {"debate": "single"}
    assert "no: single" in leaderboards_text([board], width=200, colour=False)


def test_a_table_per_task_and_model():
    """Two tasks and two models are four leaderboards, ordered by name; `task` selects one."""
    records = [made("s1", 1.0, task=task, slug=slug) for task in ("u", "t") for slug in ("n", "m")]
    assert [(b.task, b.slug) for b in leaderboards(records)] == [("t", "m"), ("t", "n"), ("u", "m"), ("u", "n")]
    assert [b.slug for b in leaderboards(records, task="u")] == ["m", "n"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"against": "debat"}, "--against 'debat': compare with vote.*did you mean 'debate'"),
        ({"task": "x"}, "task 'x': the run has t"),
    ],
)
def test_a_name_that_the_run_does_not_have(more, message):
    """The message names what there is."""
    with pytest.raises(UsageError, match=message):
        leaderboards(RUN, **more)


def test_free_models_are_not_matched_by_cost():
    """$0 on both sides matches everything with everything."""
    free = [made("s1", 1.0, transcript=[{"usage": {"input_tokens": 1, "output_tokens": 1}, "cost_usd": 0.0}])]
    with pytest.raises(UsageError, match=r"--match cost: every call of the run cost \$0; match calls or tokens"):
        leaderboards(free, unit="cost_usd")
    unknown = [made("s1", 1.0, transcript=[{"usage": {"input_tokens": 1, "output_tokens": 1}, "cost_usd": None}])]
    with pytest.raises(UsageError, match="--match cost: the run has no known cost"):
        leaderboards(unknown, unit="cost_usd")


def test_no_records():
    """A run without answers is a message."""
    with pytest.raises(UsageError, match="this run has none"):
        leaderboards([])


def test_calls_without_usage_have_unknown_tokens_and_cost():
    """A log that another program wrote may lack them: they are unknown, not 0."""
    (row,) = only([made("s1", 1.0, transcript=[{}, {"usage": {}}])]).rows
    assert [row.spent.calls, row.spent.tokens, row.spent.cost_usd] == [2.0, None, None]


def test_no_control_samples_and_what_to_do():
    """Without control samples there is no vote, and the table says how to get them."""
    records = [*SINGLES, debated("s1", 1.0)]
    found = compared(only(records))
    assert found["vote"].comparison is None
    assert "no control samples; run with --hl-equal-budget" in leaderboards_text(
        leaderboards(records), width=250, colour=False
    )


def test_json_and_markdown_show_the_same_strategies():
    """JSON holds every figure; a name with markup stays a name in Markdown."""
    evil = [made("s1", 1.0, strategy="x", label="x.style=**|<b>|", calls=2)]
    boards = leaderboards([*RUN, *evil])
    values = json.loads(json.dumps([board.to_json() for board in boards], allow_nan=False))
    assert {row["label"] for row in values[0]["strategies"]} == {"debate", "single", "x.style=**|<b>|"}
    page = leaderboards_markdown(boards)
    assert "**" not in page
    assert "<b>" not in page
    rows = [line for line in page.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in rows if "vote at" not in line and "against" not in line} >= {11}


def test_records_in_any_order_give_the_same():
    """The order of a log is that of completion."""
    backwards: list[Record] = list(reversed(RUN))
    assert [b.to_json() for b in leaderboards(backwards)] == [b.to_json() for b in leaderboards(RUN)]


def test_debates_have_a_row_of_what_voting_explains():
    """Three agents, one wrong in round 0, all right in round 1: the vote of round 0 already has the whole gain."""
    talks = [debated(f"s{i}", 1.0, answer_metadata=rounds("rr", "rr", "wr")) for i in range(40)]
    board = only(talks)
    (cell,) = board.debates
    assert cell.gain.share == pytest.approx(1.0)
    shown = leaderboards_text([board], width=250, colour=False)
    assert "40 of 120" in shown
    assert "share that voting explains" in leaderboards_markdown([board])
    assert "share that voting explains" not in leaderboards_text([only(SINGLES)], width=250, colour=False)


def test_a_strategy_that_answered_only_some_samples_comes_last():
    """A run that ended early: 3 of 12 answers, all right, are no better than 6 of 12; votes of 3 samples neither."""
    names = [f"s{i:02}" for i in range(12)]
    singles = [made(name, float(i % 2)) for i, name in enumerate(names)]
    few = [one for name in names[:3] for one in (debated(name, 1.0), *draws(name, A, A, B))]
    board = only([*singles, *few])
    assert [(row.label, row.answers, row.unanswered) for row in board.rows] == [("single", 12, 0), ("debate", 3, 9)]
    assert board.front.left_out == ("debate", "one sample", "vote of 2")
    shown = leaderboards_text([board], width=200, colour=False)
    assert "3/12" in shown
    assert "debate: 3 of 12 answers exist; a run that ended early goes on with --resume" in shown
    assert "votes of plain samples: 9 of 12 samples have none" in shown
    assert [row["unanswered"] for row in board.to_json()["strategies"]] == [0, 9]


def test_missing_epochs_are_missing_answers():
    """Four of ten samples lack the second epoch, in which answers are wrong: the mean over the rest is no score."""
    epochs = [(f"s{i}", epoch) for i in range(10) for epoch in (1, 2)]
    singles = [made(name, float(epoch == 1), epoch=epoch) for name, epoch in epochs]
    talks = [debated(name, float(epoch == 1), epoch=epoch) for name, epoch in epochs if epoch == 1 or name > "s3"]
    rows = {row.label: row for row in only([*singles, *talks]).rows}
    assert [rows["debate"].answers, rows["debate"].unanswered, rows["debate"].enough_scored] == [16, 4, False]
    assert rows["single"].unanswered == 0


def test_votes_without_a_score_are_in_no_pareto_set():
    """Half of the samples have a readable control sample: the mean over these is over a choice of samples."""
    names = [f"s{i:02}" for i in range(12)]
    records = [made(name, float(i % 2)) for i, name in enumerate(names)]
    records += [debated(name, 1.0) for name in names]
    for i, name in enumerate(names):
        records += draws(name, A if i % 2 else LOST, LOST, LOST, LOST)
    board = only(records)
    assert [(vote.size, vote.votes, vote.scored, vote.score.mean) for vote in board.votes] == [
        (1, 48, 6, 1.0),
        (2, 24, 6, 1.0),
        (4, 12, 6, 1.0),
    ]
    assert board.front.left_out == ("one sample", "vote of 2", "vote of 4")
    assert board.front.dominated_by == {}
    assert "6/48" in leaderboards_text([board], width=200, colour=False)


def test_a_difference_that_rounds_to_zero_has_no_minus():
    """A judge that weighs its words gives 0.9999: the difference to 1 is shown as +0.000."""
    board = only([made("s1", 1.0), made("s1", 0.9999, strategy="x", label="x", outcome="partial")])
    shown = leaderboards_text([board], width=200, colour=False)
    assert "+0.000" in shown
    assert "-0.000" not in shown


def test_control_samples_are_no_strategy():
    """The rows are strategies; votes of control samples are below them, in brackets."""
    board = only([*RUN, *draws("s1", A)])
    assert [row.label for row in board.rows] == ["debate", "single"]
    assert "(one sample)" in leaderboards_text([board], width=200, colour=False)
