"""`math`: the answer in the output is the same mathematics as the target, whatever its notation.

LaTeX and plain notation are read by math-verify (extra `math`) in a process of its own, so
that no expression can hold up a run.
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
"""Only the end of a longer output is read: that is where answers stand."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Math:
    r"""1 where answer and target are mathematically equal, else 0.

    The answer is the last \boxed{}, else the last expression between $ … $, \( … \) or \[ … \],
    else the whole text where it is nothing but notation, else the last number. A bare list is
    a set of solutions, in any order; a tuple or interval in brackets keeps its order. An output
    whose answer is not read within 5 s is wrong, and says so; a target that is not is unscored.
    """

    extract: Extract = WHOLE

    name = "math"
    version = "1"
    pass_score = 1.0
    needs_target = True

    def __post_init__(self) -> None:
        if find_spec("math_verify") is None:
            raise UsageError('scorer math needs math-verify: pip install "pytest-hiddenlayer[math]"')

    def parse(self, output: str, sample: Sample) -> str | None:
        """The answer as sympy spells it, equal ones alike; None where none is read."""
        text = self.extract.apply(output)
        if not text:
            return None
        try:
            found: str | None = PROCESS.ask("canonical", text[-MAX_CHARS:]).get("answer")
        except ExpressionTimeoutError:
            return None
        return found

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1, 0, or unscored where the sample has no target that can be read as mathematics."""
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
            found = PROCESS.ask("compare", text, target)
        except ExpressionTimeoutError as slow:
            if not _reads(target):
                continue
            return Score(value=0.0, explanation=f"expected {listed(targets)}, the answer was {slow}")
        if found.get("target") is None:
            continue
        readable.append(found["target"])
        if found["equal"]:
            return compared(found["answer"], readable, True)
        answer = found["answer"]
    if not readable:
        return Score(value=None, explanation=f"the target {listed(targets)} cannot be read as mathematics")
    return not_found("no mathematics found", readable) if answer is None else compared(answer, readable, False)


def _reads(target: str) -> bool:
    try:
        return PROCESS.ask("canonical", target).get("answer") is not None
    except ExpressionTimeoutError:
        return False
