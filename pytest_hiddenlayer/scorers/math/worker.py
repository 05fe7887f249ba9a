"""The process that parses and compares mathematics: one JSON request per line in, one response per line out.

It is a separate process because Python cannot interrupt an expression such as 9^{9^{9}}: the
client kills it after a deadline. math-verify parses; this module only rewrites plain notation
(`2**(1/4)`, `sqrt(3)`, `74°`) as LaTeX first.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Callable
from typing import Any

_PLAIN = re.compile(r"(?:[\s\d.,;:=<>+\-*/^()\[\]{}|!&_%]|\\[a-zA-Z]+|\\[\\{}%,;!$ ]|[a-zA-Z](?![a-zA-Z])|sqrt|pi)+")
"""Text that is only notation: without a word of two or more letters, except `sqrt` and `pi`."""


def main() -> None:
    """Answer requests until the input ends."""
    logging.disable(logging.CRITICAL)
    for line in sys.stdin:
        request = json.loads(line)
        try:
            response: Any = _ACTIONS[request["action"]](*request["texts"])
        except Exception as error:  # sympy and its parsers raise any type; the client must not wait
            response = {"error": f"{type(error).__name__}: {error}"[:300]}
        print(json.dumps(response), flush=True)


def canonical(text: str) -> dict[str, Any]:
    """Returns {"answer": canonical text or None}; equal answers have equal texts as far as sympy can determine."""
    expressions = _read(text)
    return {"answer": _spell(expressions[0]) if expressions else None}


def compare(answer: str, target: str) -> dict[str, Any]:
    """Returns {"answer", "target": canonical texts or None, "equal": whether they are mathematically equal}."""
    from math_verify import verify

    expected, actual = _read(target), _read(answer)
    equal = bool(expected and actual) and bool(verify(expected, actual, timeout_seconds=None))
    return {
        "answer": _spell(actual[0]) if actual else None,
        "target": _spell(expected[0]) if expected else None,
        "equal": equal,
    }


_ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {"canonical": canonical, "compare": compare}


def _read(text: str) -> list[Any]:
    """What math-verify parses: the boxed or delimited part, else the whole text if it is only notation."""
    latex = _in_latex(text)
    boxed = latex.rfind(r"\boxed{")
    if boxed > 0 and (last := _parse(latex[boxed:])):  # math-verify would take all of several boxes
        return last
    if not re.search(r"\$|\\boxed|\\\(|\\\[", latex) and _PLAIN.fullmatch(latex.strip()):
        whole = _parse(f"${latex.strip()}$")
        if whole:
            return whole
    return _parse(latex)


def _parse(text: str) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    rules = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    parsed = parse(text, extraction_config=rules, parsing_timeout=None)
    return [value for value in parsed if not isinstance(value, str)] and list(parsed)


def _in_latex(text: str) -> str:
    """Rewrites plain notation as LaTeX; words and LaTeX stay unchanged."""
    text = text.replace("\\$", "").replace("**", "^").replace("°", r"^\circ")
    if r"\begin" not in text:  # in an environment two backslashes end a row
        text = re.sub(r"\\\\(?=[a-zA-Z])", r"\\", text)
    text = re.sub(r"(?<![\\a-zA-Z])sqrt(?=\s*\()", r"\\sqrt", text)
    for opening in (r"\sqrt", "^"):
        text = _brace(text, opening)
    return text


def _brace(text: str, after: str) -> str:
    """Rewrites `after(…)` as `after{…}`, for balanced parentheses."""
    match = text.find(f"{after}(")
    while match >= 0:
        start = match + len(after)
        end = _closing(text, start)
        if end < 0:
            return text
        text = f"{text[:start]}{{{text[start + 1 : end]}}}{text[end + 1 :]}"
        match = text.find(f"{after}(", start)
    return text


def _closing(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return -1


def _spell(value: Any) -> str:
    """One spelling for equal values: decimals as fractions, terms in sympy's order."""
    from sympy import Basic, nsimplify, simplify

    if not isinstance(value, Basic):
        return str(value)
    try:
        return str(simplify(nsimplify(value, rational=True)))
    except (TypeError, ValueError, AttributeError, NotImplementedError):
        return str(value)


if __name__ == "__main__":
    main()
