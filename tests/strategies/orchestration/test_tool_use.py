"""`tool_use`: what the model reads of its tools, and when the loop ends."""

from __future__ import annotations

import threading

import pytest
from support.strategies import QUESTION, FakeProvider

from pytest_hiddenlayer.errors import ParameterError
from pytest_hiddenlayer.registry import tools


@pytest.fixture
def registered(monkeypatch):
    """Returns a function that registers tools by name for one test."""
    monkeypatch.setattr(tools, "_registered", {})

    def register(**functions):
        for name, function in functions.items():
            tools.register(name)(function)

    return register


def replies(*texts):
    """The replies of the model by round."""
    return FakeProvider(lambda request: texts[request.round])


def test_the_model_reads_the_result_and_answers(answer):
    """The chat goes on with the model's call and the result; the reply without a call is the answer."""
    fake = replies("I multiply.\nTOOL: calculator: 6*7\nRESULT: 13\nThe answer is 13.", "The answer is 42.")
    record = answer("tool_use", fake)
    first, second = fake.requests
    assert QUESTION in first.messages[-1].content
    assert "- calculator: Calculates an arithmetic expression" in first.messages[-1].content
    assert [m.role for m in second.messages] == ["user", "assistant", "user"]
    assert second.messages[1].content == "I multiply.\nTOOL: calculator: 6*7"
    assert second.messages[2].content.startswith("RESULT: 42\n")
    assert [(r.role, r.round) for r in fake.requests] == [("solver", 0), ("solver", 1)]
    assert record.outcome == "correct"
    assert record.answer_metadata["tool_calls"] == [
        {"round": 0, "tool": "calculator", "argument": "6*7", "result": "42"}
    ]


def test_a_model_that_calls_no_tool_has_answered(answer):
    """Without a call the first reply is scored, and the record says that no tool was called."""
    record = answer("tool_use", replies("It is 42."))
    assert record.outcome == "correct"
    assert record.answer_metadata["tool_calls"] == []


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("TOOL: calculatr: 6*7", "no tool 'calculatr', did you mean 'calculator'? (there are: calculator)"),
        ("TOOL: 6*7", "no tool '' (there are: calculator)"),
        ("TOOL: calculator: six by seven", "'six by seven' is not arithmetic"),
        ("TOOL: calculator: 1/0", "division by zero"),
    ],
)
def test_a_wrong_call_is_shown_to_the_model_which_tries_again(answer, call, error):
    """An unknown tool and wrong arguments are errors that the model reads and the record keeps."""
    fake = replies(call, "TOOL: calculator: 6*7", "42")
    record = answer("tool_use", fake)
    shown = fake.requests[1].messages[-1].content
    assert shown.startswith("ERROR: ")
    assert error in shown
    assert error in record.answer_metadata["tool_calls"][0]["error"]
    assert record.answer_metadata["tool_calls"][1]["result"] == "42"
    assert record.outcome == "correct"


def test_tools_that_raise_are_shown_and_recorded(answer, registered):
    """An exception of a tool is no error of the item; the record names class and line, the model its text."""

    def broken(text):
        """Fails."""
        raise StopIteration(f"no {text} today")

    async def leaving(text):
        raise SystemExit

    registered(broken=broken, leaving=leaving)
    fake = replies("TOOL: broken: luck", "TOOL: leaving: now", "42")
    record = answer("tool_use:tools=broken+leaving", fake)
    assert fake.requests[1].messages[-1].content.startswith("ERROR: no luck today\n")
    first, second = record.answer_metadata["tool_calls"]
    assert first["error"].startswith("StopIteration: no luck today (")
    assert "test_tool_use.py:" in first["error"]
    assert second["error"].startswith("SystemExit")
    assert record.outcome == "correct"


def test_whatever_a_tool_raises_is_its_error(answer, registered):
    """An outcome of pytest, an interruption, and a value or an error without a text end neither item nor run."""

    class MuteError(Exception):
        def __str__(self):
            raise RuntimeError("no text")

    def mute(text):
        raise MuteError

    async def failing(text):
        pytest.fail("in a coroutine")

    registered(skipping=lambda text: pytest.skip("here"), failing=failing, mute=mute, silent=lambda text: None)
    fake = replies("TOOL: skipping: x", "TOOL: failing: x", "TOOL: mute: x", "TOOL: silent: x", "42")
    record = answer("tool_use:tools=skipping+failing+mute+silent", fake)
    shown = [request.messages[-1].content.partition("\n")[0] for request in fake.requests[1:]]
    assert shown == ["ERROR: here", "ERROR: in a coroutine", "ERROR: MuteError", "ERROR: the tool returned nothing"]
    assert record.outcome == "correct"


def test_a_tool_that_does_not_end_is_left(answer, registered, monkeypatch):
    """After the time limit the model reads so, and the answer goes on."""
    released = threading.Event()
    monkeypatch.setattr("pytest_hiddenlayer.strategies.tools.running.TIMEOUT_S", 0.01)
    registered(waiting=lambda text: released.wait(60))
    record = answer("tool_use:tools=waiting", replies("TOOL: waiting: x", "42"))
    released.set()
    assert record.answer_metadata["tool_calls"][0]["error"] == "took longer than 0.01 seconds"
    assert record.outcome == "correct"


def test_tools_may_be_coroutines_and_return_numbers(answer, registered):
    """What a tool returns is shown as text, and cut if it is long; nothing is an error."""

    async def number(text):
        """Counts characters."""
        return len(text)

    registered(number=number, much=lambda text: 3000 * text, nothing=lambda text: "")
    fake = replies("TOOL: number: four", "TOOL: much: x", "TOOL: nothing:", "42")
    record = answer("tool_use:tools=number+much+nothing", fake)
    assert "- number: Counts characters." in fake.prompts()[0]
    assert "- much: takes one text" in fake.prompts()[0]
    assert "TOOL: number: text" in fake.prompts()[0]
    number, much, nothing = record.answer_metadata["tool_calls"]
    assert number["result"] == "4"
    assert much["result"] == 2000 * "x" + "… (cut after 2000 characters)"
    assert nothing["error"] == "returned nothing"


def test_after_max_calls_the_model_has_to_answer(answer):
    """The last result asks for an answer; another call is `unscored`, and the calls are kept."""
    fake = replies(*["TOOL: calculator: 6*7"] * 3)
    record = answer("tool_use:max_calls=2", fake)
    assert "Use another tool" in fake.requests[1].messages[-1].content
    assert "You cannot use tools any more" in fake.requests[2].messages[-1].content
    assert record.outcome == "unscored"
    assert "after 2 tool calls, but the reply calls another one" in record.error
    assert len(record.answer_metadata["tool_calls"]) == 2


def test_a_call_that_may_be_cut_off_is_not_run(answer):
    """`6*7` may be the beginning of 6*70: a truncated reply that ends in its call is truncated."""
    record = answer("tool_use", replies("TOOL: calculator: 6*7…"))
    assert record.outcome == "truncated"
    assert record.answer_metadata["tool_calls"] == []


def test_a_whole_call_in_a_truncated_reply_is_run(answer):
    """A call whose line ended before the reply was cut off is whole."""
    record = answer("tool_use", replies("TOOL: calculator: 6*7\nRESULT: 4…", "42"))
    assert record.answer_metadata["tool_calls"][0]["result"] == "42"
    assert record.outcome == "correct"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("tools=calculater", "unknown tool 'calculater', did you mean 'calculator'.*register it with @tool"),
        ("tools=+", "tools names no tool; write tools=calculator"),
        ("max_calls=0", "max_calls must be from 1 to 100"),
    ],
)
def test_wrong_parameters_are_refused(answer, typed, error):
    """A tool that is not registered is an error before anything is asked."""
    with pytest.raises(ParameterError, match=error):
        answer(f"tool_use:{typed}", replies("42"))
