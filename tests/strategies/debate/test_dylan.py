"""`dylan`: who is asked, what agents read and rate, when they agree, who stays, and who was important."""

from __future__ import annotations

import json
import re

import pytest
from support.published_data import FOLDER, needs_data
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.debate.network.importance import importance
from pytest_hiddenlayer.strategies.debate.network.replies import consensus, read_ranking, read_ratings

SUBJECTS = (
    "astronomy_test",
    "college_mathematics_test",
    "high_school_chemistry_test",
    "high_school_world_history_test",
    "moral_scenarios_test_100",
)


def replies(*rounds, ranking="Best: 1, 2", scores=None):
    """Replies by round and agent; in later rounds each agent rates every solution with 3, or as `scores` says."""

    def reply(request):
        if request.role == "ranker":
            return ranking
        text = rounds[request.round][int(request.role[-1]) - 1]
        shown = re.findall(r"^Solution \d+: (.+)$", request.messages[-1].content, re.MULTILINE)
        if not request.round:
            return text
        return f"Scores: {', '.join(str((scores or {}).get(solution, 3)) for solution in shown)}\n{text}"

    return reply


APART = ("I say 11.", "I say 22.", "I say 33.", "I say 44.")


def asked(fake, number):
    return sorted(r.role for r in fake.requests if r.round == number and r.role != "ranker")


def test_early_consensus_spares_the_rest(answer):
    """Three of four equal answers are more than two thirds: the fourth agent is not asked."""
    fake = FakeProvider(replies(("42", "42", "42", "42")), overlapping={0: 3})
    record = answer("dylan", fake)
    notes = record.answer_metadata
    assert (record.outcome, len(fake.requests), notes["stopped"]) == ("correct", 3, "consensus")
    assert sorted(map(str, notes["answers"][0])) == ["42", "42", "42", "None"]
    assert sorted(notes["importance"].values()) == pytest.approx([0, 1 / 3, 1 / 3, 1 / 3], abs=1e-6)


def test_the_fourth_agent_is_asked_if_it_can_decide(answer):
    """If one of the first three disagrees, the fourth is asked alone, and may complete the consensus."""
    fake = FakeProvider(lambda r: "41" if r.role == "agent-1" else "42")
    seeds = [seed for seed in range(8) if len(answer("dylan", fake, seed=seed).transcript) == 4]
    assert seeds
    record = answer("dylan", fake, seed=seeds[0])
    assert (record.answer, record.answer_metadata["stopped"]) == ("42", "consensus")
    assert record.answer_metadata["importance"]["agent-1"] == 0


def test_first_answers_are_independent(answer):
    """In round 1 each agent reads its role and the task only."""
    fake = FakeProvider(replies(APART, APART, APART))
    answer("dylan", fake)
    firsts = fake.prompts("agent-.", round=0)
    assert len(firsts) == 4
    assert all(prompt.endswith(f"\n\n{QUESTION}") and "Solution" not in prompt for prompt in firsts)
    assert fake.prompts("agent-2", round=0)[0].startswith("You are a mathematician.")


def test_later_rounds_show_all_last_replies_shuffled(answer):
    """From round 2 each agent reads all replies of the last round, each agent in its own order."""
    fake = FakeProvider(replies(APART, APART, APART))
    answer("dylan", fake)
    orders = [tuple(re.findall(r"^Solution \d: I say (\d\d)", p, re.MULTILINE)) for p in fake.prompts("agent-.", 1)]
    assert all(sorted(order) == ["11", "22", "33", "44"] for order in orders)
    assert len(set(orders)) > 1
    assert '"Scores:" and 4 numbers from 1 (wrong) to 5' in fake.prompts("agent-1", 1)[0]


def test_a_ranking_keeps_the_best_from_round_3(answer):
    """Before round 3 the ranker names the best two of four; only these answer again."""
    fake = FakeProvider(replies(APART, APART, APART, ranking="Best: 4, 2"))
    record = answer("dylan", fake)
    (prompt,) = fake.prompts("ranker")
    shown = re.findall(r"^Solution \d: I say (\d\d)", prompt, re.MULTILINE)
    kept = sorted(f"agent-{shown[n - 1][0]}" for n in (2, 4))
    assert [len(asked(fake, n)) for n in range(3)] == [4, 4, 2]
    assert asked(fake, 2) == kept == record.answer_metadata["rankings"][0]["kept"]
    assert (
        record.answer_metadata["stopped"],
        [r.params.temperature for r in fake.requests if r.role == "ranker"],
    ) == (
        "max_rounds",
        [0.0],
    )
    third = fake.prompts("agent-.", round=2)[0]
    assert all(f"I say {said}" in third for said in ("11", "22", "33", "44"))


def test_ratings_are_not_shown_to_others(answer):
    """Others and the ranker read an agent's solution without its ratings."""
    fake = FakeProvider(replies(APART, APART, APART))
    answer("dylan", fake)
    for prompt in (*fake.prompts("ranker"), *fake.prompts("agent-.", round=2)):
        assert "Scores: 3, 3, 3, 3" not in prompt


def test_the_kept_agents_may_agree(answer):
    """Two of two kept agents are a consensus of round 3."""
    fake = FakeProvider(replies(APART, APART, ("42",) * 4))
    record = answer("dylan", fake)
    assert (record.answer, record.answer_metadata["stopped"]) == ("42", "consensus")


@pytest.mark.parametrize("ranking", ["All are fine.", "Best: 1", "Best: 1, 5", "Best: 1, 2…"])
def test_an_unreadable_ranking_keeps_everybody(answer, ranking):
    """If the ranking names too few, unknown ones, or was cut off, nobody leaves, and it is counted."""
    fake = FakeProvider(replies(APART, APART, APART, ranking=ranking))
    notes = answer("dylan", fake).answer_metadata
    assert (len(asked(fake, 2)), notes["unreadable_rankings"]) == (4, 1)
    assert notes["rankings"][0]["readable"] is False


def test_three_agents_are_not_ranked(answer):
    """A network of three agents has no ranking, as in the paper."""
    fake = FakeProvider(replies(APART, APART, APART))
    answer("dylan:roles=doctor+lawyer+historian", fake)
    assert (len(asked(fake, 2)), fake.prompts("ranker")) == (3, [])


def test_without_consensus_the_last_round_votes(answer):
    """The most frequent answer of the last round wins; earlier rounds do not vote."""
    rounds = (("41", "41", "42", "43"), ("41", "43", "42", "42"))
    record = answer("dylan:max_rounds=2", FakeProvider(replies(*rounds)))
    assert (record.answer, record.answer_metadata["vote"]["votes"]) == ("42", {"42": 2, "41": 1, "43": 1})
    assert record.output == "42"


def test_importance_follows_the_ratings(answer):
    """The winners' importance goes back to the agents that they rated high."""
    rounds = (APART, ("42", "42", "42", "41"))
    fake = FakeProvider(replies(*rounds, scores={"I say 22.": 5, "I say 11.": 1, "I say 33.": 1, "I say 44.": 1}))
    notes = answer("dylan", fake).answer_metadata
    first, last = notes["importance_by_round"]
    assert first == {"agent-1": 0.125, "agent-2": 0.625, "agent-3": 0.125, "agent-4": 0.125}
    assert sum(last.values()) == pytest.approx(1, abs=1e-5)
    assert sum(notes["importance"].values()) == pytest.approx(2, abs=1e-5)


def test_importance_by_hand():
    """Two rounds by hand: winner 1 read agents 0 and 1 with ratings 1 and 3, winner 2 rated nobody readably."""
    shares = importance([1, 2], [[0, 1]], [{1: {0: 1, 1: 3}, 2: None}])
    assert shares == [{0: pytest.approx(0.125 + 0.25), 1: pytest.approx(0.375 + 0.25)}, {1: 0.5, 2: 0.5}]


def test_ratings_are_no_part_of_the_answer(answer):
    """Scores by round are those of the answers; ratings are in the metadata under the agents' names."""
    apart = {"agent-1": "It is 40.", "agent-2": "It is 41."}
    fake = FakeProvider(lambda r: "It is 42.\nScores: 5, 4" if r.round else apart[r.role])
    notes = answer("dylan:roles=doctor+lawyer,max_rounds=2", fake).answer_metadata
    assert [notes["round_scores"]["agent-1"][n]["answer"] for n in "01"] == ["40", "42"]
    assert sorted(notes["ratings"][0]["agent-1"].values()) == [4, 5]


def test_what_was_cut_off_is_neither_read_nor_counted(answer):
    """A reply that was cut off has no vote and is not shown, so that three of four must agree without it."""
    fake = FakeProvider(replies(("41…", "42", "42", "43"), ("42",) * 4))
    record = answer("dylan", fake)
    shown = [len(re.findall(r"^Solution \d", p, re.MULTILINE)) for p in fake.prompts("agent-.", round=1)]
    assert set(shown) == {3}
    assert (record.answer, record.answer_metadata["unreadable_answers"]) == ("42", 1)


def test_nothing_readable_is_unscored(answer):
    """If nobody gives an answer in the last round, the outcome is unscored, and the transcript is kept."""
    record = answer("dylan", FakeProvider(lambda r: "I pass."))
    assert record.outcome == "unscored"
    assert "no reply of the last round has one, as in 'I pass.'" in record.error
    assert len(record.transcript) == 13  # three rounds of four, and the ranking that could not be read


@pytest.mark.parametrize("rating", ["Scores: 5", "Scores: 5, 9", "I rate none."])
def test_unreadable_ratings_pass_importance_on_in_equal_parts(answer, rating):
    """Too few ratings, or one outside the scale, are unknown: the agent's importance goes to all that it read."""
    apart = {"agent-1": "It is 40.", "agent-2": "It is 41."}
    fake = FakeProvider(lambda r: f"{rating}\nIt is 42." if r.round else apart[r.role])
    notes = answer("dylan:roles=doctor+lawyer,max_rounds=2", fake).answer_metadata
    assert (notes["unreadable_ratings"], notes["ratings"]) == (2, [{"agent-1": None, "agent-2": None}])
    assert notes["importance_by_round"][0] == {"agent-1": 0.5, "agent-2": 0.5}


@pytest.mark.parametrize(
    ("answers", "n_agents", "result"),
    [
        (["1", "1", "1"], 4, "1"),
        (["1", "1"], 4, None),
        (["1", "1", None, "1"], 4, "1"),
        (["1", "1", "2"], 3, None),
        (["1", "1", "1"], 3, "1"),
        (["1", "1"], 2, "1"),
        (["1", "2"], 2, None),
        ([None, None, None], 3, None),
        (["1"] * 5, 7, "1"),
        (["1"] * 4 + ["2"], 7, None),
    ],
)
def test_a_consensus_is_more_than_two_thirds(answers, n_agents, result):
    """A consensus has more than floor(2/3 · n) equal answers; an unreadable one agrees with nobody."""
    assert consensus(answers, n_agents) == result


@needs_data("dylan_mmlu_4")
def test_recorded_debates_end_where_this_rule_ends_them():
    """Published debates of four agents ended after round 1 or 2 exactly if the rule finds a consensus."""
    checked = 0
    for subject in SUBJECTS:
        for line in (FOLDER / "dylan_mmlu_4" / f"{subject}_43.json").read_text().splitlines():
            rounds = [said for said in zip(*json.loads(line), strict=True) if any(said)]
            for number, said in enumerate(rounds[:2]):
                answers = [_letter(text) for text in said if text is not None]
                if None in answers:
                    continue
                checked += 1
                assert (consensus(answers, 4) is not None) == (number + 1 == len(rounds)), (subject, line[:80])
    assert checked > 200


def _letter(text):
    """The option that a recorded answer names: the last one in brackets."""
    letters = re.findall(r"\(([ABCD])\)", text) or re.findall(r"([ABCD])\)", text)
    return letters[-1] if letters else None


@pytest.mark.parametrize(
    ("text", "ratings"),
    [
        ("Scores: 3, 5, 1\nIt is 4.", [3, 5, 1]),
        ("**Scores:** 3 5 1", [3, 5, 1]),
        ("It is 4.\n[[3, 5, 1]]", [3, 5, 1]),
        ("Score: [3,5,1]", [3, 5, 1]),
        ("Scores: 3, 5", None),
        ("Scores: 3, 5, 9", None),
        ("Scores: 0, 5, 1", None),
        ("The points are [1, 2, 3].", None),
        ("", None),
    ],
)
def test_how_ratings_are_read(text, ratings):
    """Ratings are read from the line that was asked for, or from double brackets, if each is from 1 to 5."""
    assert read_ratings(text, 3)[0] == ratings


@pytest.mark.parametrize(
    ("text", "ranking"),
    [
        ("Best: 2, 3", [2, 3]),
        ("[3, 1]", [3, 1]),
        ("Of 4 solutions, the best are 1 and 4.", [1, 4]),
        ("Solutions 1 and 3 are the best.", [1, 3]),
        ("Best: 2, 2", None),
        ("Best: 1, 2, 3", None),
        ("Best: 0, 1", None),
        ("None.", None),
    ],
)
def test_how_a_ranking_is_read(text, ranking):
    """A ranking names exactly as many solutions as asked for."""
    assert read_ranking(text, 4, 2) == ranking


@pytest.mark.parametrize("typed", ["roles=doctor", "top_k=0", "max_rounds=0", "ranker=mlx:a+mlx:b", "temperature=-1"])
def test_wrong_parameters_are_refused(answer, typed):
    """A parameter that does not fit, such as a single role, is an error before anything is asked."""
    with pytest.raises(UsageError, match=typed.partition("=")[0]):
        answer(f"dylan:{typed}", FakeProvider(replies(APART)))
