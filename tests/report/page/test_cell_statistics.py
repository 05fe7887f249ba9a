"""What a page computes of each cell while its records pass by."""

from __future__ import annotations

import json
from typing import Any

from support.records import record

from pytest_hiddenlayer.report.page.cell_statistics import PageStatistics
from pytest_hiddenlayer.results.budget_match.round_transitions import round_transitions
from pytest_hiddenlayer.types import Record

CELL = ("t", "single", "scripted", "m")


def call(role: str = "answer", number: int = 0, **changes: Any) -> dict[str, Any]:
    """A call of 3 tokens that took one second and cost a cent."""
    usage = {"input_tokens": 2, "output_tokens": 1}
    return {"role": role, "round": number, "usage": usage, "latency_s": 1.0, "cost_usd": 0.01} | changes


def statistics(*records: Record) -> dict[str, Any]:
    """The statistics of the cell that these records are of."""
    page = PageStatistics()
    for one in records:
        page.add(one)
    return page.of(records[0].cell)


def debate(name: str, verdict: bool, *rounds: str) -> Record:
    """A debate; each round has `r` (right), `w` (wrong) or `?` (no score) per agent."""
    rights = {"r": True, "w": False, "?": None}
    scores = {
        f"agent-{agent + 1}": {
            str(number): {
                "score": None,
                "right": rights[letters[agent]],
                "answer": {"r": "a", "w": "b"}.get(letters[agent]),
            }
            for number, letters in enumerate(rounds)
        }
        for agent in range(len(rounds[0]))
    }
    return record(name, float(verdict), strategy="debate", label="debate", answer_metadata={"round_scores": scores})


def test_agents_are_counted_as_one_role_and_scorers_apart():
    """The calls of all agents are one role; a call of a scorer has a role of its own, whatever it is named."""
    calls = [call("agent-1"), call("agent-2"), call("judge", 1), call("judge", 0)]
    roles = statistics(record("a", 1.0, transcript=calls, answer_metadata={"scoring_calls": 1}))["roles"]
    assert [(role["role"], role["calls"]) for role in roles] == [("agent", 2), ("judge", 1), ("scorer: judge", 1)]
    assert roles[0] == {"role": "agent", "calls": 2, "input_tokens": 4, "output_tokens": 2, "cost_usd": 0.02}


def test_one_unknown_cost_makes_the_cost_of_its_role_unknown():
    """A role whose cost is unknown for one call has no total, and the spending per answer has none."""
    cell = statistics(
        record("a", 1.0, transcript=[call()]), record("b", 0.0, transcript=[call(cost_usd=None), call("judge", 1)])
    )
    assert [role["cost_usd"] for role in cell["roles"]] == [None, 0.01]
    assert cell["spent"] == {"calls": 1.5, "tokens": 4.5, "cost_usd": None}


def test_the_latency_of_an_answer_is_the_longest_call_of_each_round():
    """Calls of one round run at the same time; the scorers' calls are not part of the answer."""
    calls = [call(latency_s=1.0), call(latency_s=3.0), call(number=1, latency_s=2.0), call(number=2, latency_s=9.0)]
    cell = statistics(record("a", 1.0, transcript=calls, answer_metadata={"scoring_calls": 1}))
    assert cell["latency_s"] == {"n": 1, "p50": 5.0, "p90": 5.0, "max": 5.0}


def test_a_replayed_answer_has_no_latency():
    """A cassette keeps no latency: it is unknown and not 0."""
    replayed = record("a", 1.0, transcript=[call(latency_s=0.0, cached=True)], cached=True)
    cell = statistics(replayed, record("b", 1.0, transcript=[call(latency_s=2.0)]))
    assert cell["latency_s"]["n"] == 1
    assert cell["cached"] == 1


def test_quantiles_lie_between_neighbours():
    """The median of 1 and 3 is 2; the 90 % quantile is 2.8."""
    cell = statistics(*(record(f"s{n}", 1.0, transcript=[call(latency_s=float(n))]) for n in (1, 3)))
    assert cell["latency_s"] == {"n": 2, "p50": 2.0, "p90": 2.8, "max": 3.0}


def test_the_last_answer_of_an_item_counts_and_all_calls_were_paid():
    """An item that was answered twice has one latency, and its role both calls."""
    cell = statistics(
        record("a", None, transcript=[call(latency_s=7.0)], cached=True), record("a", 1.0, transcript=[call()])
    )
    assert (cell["latency_s"]["n"], cell["latency_s"]["max"], cell["cached"]) == (1, 1.0, 0)
    assert cell["roles"][0]["calls"] == 2


def test_spending_is_that_of_scored_answers():
    """The call of an answer without a score does not enter the mean; without any score it is unknown."""
    assert statistics(record("a", 1.0, transcript=[call()]), record("b", None, transcript=[call()] * 9))["spent"] == {
        "calls": 1.0,
        "tokens": 3.0,
        "cost_usd": 0.01,
    }
    assert statistics(record("b", None))["spent"] == {"calls": None, "tokens": None, "cost_usd": None}


def test_a_cell_without_records_has_no_figures():
    """A cell of the summary whose records are missing has unknown figures."""
    cell = PageStatistics().of(CELL)
    assert cell["latency_s"] is None
    assert cell["roles"] == []
    assert cell["rounds"] is None
    assert cell["spent"]["calls"] is None


def test_the_rounds_of_debates_are_counted():
    """Two debates of three agents: mean shares of debates by round and who changed, worked out by hand."""
    rounds = statistics(debate("a", True, "rww", "rrw"), debate("b", False, "rr?", "wrw"))["rounds"]
    shares = {(share["who"], share["round"]): (share["score"], share["n"]) for share in rounds["shares"]}
    assert shares == {
        ("agents", 0): ((1 / 3 + 1) / 2, 5),  # of the debates; in one an answer has no score
        ("agents", 1): (3 / 6, 6),
        ("majority", 0): (0.5, 2),
        ("majority", 1): (0.5, 2),
        ("verdict", None): (0.5, 2),
    }
    agents, majority, verdict = rounds["transitions"]
    assert agents == {
        "who": "agents",
        "before": 0,
        "after": 1,
        "wrong_right": 1,
        "right_wrong": 1,
        "stayed_right": 2,
        "stayed_wrong": 1,
        "left_out": 1,
    }
    assert (majority["wrong_right"], majority["right_wrong"]) == (1, 1)
    assert (verdict["stayed_right"], verdict["stayed_wrong"], verdict["after"]) == (1, 1, None)


def test_the_counts_of_rounds_equal_those_of_the_compute_matched_comparison():
    """`round_transitions` counts the same changes from whole records."""
    records = [
        debate("a", True, "rww", "rrw", "rrr"),
        debate("b", False, "rr?", "wrw", "www"),
        debate("c", True, "ww", "rw"),
    ]
    counts = ("wrong_right", "right_wrong", "stayed_right", "stayed_wrong", "left_out")
    expected = [(t.who, *(getattr(t, name) for name in counts)) for t in round_transitions(records)]
    counted = statistics(*records)["rounds"]["transitions"]
    agents_and_majority = [(t["who"], *(t[name] for name in counts)) for t in counted if t["who"] != "verdict"]
    assert agents_and_majority == [entry for entry in expected if entry[0] != "verdict"]


def test_a_role_named_by_a_user_is_kept_as_it_is():
    """Only a number after a dash is cut from a role, and statistics are plain JSON values."""
    cell = statistics(record("a", 1.0, transcript=[call("<b>-x"), call("a-b-12"), call("-3")]))
    assert [role["role"] for role in cell["roles"]] == ["<b>-x", "a-b", "-3"]
    json.dumps(cell, allow_nan=False)


def test_values_of_another_kind_are_unknown():
    """A damaged log, or a strategy with metadata of its own, makes figures unknown and raises nothing."""
    odd = call(latency_s="1 s", usage={"input_tokens": "many", "output_tokens": float("nan")}, cost_usd=[])
    metadata = {"round_scores": {"agent-1": "right"}, "scoring_calls": "two"}
    cell = statistics(record("a", 1.0, transcript=[odd], answer_metadata=metadata))
    assert cell["latency_s"] is None
    assert cell["rounds"] is None
    assert cell["spent"] == {"calls": 1.0, "tokens": None, "cost_usd": None}
