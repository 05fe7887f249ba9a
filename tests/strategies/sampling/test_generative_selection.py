"""`generative_selection`: who is compared with whom, in which order, and who goes on."""

from __future__ import annotations

import re

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import ParameterError
from pytest_hiddenlayer.types import Request

SAMPLES = {"sample-1": "A: 41", "sample-2": "B: 43", "sample-3": "C: 42", "sample-4": "D: 44"}


def shown(request: Request) -> list[str]:
    """The responses in a request, in order."""
    return re.findall(r"Response \d:\n(.+)", request.messages[-1].content)


def preferring(*texts: str, samples: dict[str, str] = SAMPLES, unread: tuple[str, ...] = ()) -> FakeProvider:
    """A model that chooses the response which is first in `texts`; it says nothing of pairs in `unread`."""

    def reply(request: Request) -> str:
        if request.role in samples:
            return samples[request.role]
        responses = shown(request)
        if request.role in unread:
            return "Both are fine."
        return f"I compared them.\nChoice: {responses.index(min(responses, key=texts.index)) + 1}"

    return FakeProvider(reply)


ORDER = ("C: 42", "B: 43", "A: 41", "D: 44")


def test_all_are_compared_in_one_prompt(answer):
    """By default one request shows the task and all samples, and the chosen one is the answer."""
    fake = preferring(*ORDER)
    record = answer("generative_selection", fake)
    (request,) = [r for r in fake.requests if r.role == "selector"]
    assert shown(request) == list(SAMPLES.values())
    assert QUESTION in request.messages[-1].content
    assert (record.output, record.outcome, record.answer_metadata["pick"]) == ("C: 42", "correct", 3)
    assert record.answer_metadata["comparisons"] == [{"round": 1, "shown": [1, 2, 3, 4], "choice": 3}]


def test_a_knockout_compares_neighbours_in_both_orders(answer):
    """The first round compares 1 with 2 and 3 with 4, each twice and all at once; winners meet in the second."""
    fake = preferring(*ORDER)
    fake.overlapping = {1: 4, 2: 2}
    record = answer("generative_selection:method=knockout", fake)
    games = [(r.round, shown(r)) for r in fake.requests if r.role.startswith("selector")]
    assert sorted(games[:4]) == [
        (1, ["A: 41", "B: 43"]),
        (1, ["B: 43", "A: 41"]),
        (1, ["C: 42", "D: 44"]),
        (1, ["D: 44", "C: 42"]),
    ]
    assert sorted(games[4:]) == [(2, ["B: 43", "C: 42"]), (2, ["C: 42", "B: 43"])]
    assert (record.output, record.answer_metadata["ties"]) == ("C: 42", 0)


def test_an_odd_one_has_a_bye(answer):
    """Of three samples the last goes to the second round without a comparison."""
    fake = preferring(*ORDER)
    record = answer("generative_selection:method=knockout,n_samples=3", fake)
    assert [r.role for r in fake.requests if r.round] == [
        "selector-1-2",
        "selector-2-1",
        "selector-2-3",
        "selector-3-2",
    ]
    assert record.output == "C: 42"


def test_a_preference_for_a_position_is_a_tie(answer):
    """If the first place is always preferred, nothing is decided: the sample seen first goes on, a counted tie."""
    fake = FakeProvider(lambda r: SAMPLES.get(r.role, "Choice: 1"))
    record = answer("generative_selection:method=knockout", fake)
    assert (record.output, record.answer_metadata["ties"]) == ("A: 41", 3)


def test_one_readable_order_decides(answer):
    """If only one of both orders can be read, it decides, and the other counts for nobody."""
    fake = preferring(*ORDER, unread=("selector-1-2",))
    record = answer("generative_selection:method=knockout,n_samples=2", fake)
    assert (record.output, record.answer_metadata["unreadable_choices"], record.answer_metadata["ties"]) == (
        "B: 43",
        1,
        0,
    )


def test_a_pair_without_a_readable_order_is_an_outcome(answer):
    """If neither order can be read, nobody goes on: unscored, with a reply as the reason."""
    fake = preferring(*ORDER, unread=("selector-3-4", "selector-4-3"))
    record = answer("generative_selection:method=knockout", fake)
    assert record.outcome == "unscored"
    assert "'Both are fine.'" in record.error
    assert (record.answer_metadata["pick"], record.answer_metadata["unreadable_choices"]) == (None, 2)


def test_every_pair_is_compared_in_a_round_robin(answer):
    """Four samples are six pairs in both orders, all at once; the one preferred most often wins."""
    fake = preferring(*ORDER)
    fake.overlapping = {1: 12}
    record = answer("generative_selection:method=round_robin", fake)
    assert len({tuple(shown(r)) for r in fake.requests if r.round}) == 12
    assert (record.output, record.answer_metadata["ties"]) == ("C: 42", 0)


def test_a_round_robin_counts_what_can_be_read(answer):
    """Unreadable comparisons count for nobody; if all are unreadable, the outcome is unscored."""
    pairs = tuple(f"selector-{a}-{b}" for a in range(1, 5) for b in range(1, 5))
    some = preferring(*ORDER, unread=tuple(pair for pair in pairs if pair != "selector-2-4"))
    assert answer("generative_selection:method=round_robin", some).answer_metadata["pick"] == 2
    none = preferring(*ORDER, unread=pairs)
    assert answer("generative_selection:method=round_robin", none).outcome == "unscored"


def test_equal_texts_are_one_candidate(answer):
    """Equal samples are shown once; if all are equal, nothing is compared."""
    twice = SAMPLES | {"sample-2": "A: 41", "sample-4": "C: 42"}
    fake = preferring(*ORDER, samples=twice)
    record = answer("generative_selection", fake)
    assert record.answer_metadata["candidates"] == [1, 3]
    assert record.output == "C: 42"
    same = preferring(*ORDER, samples=dict.fromkeys(SAMPLES, "42"))
    assert answer("generative_selection", same).outcome == "correct"
    assert len(same.requests) == 4


@pytest.mark.parametrize("reply", ["All are good.", "Choice: 5", "Choice: 2…"])
def test_an_unreadable_choice_is_an_outcome(answer, reply):
    """Without a readable choice nothing is selected: unscored with the reply."""
    record = answer("generative_selection", FakeProvider(lambda r: SAMPLES.get(r.role, reply)))
    assert record.outcome == "unscored"
    assert reply in record.error


def test_cut_off_samples_are_no_candidates(answer):
    """Samples that were cut off are not compared; if all were, the outcome is truncated."""
    assert answer("generative_selection", FakeProvider(lambda r: "4…")).outcome == "truncated"


@pytest.mark.parametrize(
    ("typed", "message"),
    [("method=swiss", "one of 'joint'"), ("selector=a+b", "one model"), ("n_samples=0", "from 1")],
)
def test_wrong_parameters_are_refused(answer, typed, message):
    """A wrong parameter is refused before anything is asked."""
    with pytest.raises(ParameterError, match=message):
        answer(f"generative_selection:{typed}", preferring(*ORDER))
