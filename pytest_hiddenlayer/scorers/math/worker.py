"""The process that parses and compares mathematics.

It is a separate process because Python cannot interrupt an expression such as 9^{9^{9}}: the
client kills it after a deadline. math-verify parses.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ...limited_process.worker import serve
from .equality import equal
from .expression_reader import read_expressions


def answer(action: str, *texts: str) -> dict[str, Any]:
    """Returns the response to a request, {"error": REASON} if an expression cannot be parsed."""
    try:
        return _ACTIONS[action](*texts)
    except MemoryError:
        raise
    except Exception as error:  # sympy and its parsers raise any type; the client must not wait
        return {"error": f"{type(error).__name__}: {error}"[:300]}


def canonical(text: str) -> dict[str, Any]:
    """Returns {"answer": canonical text or None}; equal answers have equal texts as far as sympy can determine."""
    expressions = read_expressions(text)
    return {"answer": _spell(expressions[0]) if expressions else None}


def compare(answer: str, target: str) -> dict[str, Any]:
    """Returns {"answer", "target": canonical texts or None, "equal": whether they are mathematically equal}."""
    expected, actual = read_expressions(target), read_expressions(answer)
    return {
        "answer": _spell(actual[0]) if actual else None,
        "target": _spell(expected[0]) if expected else None,
        "equal": equal(expected, actual),
    }


_ACTIONS: dict[str, Callable[..., dict[str, Any]]] = {"canonical": canonical, "compare": compare}


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
    logging.disable(logging.CRITICAL)
    canonical("1")  # imports what it needs, before the first deadline
    serve(answer)
