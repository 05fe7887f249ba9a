"""Right answers by round, computed by hand."""

from __future__ import annotations

import pytest
from support.debates import debate

from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates


def rounds_of(*records):
    (cell,) = analyse_debates(records)
    return cell.rounds


def means(estimates) -> dict[str, float | None]:
    return {name: found.mean for name, found in estimates.items()}


def test_agents_majority_any_and_all():
    """Two of three right: 2/3, 1, 1, 0; then one of three, where two equal wrong ones win: 1/3, 0, 1, 0."""
    first, second = rounds_of(debate("q", "aab", "abb"))
    assert means(first.carried) == {"agents": pytest.approx(2 / 3), "majority": 1.0, "any": 1.0, "all": 0.0}
    assert means(second.carried) == {"agents": pytest.approx(1 / 3), "majority": 0.0, "any": 1.0, "all": 0.0}


@pytest.mark.parametrize(
    ("answers", "majority"),
    [("ab", 1 / 2), ("abc", 1 / 3), ("aabb", 1 / 2), ("bbcc", 0.0), ("abb", 0.0), ("a?", 1.0)],
)
def test_a_tie_is_a_random_choice_among_the_tied(answers, majority):
    """Of k tied answers one is right: 1/k. Unreadable answers do not vote."""
    first, _ = rounds_of(debate("q", answers, answers))
    assert first.carried["majority"].mean == pytest.approx(majority)


def test_an_unreadable_answer_is_not_right():
    """One of two is right, and the share of unreadable answers is 1/2; nothing readable has no right majority."""
    first, second = rounds_of(debate("q", "a?", "??"))
    assert means(first.carried) == {"agents": 0.5, "majority": 1.0, "any": 1.0, "all": 0.0}
    assert means(second.carried) == {"agents": 0.0, "majority": 0.0, "any": 0.0, "all": 0.0}
    assert (first.unreadable.mean, second.unreadable.mean) == (0.5, 1.0)


def test_a_debate_that_stopped_keeps_its_last_answers():
    """`easy` stopped right after round 0. In round 1 only `hard`, wrong, goes on: 0; carried forward: 1/2."""
    first, second = rounds_of(debate("easy", "aaa"), debate("hard", "bbc", "bbb"))
    assert (first.debating, first.stopped, second.debating, second.stopped) == (2, 0, 1, 1)
    assert (second.of_debating["agents"].mean, second.carried["agents"].mean) == (0.0, 0.5)
    assert (second.of_debating["agents"].n, second.carried["agents"].n) == (1, 2)


def test_silent_agents_are_left_out_of_their_round():
    """Agent 3 is silent in round 1: one of two is right there."""
    _, second = rounds_of(debate("q", "abb", "ab."))
    assert second.carried["agents"].mean == 0.5


def test_agreement_and_consensus():
    """Of the pairs aa, ab, ab one is equal; all agree in round 1, where an unreadable answer is no agreement."""
    first, second, third = rounds_of(debate("q", "aab", "aaa", "aa?"))
    assert first.agreement.mean == pytest.approx(1 / 3)
    assert [one.consensus.mean for one in (first, second, third)] == [0.0, 1.0, 0.0]
    assert third.agreement.mean == 1.0  # of the readable answers


def test_epochs_of_a_question_are_averaged():
    """Right in one of two epochs is 1/2 for one question, and no second question."""
    one = debate("q", "aa", "aa")
    other = debate("q", "bb", "bb", changes={"epoch": 2})
    first, _ = rounds_of(one, other)
    assert (first.carried["agents"].n, first.carried["agents"].mean, first.debating) == (1, 0.5, 2)


def test_a_repeated_question_narrows_nothing():
    """Every question again as a second epoch leaves the interval of each round as it was."""
    texts = ("aab", "abb", "aaa", "bbb", "abc")
    once = [debate(f"q{i}", text, text) for i, text in enumerate(texts)]
    again = [debate(f"q{i}", text, text, changes={"epoch": 2}) for i, text in enumerate(texts)]
    for one, two in zip(rounds_of(*once), rounds_of(*once, *again), strict=True):
        assert one.carried == two.carried


def test_a_copy_of_a_question_in_its_group_narrows_nothing():
    """Each question twice, in a group of its own: shares, intervals and the drift are those of each once."""
    texts = [("aab", "aaa"), ("abb", "bbb"), ("aaa", "aab"), ("bbb", "abb"), ("abc", "aac"), ("aab", "abb")]

    def analysed(copies):
        (cell,) = analyse_debates(
            debate(f"q{i}{copy}", *rounds, changes={"group": f"g{i}"})
            for i, rounds in enumerate(texts)
            for copy in range(copies)
        )
        trend = cell.drift[0]
        agents = [one.carried["agents"] for one in cell.rounds]
        return [one.mean for one in agents], [one.ci95 for one in agents], trend.slope.ci95, trend.p

    once, twice = analysed(1), analysed(2)
    assert once[0] == pytest.approx(twice[0])
    assert once[1] == [pytest.approx(bounds, abs=1e-6) for bounds in twice[1]]
    assert (once[2], once[3]) == (pytest.approx(twice[2], abs=1e-6), pytest.approx(twice[3]))


def test_questions_of_a_group_are_one_cluster():
    """Ten questions in two groups have a wider interval than ten without a group."""
    texts = ["aaa"] * 5 + ["bbb"] * 5
    alone = [debate(f"q{i}", text, text) for i, text in enumerate(texts)]
    grouped = [debate(f"q{i}", text, text, changes={"group": text}) for i, text in enumerate(texts)]
    narrow, wide = (rounds_of(*records)[0].carried["majority"].ci95 for records in (alone, grouped))
    assert wide[1] - wide[0] > narrow[1] - narrow[0]


def test_a_scorer_that_names_no_answers_has_no_majority():
    """Verdicts alone, as in a log of pass and fail: shares of right answers, no majority, nothing unreadable."""
    logged = debate("q", "ab", "aa")
    scores = {role: {r: {**e, "answer": None} for r, e in by.items()}
              for role, by in logged.answer_metadata["round_scores"].items()}  # fmt: skip
    first, second = rounds_of(debate_with(logged, scores))
    assert means(first.carried) == {"agents": 0.5, "majority": None, "any": 1.0, "all": 0.0}
    assert (second.carried["all"].mean, first.unreadable.mean, first.agreement.mean) == (1.0, 0.0, None)


def test_trials_of_one_agent_are_rounds():
    """An agent that tries three times, and only then passes: 0, 0, 1, whether or not answers are named."""
    first, second, third = rounds_of(debate("q", "b", "?", "a", names=["actor"]))
    assert [one.carried["majority"].mean for one in (first, second, third)] == [0.0, 0.0, 1.0]


def test_without_a_right_answer_only_agreement_is_known():
    """No target: nothing is right or wrong, and the answers still agree or not."""
    (cell,) = analyse_debates([debate("q", "aab", "aaa", gold=None)])
    assert not cell.scored
    assert means(cell.rounds[0].carried) == dict.fromkeys(("agents", "majority", "any", "all"))
    assert [one.consensus.mean for one in cell.rounds] == [0.0, 1.0]
    assert (cell.drift, cell.rules, cell.answer.mean, cell.gain.n) == ((), (), None, 0)


def debate_with(record, scores):
    """The record with other scores by round."""
    from dataclasses import replace

    return replace(record, answer_metadata={"round_scores": scores})
