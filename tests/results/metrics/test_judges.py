"""Metrics of the judges of a cell: agreement, position and length bias, model families, self-judging."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import krippendorff
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.judges import record, rules, write_case
from support.records import record as plain_record

from pytest_hiddenlayer.engine.cases import cells
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import scorer as register
from pytest_hiddenlayer.results.metrics import judges
from pytest_hiddenlayer.results.metrics.judges import judge_agreement, judge_flags, judge_metrics, pair_effects
from pytest_hiddenlayer.scorers.judge.model_families import families, same_family
from pytest_hiddenlayer.session.cell_config import config_from_cell
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import ModelName, Record


def opinions(name: str, verdicts: str, scale: str = "1-5", criterion: str | None = None) -> Record:
    """A record judged by as many judges as there are verdicts; `?` is unreadable."""
    said = [
        {"judge": f"scripted:{i}", "model": f"m{i}", "scale": scale, "verdict": None if v == "?" else v}
        | ({"criterion": criterion} if criterion else {})
        for i, v in enumerate(verdicts)
    ]
    made = plain_record(name, 1.0)
    return replace(made, scores={"llm_judge": {"value": 1.0, "details": {"opinions": said}}})


def pairs(*votes: str, chars: tuple[int, int] = (10, 10)) -> Record:
    """A record of `win_rate`, one pair for each `ab` and `ba` vote, such as `AB`; `?` is unreadable."""
    said = []
    for first, second in votes:
        unread = "?" in (first, second)
        by_order = ({"A": "a", "B": "b", "C": "tie"}.get(first), {"A": "b", "B": "a", "C": "tie"}.get(second))
        same = by_order[0] == by_order[1]
        said.append(
            {
                "judge": None,
                "model": "judge-1",
                "first": None if first == "?" else first,
                "second": None if second == "?" else second,
                "winner": None if unread else by_order[0] if same else "tie",
                "consistent": None if unread else same,
            }
        )
    details = {"pairs": said, "chars": list(chars)}
    return replace(plain_record("x", 1.0), scores={"win_rate": {"value": 1.0, "details": details}})


# ---------------------------------------------------------------- agreement


def test_alpha_is_krippendorffs():
    """Three judges, unreadable verdicts missing, at interval level: the library's value on the same ratings."""
    said = ["1123", "3323", "33?5", "2221", "4445", "1?21", "5555"]
    found = judge_agreement([opinions(f"s{i}", text[:3]) for i, text in enumerate(said)])["llm_judge"][""]
    table = [[float("nan") if text[j] == "?" else float(text[j]) for text in said] for j in range(3)]
    assert found["alpha"] == pytest.approx(krippendorff.alpha(table, level_of_measurement="interval"))
    assert (found["items"], found["judged_twice"], found["level"]) == (7, 7, "interval")
    assert found["judges"] == ["scripted:0", "scripted:1", "scripted:2"]


def test_yes_and_no_are_nominal():
    """Yes/no verdicts are nominal."""
    answers = [("yes", "yes"), ("no", "yes"), ("no", "no"), ("yes", "yes"), ("no", "no")]
    records = []
    for i, (one, two) in enumerate(answers):
        made = opinions(f"s{i}", "12", scale="no-yes", criterion="check-1")
        for opinion, verdict in zip(made.scores["llm_judge"]["details"]["opinions"], (one, two), strict=True):
            opinion["verdict"] = verdict
        records.append(made)
    found = judge_agreement(records)["llm_judge"]["check-1"]
    table = [[float(pair[j] == "yes") for pair in answers] for j in range(2)]
    assert found["alpha"] == pytest.approx(krippendorff.alpha(table, level_of_measurement="nominal"))
    assert found["level"] == "nominal"


def test_one_judge_agrees_with_nobody():
    """With one judge, or without judges, no agreement is reported."""
    assert judge_agreement([opinions("a", "3")]) == {}
    assert judge_agreement([plain_record("a", 1.0), plain_record("b", None)]) == {}


@pytest.mark.parametrize(
    ("said", "why"),
    [(["33", "33"], "all ratings are the same"), (["3?", "?4"], "no item has two ratings")],
)
def test_an_alpha_that_cannot_be_told(said, why):
    """Constant ratings and judges without a common item have alpha None with the reason, not NaN."""
    found = judge_agreement([opinions(f"s{i}", text) for i, text in enumerate(said)])["llm_judge"][""]
    assert (found["alpha"], found["why"]) == (None, why)


def test_agreement_of_judges_of_pairs():
    """Win, tie and loss are 1, 0.5 and 0."""
    votes = [("AB", "AB"), ("BA", "BA"), ("CC", "AB"), ("AA", "CC")]
    records = []
    for pair in votes:
        made = pairs(*pair)
        for number, said in enumerate(made.scores["win_rate"]["details"]["pairs"]):
            said["judge"] = f"scripted:{number}"
        records.append(made)
    table = [[1, 0, 0.5, 0.5], [1, 0, 1, 0.5]]
    found = judge_agreement(records)["win_rate"][""]
    assert found["alpha"] == pytest.approx(krippendorff.alpha(table, level_of_measurement="interval"))


# ---------------------------------------------------------------- pairs


def test_effects_by_hand():
    """Five judged pairs: one win, one loss, a real tie, two ties by order; one could not be judged."""
    found = pair_effects([pairs(votes) for votes in ("AB", "BA", "CC", "AA", "AA", "?B")])["win_rate"]
    assert (found["judged"], found["unjudged"]) == (5, 1)
    assert (found["wins"], found["ties"], found["losses"]) == (1, 3, 1)
    assert found["win_rate"] == pytest.approx(0.5)
    assert found["ties_by_order"] == pytest.approx(2 / 3)
    assert found["first_preferred"] == pytest.approx(6 / 9)  # A: 1+1+2+2; B: 1+1, and 1 of the pair not judged


def test_length_by_hand():
    """Pairs by which text is longer: won 2 of 2 as the longer, lost as the shorter; 3 of 3 went to the longer one."""
    records = [
        pairs("AB", chars=(9, 3)),
        pairs("AB", chars=(9, 3)),
        pairs("BA", chars=(3, 9)),
        pairs("CC", chars=(3, 9)),
    ]
    found = pair_effects(records)["win_rate"]
    assert found["longer"] == {"n": 2, "win_rate": 1.0}
    assert found["shorter"] == {"n": 2, "win_rate": 0.25}
    assert found["equal"] == {"n": 0, "win_rate": None}
    assert found["longer_preferred"] == 1.0


@given(st.lists(st.sampled_from(["AB", "BA", "CC"]), min_size=1))
def test_consistent_judges_prefer_no_place(votes):
    """A judge with the same verdict in both orders has no position bias and no ties by order."""
    found = pair_effects([pairs(vote) for vote in votes])["win_rate"]
    assert found["first_preferred"] in (0.5, None)
    assert found["ties_by_order"] in (0.0, None)
    assert found["win_rate"] == pytest.approx((votes.count("AB") + votes.count("CC") / 2) / len(votes))


def test_nothing_judged_is_unknown():
    """Without a judged pair every share is None, not 0."""
    found = pair_effects([pairs("??")])["win_rate"]
    assert [found[name] for name in ("win_rate", "ties_by_order", "first_preferred", "longer_preferred")] == [
        None
    ] * 4
    assert pair_effects([plain_record("a", 1.0)]) == {}


GOOD_PAIR = {"judge": None, "model": "m", "first": "A", "second": "B", "winner": "a", "consistent": True}
GOOD_OPINION = {"judge": "j", "model": "m", "scale": "1-5", "verdict": "3", "criterion": "clear"}


def of_user(details: dict[str, Any]) -> Record:
    """A record with details that a user's scorer wrote."""
    return replace(plain_record("x", 1.0), scores={"mine": {"value": 1.0, "details": details}})


@pytest.mark.parametrize(
    "details",
    [
        {"pairs": [GOOD_PAIR], "chars": [1, 2]},
        {"opinions": [GOOD_OPINION]},
        {"opinions": [{**GOOD_OPINION, "verdict": None, "criterion": None, "judge": None}]},
        {"opinions": [{**GOOD_OPINION, "verdict": "maybe", "scale": "no-yes"}]},
        {"pairs": [], "opinions": [GOOD_OPINION]},
        {"pairs": [{**GOOD_PAIR, "winner": None, "consistent": None}], "chars": (0, 0), "opinions": ()},
    ],
)
def test_details_of_a_judge_are_known(details: dict[str, Any]):
    """Pairs with their lengths, and opinions, are those of a judge, whoever wrote them."""
    assert list(judges._details([of_user(details)])) == [("mine", details)]


@pytest.mark.parametrize(
    "details",
    [
        {"pairs": 3},
        {"opinions": 3},
        {"pairs": [3], "chars": [1, 2]},
        {"opinions": [GOOD_OPINION], "pairs": [3]},
        {"opinions": [3], "pairs": [GOOD_PAIR], "chars": [1, 2]},
        {"opinions": {}, "pairs": [GOOD_PAIR], "chars": [1, 2]},
        {"pairs": [GOOD_PAIR]},
        {"pairs": [GOOD_PAIR], "chars": 3},
        {"pairs": [GOOD_PAIR], "chars": [1]},
        {"pairs": [GOOD_PAIR], "chars": [1, 2, 3]},
        {"pairs": [GOOD_PAIR], "chars": [1, "2"]},
        *({"pairs": [{**GOOD_PAIR, name: value}], "chars": [1, 2]} for name in GOOD_PAIR for value in (3, [], "zz")
          if not (value == "zz" and name in ("judge", "model", "first", "second"))),
        *({"pairs": [{k: v for k, v in GOOD_PAIR.items() if k != name}], "chars": [1, 2]}
          for name in ("first", "second", "winner", "consistent")),
        *({"opinions": [{**GOOD_OPINION, name: value}]} for name in GOOD_OPINION for value in (3, [])),
        {"opinions": [{**GOOD_OPINION, "verdict": "maybe"}]},
        {"opinions": [{**GOOD_OPINION, "verdict": "nan"}]},
        {"opinions": [{**GOOD_OPINION, "scale": None, "verdict": None}]},
    ],
    ids=repr,
)  # fmt: skip
def test_details_of_another_form_have_no_judge_metrics(details: dict[str, Any]):
    """A user's scorer may write anything under the keys of a judge: there are no metrics of judges, and no error."""
    assert judge_metrics([of_user(details)]) == {}


def test_unequal_lengths_and_ties_by_hand():
    """`longer_preferred` leaves out ties and pairs of equal length."""
    longer, equal = (9, 3), (5, 5)
    judged = [("AB", longer), ("AB", longer), ("BA", longer), ("CC", longer), ("BA", equal), ("CC", equal)]
    effects = pair_effects([pairs(votes, chars=chars) for votes, chars in judged])["win_rate"]
    assert (effects["longer"], effects["shorter"]) == ({"n": 4, "win_rate": 0.625}, {"n": 0, "win_rate": None})
    assert effects["equal"] == {"n": 2, "win_rate": 0.25}
    assert effects["longer_preferred"] == pytest.approx(2 / 3)


def test_what_two_judges_rated_is_counted():
    """`judged_twice` counts the items that at least two judges rated; one that a single judge rated is an item."""
    found = judge_agreement([opinions("a", "55"), opinions("b", "5?"), opinions("c", "12"), opinions("d", "??")])
    assert (found["llm_judge"][""]["items"], found["llm_judge"][""]["judged_twice"]) == (4, 2)


# ---------------------------------------------------------------- kinship


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("claude-sonnet-4-5", {"claude"}),
        ("anthropic/claude-3-haiku", {"claude"}),
        ("gpt-4.1-nano", {"gpt"}),
        ("chatgpt-4o-latest", {"gpt"}),
        ("o1-mini", {"gpt"}),
        ("o3", {"gpt"}),
        ("gemini-2.5-pro", {"gemini"}),
        ("mlx-community/gemma-3-4b-it-4bit", {"gemma"}),
        ("mlx-community/Llama-3.2-3B-Instruct", {"llama"}),
        ("codellama:7b", {"llama"}),
        ("TinyLlama_v1.1", {"llama"}),
        ("Qwen2.5-7B", {"qwen"}),
        ("Mixtral-8x7B", {"mistral"}),
        ("ministral-8b", {"mistral"}),
        ("phi-4", {"phi"}),
        ("phi3", {"phi"}),
        ("dolphin-2.9", set()),
        ("philosopher-1b", set()),
        ("deepseek-r1-distill-qwen-7b", {"deepseek", "qwen"}),
        ("nano-1", {"nano"}),
        ("models/llama-3/4bit", {"llama"}),
        ("video1-large", set()),
        ("scripted", set()),
        ("", set()),
    ],
)
def test_families(name, expected):
    """A family is recognised by whole words with a version; an unknown name has none."""
    assert families(name) == expected


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("gpt-4o", "o3-mini", True),
        ("llama3.2", "deepseek-r1-distill-llama-8b", True),
        ("gpt-4.1-nano", "nano-1", False),
        ("gemini-2.0-flash", "gemma-2-9b", False),
        ("unknown-a", "unknown-b", False),
        ("unknown-a", "unknown-a", True),
    ],
)
def test_same_family(a, b, same):
    """Equal names are kin, and names that share a family; unknown ones are not."""
    assert same_family(a, b) is same
    assert same_family(b, a) is same


def test_a_judge_of_the_candidates_family_is_flagged():
    """One sentence per judge of the same family, none for other judges."""
    made = opinions("a", "34")
    said = made.scores["llm_judge"]["details"]["opinions"]
    said[0]["model"], said[1]["model"] = "llama3.2", "claude-opus-4"
    kin = replace(made, model="codellama")
    assert judge_flags([kin, kin]) == [
        "judge llama3.2 is of the same model family as the candidate (llama: codellama) and may prefer its answers"
    ]
    assert judge_flags([replace(made, model="qwen3")]) == []
    assert judge_flags([replace(made, model="llama3.2")]) == [
        "llama3.2 was judged by itself; name another with --judge"
    ]


# ---------------------------------------------------------------- from real records


def test_figures_of_records_of_a_run(tmp_path: Path):
    """The metrics read what the scorers write into records."""
    jury = {"x": rules({"reply": "[[4]]"}), "y": rules({"reply": "[[2]]"})}
    scorer: dict[str, Any] = {"llm_judge": {"criteria": "c", "model": ["scripted:x", "scripted:y"]}}
    found = judge_metrics([record(write_case(tmp_path, scorer), rules(), **jury)])
    assert found["agreement"]["llm_judge"][""]["judges"] == ["scripted:x", "scripted:y"]
    assert found["flags"] == ["scripted was judged by itself; name another with --judge"]
    votes = rules({"role": "win_rate.ab", "reply": "[[A]]"}, {"role": "win_rate.ba", "reply": "[[B]]"})
    found = judge_metrics([record(write_case(tmp_path, {"win_rate": {}}), votes)])
    assert found["pairs"]["win_rate"]["wins"] == 1
    assert found["pairs"]["win_rate"]["shorter"] == {"n": 1, "win_rate": 1.0}
    assert judge_metrics([plain_record("a", 1.0)]) == {}


# ---------------------------------------------------------------- who judges, before anything runs


def self_judged(folder: Path, scorer: Any, strategy: str = "single", judge: str | None = None) -> bool:
    """Whether the configuration of the task's cell says that the candidate judges itself."""
    write_case(folder, scorer)
    named = None if judge is None else ModelName(provider="scripted", model=judge)
    options = RunOptions(
        providers=(ModelName(provider="scripted"),), judge=named, strategies=(parse_strategy(strategy),)
    )
    (cell,) = cells(load_task(folder / "t.yaml", folder), options)
    return config_from_cell(cell, 1).self_judged


JUDGE = {"llm_judge": {"criteria": "c"}}


@pytest.mark.parametrize(
    ("scorer", "strategy", "judge", "expected"),
    [
        ("exact", "single", None, False),
        ("exact", "debate", None, True),
        ("exact", "debate", "other", False),
        ("exact", "debate:aggregation=majority", None, False),
        (JUDGE, "single", None, True),
        (JUDGE, "single", "other", False),
        (JUDGE, "single", "scripted", True),  # named, and the candidate all the same
        ({"llm_judge": {"criteria": "c", "model": "scripted:other"}}, "single", None, False),
        ({"llm_judge": {"criteria": "c", "model": "scripted"}}, "single", "other", True),
        ({"coherence": {}}, "single", None, True),
        ({"coherence": {"mode": "judge"}}, "single", None, True),
        ({"win_rate": {}}, "single", None, True),
        ("test_figures_asks", "single", None, True),
    ],
)
def test_a_candidate_that_judges_itself_is_known(tmp_path, scorer, strategy, judge, expected):
    """The configuration says so if a strategy's or a scorer's judge is the candidate's own model."""

    @register("test_figures_asks")
    async def asks(output, sample, ask):
        return None

    assert self_judged(tmp_path, scorer, strategy, judge) is expected
