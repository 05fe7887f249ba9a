"""Tool calls are read in the spellings of chat models."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.tools.tool_calls import read_tool_call


@pytest.mark.parametrize(
    "reply",
    [
        "TOOL: calculator: 3*(4+5)",
        "I need to multiply.\n\nTOOL: calculator: 3*(4+5)\nRESULT: 99\nThe answer is 99.",
        "Tool: calculator(3*(4+5))",
        "Tool call: calculator[3*(4+5)]",
        "**TOOL:** calculator: 3*(4+5)",
        "**TOOL**: `calculator`: `3*(4+5)`",
        "```\nTOOL: calculator: 3*(4+5)\n```",
        "- `TOOL: calculator: 3*(4+5)`",
        "TOOL: calculator 3*(4+5)",
        "> tool : calculator = 3*(4+5)",
    ],
)
def test_a_tool_and_its_argument_are_found(reply):
    """Emphasis, code marks, brackets and text around the line make no difference."""
    call = read_tool_call(reply)
    assert (call.tool, call.argument) == ("calculator", "3*(4+5)")
    assert "99" not in reply[: call.end]


def test_only_a_bracket_around_the_whole_argument_is_removed():
    """`(1+2)*3` stays as it is."""
    assert read_tool_call("TOOL: calculator (1+2)*3").argument == "(1+2)*3"
    assert read_tool_call("TOOL: calculator: (1+2)").argument == "(1+2)"


@pytest.mark.parametrize("reply", ["", "The answer is 42.", "I would use the tool calculator.", "TOOLS: none"])
def test_other_replies_call_no_tool(reply):
    """Only a line that begins with TOOL and a colon is a call."""
    assert read_tool_call(reply) is None


@pytest.mark.parametrize(
    ("reply", "tool", "argument"), [("TOOL:", "", ""), ("TOOL: 3*4", "", ""), ("TOOL: clock", "clock", "")]
)
def test_a_call_may_lack_its_tool_or_its_argument(reply, tool, argument):
    """A line without a name is a call of no tool, and the model reads so; a tool may need no argument."""
    call = read_tool_call(reply)
    assert (call.tool, call.argument) == (tool, argument)
