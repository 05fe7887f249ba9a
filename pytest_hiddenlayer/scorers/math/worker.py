"""The process in which mathematics is read and compared; one JSON request a line in, one answer a line out.

It is a process of its own because an expression such as 9^{9^{9}} cannot be interrupted
within Python: whoever asks ends it after a deadline. math-verify does the reading; this
module only spells plain notation (`2**(1/4)`, `sqrt(3)`, `74°`) in LaTeX first.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable
from typing import Any

_PLAIN = re.compile(r"(?:[\s\d.,;:=<>+\-*/^()\[\]{}|!&_%]|\\[a-zA-Z]+|\\[\\{}%,;!$ ]|[a-zA-Z](?![a-zA-Z])|sqrt|pi)+")
"""Text that is nothing but notation: no word of two letters or more, but for two names."""


def main() -> None:
    """Answer requests until the input ends."""
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            found: Any = _ACTIONS[request["action"]](*request["texts"])
        except Exception as error:  # sympy and its parsers raise anything; the reader of the pipe must not wait
            found = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(found), flush=True)


def canonical(text: str) -> dict[str, Any]:
    """{"answer": canonical text or null}: equal answers have equal texts where sympy can tell."""
    found = _read(text)
    return {"answer": _spell(found[0]) if found else None}


def compare(answer: str, target: str) -> dict[str, Any]:
    """{"answer", "target": canonical texts or null, "equal": whether they are the same mathematics}."""
    from math_verify import verify

    theirs, ours = _read(target), _read(answer)
    equal = bool(theirs and ours) and bool(verify(theirs, ours, timeout_seconds=None))
    return {
        "answer": _spell(ours[0]) if ours else None,
        "target": _spell(theirs[0]) if theirs else None,
        "equal": equal,
    }


_ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {"canonical": canonical, "compare": compare}


def _read(text: str) -> list[Any]:
    """What math-verify reads: first the boxed or delimited part, else the whole text where it is all notation."""
    spelled = _in_latex(text)
    boxed = spelled.rfind(r"\boxed{")
    if boxed > 0 and (last := _parse(spelled[boxed:])):  # of several boxes math-verify would take all
        return last
    if not re.search(r"\$|\\boxed|\\\(|\\\[", spelled) and _PLAIN.fullmatch(spelled.strip()):
        whole = _parse(f"${spelled.strip()}$")
        if whole:
            return whole
    return _parse(spelled)


def _parse(text: str) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    rules = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    found = parse(text, extraction_config=rules, parsing_timeout=None)
    return [value for value in found if not isinstance(value, str)] and list(found)


def _in_latex(text: str) -> str:
    """Plain notation spelled in LaTeX; words and LaTeX stay as they are."""
    text = text.replace("\\$", "").replace("**", "^").replace("°", r"^\circ")
    if r"\begin" not in text:  # there two backslashes end a row
        text = re.sub(r"\\\\(?=[a-zA-Z])", r"\\", text)
    text = re.sub(r"(?<![\\a-zA-Z])sqrt(?=\s*\()", r"\\sqrt", text)
    for opening in (r"\sqrt", "^"):
        text = _brace(text, opening)
    return text


def _brace(text: str, after: str) -> str:
    """`after(…)` becomes `after{…}`, for balanced parentheses."""
    at = text.find(f"{after}(")
    while at >= 0:
        start = at + len(after)
        end = _closing(text, start)
        if end < 0:
            return text
        text = f"{text[:start]}{{{text[start + 1 : end]}}}{text[end + 1 :]}"
        at = text.find(f"{after}(", start)
    return text


def _closing(text: str, start: int) -> int:
    depth = 0
    for at in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[at], 0)
        if depth == 0:
            return at
    return -1


def _spell(value: Any) -> str:
    """One spelling for equal values: decimals as fractions, terms in sympy's own order."""
    from sympy import Basic, nsimplify, simplify

    if not isinstance(value, Basic):
        return str(value)
    try:
        return str(simplify(nsimplify(value, rational=True)))
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        return str(value)


if __name__ == "__main__":
    main()
