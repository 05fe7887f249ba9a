"""Steps, ratings and choices are read from replies; equal states are one, unknown values are last."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.orchestration.thoughts import (
    distinct,
    ranked,
    read_choice,
    read_thoughts,
    read_value,
)


@pytest.mark.parametrize(
    ("reply", "steps"),
    [
        ("1. add\n2. double\n3. halve", ["add", "double"]),
        ("Add both numbers", ["Add both numbers"]),
        ("1. first idea: add\n2. Next step: double it: twice", ["add", "double it: twice"]),
        ("", []),
        ("  \n", []),
    ],
)
def test_the_items_of_a_list_are_steps(reply, steps):
    """At most as many steps as wanted; a reply without a list is one step."""
    assert read_thoughts(reply, 2, complete=True) == steps


@pytest.mark.parametrize(("reply", "steps"), [("1. add\n2. dou", ["add"]), ("1. ad", []), ("Add bo", [])])
def test_a_step_that_may_be_cut_off_is_left_out(reply, steps):
    """Of a truncated reply the last step is not used."""
    assert read_thoughts(reply, 5, complete=False) == steps


@pytest.mark.parametrize(
    ("reply", "value"),
    [
        ("sure", 20.0),
        ("**Likely.**", 1.0),
        ("This cannot be.\nimpossible", 0.001),
        ("It may be sure or impossible, but I think:\nlikely", 1.0),
        ("I am sure it is fine.", 20.0),
        ("not sure", None),
        ("It is not very likely", None),
        ("unlikely", None),
        ("sure, likely or impossible", None),
        ("yes", None),
        ("", None),
    ],
)
def test_a_rating_is_one_of_three_words(reply, value):
    """A rating that is missing, ambiguous or negated is unknown, and not the lowest one."""
    assert read_value(reply) == value


@pytest.mark.parametrize(
    ("reply", "index"),
    [
        ("Choice: 2", 1),
        ("Choice 1 is wrong.\n**Choice: 3**", 2),
        ("2", 1),
        ("**2.**", 1),
        ("The answer is 2.", None),
        ("1 or 2", None),
        ("Choice: 4", None),
        ("Choice: 0", None),
        ("none", None),
    ],
)
def test_a_choice_is_a_number_that_exists(reply, index):
    """The last `Choice: N` counts, or a bare number; a number in a sentence may be an answer."""
    assert read_choice(reply, 3) == index


def test_equal_states_are_one():
    """Case and spaces make no difference; the first of equal states is kept, in order."""
    assert distinct([("Add",), ("double",), (" add ",), ("Double",), ("halve",)]) == [
        ("Add",),
        ("double",),
        ("halve",),
    ]


def test_unknown_values_rank_behind_every_known_one():
    """An unreadable rating is not 0: it is behind even `impossible`, and ties keep their order."""
    states = [("a",), ("b",), ("c",), ("d",)]
    assert ranked(states, [None, 0.001, 20.0, 20.0]) == [("c",), ("d",), ("b",), ("a",)]
