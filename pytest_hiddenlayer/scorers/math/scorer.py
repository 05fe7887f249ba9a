"""`math`: the answer in the output is mathematically equal to the target, in any notation.

math-verify (extra `math`) parses LaTeX and plain notation in a separate process, so that no
expression can block a run.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.util import find_spec

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from ..match.extract import WHOLE, Extract
from ..match.messages import compared, listed, no_target, not_found
from .process import PROCESS, ExpressionTimeoutError

MAX_CHARS = 10_000
"""Only the end of a longer output is parsed, because the answer comes last."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Math:
    r"""Scores 1 if answer and target are mathematically equal, else 0.

    The answer is the last \boxed{}, else the last expression between $ … $, \( … \) or \[ … \], or
    in Markdown's emphasis or code, else the whole text if it is only notation, else what follows
    'the answer is', else the last expression or number. Unicode notation (−5, √2, x², ½, ٤) and
    Chinese, Japanese or Korean words around an answer are read.

    Numbers are equal if their values are. A decimal of at least six places and five digits also
    equals a number that it rounds and that no decimal writes exactly: 0.333333 is 1/3, 1.414214
    is \sqrt{2}, but 0.1234564 is not 0.1234561. '50%' equals 0.5 and 50, as in `numeric`.

    A bare list is a set of solutions, in any order; a tuple or interval in brackets keeps its
    order; a tuple equals the vector of its elements. An answer that is not parsed within 5 s
    scores 0, and the explanation says so; such a target is unscored.
    """

    extract: Extract = WHOLE

    name = "math"
    version = "2"
    pass_score = 1.0
    needs_target = True

    def __post_init__(self) -> None:
        if find_spec("math_verify") is None:
            raise UsageError('scorer math needs math-verify: pip install "pytest-hiddenlayer[math]"')

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the answer in sympy's spelling, the same for equal answers, or None if none is parsed."""
        text = self.extract.apply(output)
        if not text:
            return None
        try:
            answer: str | None = PROCESS.ask("canonical", text[-MAX_CHARS:]).get("answer")
        except ExpressionTimeoutError:
            return None
        return answer

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns 1 or 0; unscored if no target of the sample can be parsed as mathematics."""
        if not sample.targets:
            return no_target()
        text = self.extract.apply(output)
        if not text:
            return not_found("no answer found", sample.targets)
        return await asyncio.to_thread(_score, text[-MAX_CHARS:], sample.targets)


def _score(text: str, targets: tuple[str, ...]) -> Score:
    readable = []
    for target in targets:
        try:
            comparison = PROCESS.ask("compare", text, target)
        except ExpressionTimeoutError as timeout:
            if not _is_readable(target):
                continue
            return Score(value=0.0, explanation=f"expected {listed(targets)}, the answer was {timeout}")
        if comparison.get("target") is None:
            continue
        readable.append(comparison["target"])
        if comparison["equal"]:
            return compared(comparison["answer"], readable, True)
        answer = comparison["answer"]
    if not readable:
        return Score(value=None, explanation=f"the target {listed(targets)} cannot be parsed as mathematics")
    return not_found("no mathematics found", readable) if answer is None else compared(answer, readable, False)


def _is_readable(target: str) -> bool:
    try:
        return PROCESS.ask("canonical", target).get("answer") is not None
    except ExpressionTimeoutError:
        return False
