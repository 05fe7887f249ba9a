"""Replies of a model that repeats itself: what strategies read in them, in one pass."""

from __future__ import annotations

import pytest
from support.strategies import FakeProvider

from pytest_hiddenlayer.registry import strategies
from pytest_hiddenlayer.scorers.match.numeric import Numeric
from pytest_hiddenlayer.strategies.debate.judging.quotes import mark_quotes
from pytest_hiddenlayer.strategies.orchestration.plan_graph import read_plan
from pytest_hiddenlayer.strategies.orchestration.thoughts import distinct
from pytest_hiddenlayer.strategies.tools.tool_calls import read_tool_call
from pytest_hiddenlayer.strategies.verbal_confidence import read_confidence
from pytest_hiddenlayer.types import Answer


def test_spaces_around_a_confidence_do_not_matter():
    """A confidence after and before a hundred thousand spaces is read; spaces alone state none."""
    spaces = " " * 100_000
    assert read_confidence(f"from{spaces}0 to 100:{spaces}80{spaces}") == 0.8
    assert read_confidence(spaces) is None


def test_quotations_that_never_end_are_no_quotations():
    """A reply that only opens quotations has none, verified or not."""
    assert mark_quotes("<quote>" * 15_000 + "word", "word") == ("<quote>" * 15_000 + "word", 0, 0)


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("<v_quote>invented", "invented"),
        ("invented</v_quote> and <V_Quote>more", "invented and more"),
        ("<v_quote>open <quote>a word</quote>", "open <v_quote>a word</v_quote>"),
    ],
)
def test_a_debater_cannot_write_a_mark_of_its_own(text, marked):
    """The judge sees no mark that the check did not write, also if the debater's mark is not closed."""
    assert mark_quotes(text, "This has a word.")[0] == marked


def test_spaces_in_a_step_do_not_matter_to_its_dependencies():
    """A step with a hundred thousand spaces in it waits for the steps that it names."""
    graph = read_plan(f"1. add\n2. double{' ' * 90_000}it (after 1)")
    assert graph.after == ((), (0,))


@pytest.mark.parametrize("line", ["*" * 5000, "* " * 5000, "-" * 5000, "`" * 5000])
def test_a_ruler_is_no_tool_call(line):
    """Emphasis marks without end call no tool, and a call behind many of them is read."""
    assert read_tool_call(line) is None
    call = read_tool_call(f"{line}TOOL: calculator: 1+1")
    assert call is not None
    assert (call.tool, call.argument) == ("calculator", "1+1")


def test_an_answer_is_parsed_once_per_text(answer, monkeypatch):
    """However often a strategy asks for the answer in a text, the scorer parses it once."""
    parse, parsed = Numeric.parse, []

    def count(scorer, text, sample):
        parsed.append(text)
        return parse(scorer, text, sample)

    async def ask_twice(context):
        assert context.parse("So 42.") == context.parse("So 42.") == "42"
        assert context.parse("nothing") is context.parse("nothing") is None
        return Answer(output="42")

    monkeypatch.setattr(Numeric, "parse", count)
    monkeypatch.setitem(strategies._registered, "ask_twice", ask_twice)
    assert answer("ask_twice", FakeProvider(lambda _: "")).outcome == "correct"
    assert (parsed.count("So 42."), parsed.count("nothing")) == (1, 1)


def test_equal_states_keep_the_place_of_the_first():
    """A state that comes again does not move behind others, so that ties go to the state seen first."""
    assert distinct([("Add",), ("double",), ("add ",)]) == [("Add",), ("double",)]
