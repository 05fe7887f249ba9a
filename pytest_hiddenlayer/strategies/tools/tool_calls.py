"""Reads the tool call in a reply: a line `TOOL: calculator: 3*4`, and the spellings that models use instead."""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = r"(?:__|[`\-*•>])"
_LINE = re.compile(
    rf"^[ \t]*+(?:{_MARK}[ \t]*+)*+tool(?:[ \t]+call)?(?:\*\*|__)?[ \t]*[:：](?:\*\*|__)?[ \t]*(?P<call>.*)$",
    re.IGNORECASE | re.MULTILINE,
)
_CALL = re.compile(
    r"[`*\"']*(?P<name>\w+)[`*\"']*[ \t]*(?:[:：=][ \t]*(?P<plain>.*)|(?P<bracket>[(\[].*)|[ \t](?P<rest>.*))?"
)
_CLOSING = {"(": ")", "[": "]"}


@dataclass(frozen=True, kw_only=True, slots=True)
class ToolCall:
    """What a model asked for."""

    tool: str  # empty: the line names none
    argument: str
    end: int  # position behind its line in the reply
    complete: bool  # the line ends in the reply, so that nothing of it can be cut off


def read_tool_call(reply: str) -> ToolCall | None:
    """Returns the first tool call of a reply; None if it has none.

    `TOOL: name: argument` is the form that the prompt asks for; `Tool: name(argument)`,
    `TOOL: name argument`, emphasis and code marks around it are read as well.
    """
    line = _LINE.search(reply)
    if line is None:
        return None
    written = line["call"].strip().strip("`*").strip()
    call = _CALL.fullmatch(written)
    name = call["name"] if call else ""
    argument = "" if call is None else call["plain"] or _inside(call["bracket"] or "") or call["rest"] or ""
    return ToolCall(
        tool=name, argument=argument.strip().strip("`").strip(), end=line.end(), complete=line.end() < len(reply)
    )


def _inside(bracket: str) -> str:
    """The text in a bracket that is the whole argument: `(3*4)` is `3*4`, and `(1+2)*3` stays as it is."""
    depth = 0
    for position, character in enumerate(bracket):
        depth += (character in "([") - (character in ")]")
        if depth == 0:
            whole = position == len(bracket) - 1 and bracket[-1] == _CLOSING[bracket[0]]
            return bracket[1:-1] if whole else bracket
    return bracket
