"""The model criticizes its answer, judges the critique, and revises the answer or keeps it.

Saunders et al. 2022, "Self-critiquing models for assisting human evaluators", arXiv:2206.05802: whether a model can
answer, can criticize an answer and can tell a valid critique are three abilities, which need not agree. The
sequence answer, review, improved answer without any signal from outside is the intrinsic self-correction of Huang
et al. 2023, "Large Language Models Cannot Self-Correct Reasoning Yet", arXiv:2310.01798. Differences from both: the
critique ends in a verdict, and an answer with the verdict `right` is kept; and the model says whether its critique
is right before anything is revised (`check`).
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from ...completions.finish_reasons import ended_normally
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig
from ..alternatives import are_alternatives
from ..messages import continued
from ..verbal_confidence import read_yes_or_no

_VERDICT = re.compile(
    r"\bverdict\b(?:[\s*_:=\"'`>-]|\b(?:is|that|it|the|my|your|answer)\b)*"
    r"(?P<not>\bnot\s+)?\b(?P<word>right|correct|wrong|incorrect|true|false)\b(?P<either>\s*(?:/|or\b))?",
    re.IGNORECASE,
)
_RIGHT = frozenset({"right", "correct", "true"})


async def self_critique(
    context: Context, *, check: bool = True, temperature: Annotated[float, Range(0)] = 0.0
) -> Answer:
    """Returns the model's answer, revised if its own critique finds it wrong.

    The answer is revised if the critique's verdict is `wrong` and, with `check`, unless the model then says that
    the critique is not right. A verdict that cannot be read, as of a truncated critique, keeps the answer. The role
    `agent-1` gives the answer in round 0 and the revised one in round 3, so that `round_scores` says whether the
    verdict was right.

    Metadata: `verdict` (`right`, `wrong`, or null for an unreadable one), `critique_right` (the model's own opinion;
    null if it was not asked or cannot be read) and `revised`.
    """
    defaults = GenerationConfig(temperature=temperature)
    answer = await context.ask(context.messages, role="agent-1", defaults=defaults)
    if not ended_normally(answer.finish_reason):
        return _result(answer, None, None, revised=False)
    asked = continued(context.messages, answer.text, context.render("self_critique/critique", task=context.prompt))
    critique = await context.ask(asked, role="critic", round=1, defaults=defaults)
    verdict = read_verdict(critique.text) if ended_normally(critique.finish_reason) else None
    valid = None
    if check and verdict == "wrong":
        question = continued(asked, critique.text, context.render("self_critique/check", task=context.prompt))
        checked = await context.ask(question, role="checker", round=2, defaults=defaults)
        valid = read_yes_or_no(checked.text) if ended_normally(checked.finish_reason) else None
    if verdict != "wrong" or valid == 0.0:
        return _result(answer, verdict, valid, revised=False)
    request = continued(asked, critique.text, context.render("self_critique/revise", task=context.prompt))
    revision = await context.ask(request, role="agent-1", round=3, defaults=defaults)
    return _result(revision, verdict, valid, revised=True)


def read_verdict(text: str) -> str | None:
    """Returns `right` or `wrong`, as the verdict of a critique says; None if it has none, or both."""
    found = list(_VERDICT.finditer(text))
    stated = [
        match
        for before, match in zip([None, *found], found, strict=False)
        if not match["either"] and not (before and before["either"] and are_alternatives(text, before, match))
    ]
    verdicts = {(match["word"].casefold() in _RIGHT) != bool(match["not"]) for match in stated}
    return ("right" if verdicts.pop() else "wrong") if len(verdicts) == 1 else None


def _result(completion: Completion, verdict: str | None, valid: float | None, *, revised: bool) -> Answer:
    metadata: dict[str, Any] = {
        "verdict": verdict,
        "critique_right": None if valid is None else bool(valid),
        "revised": revised,
    }
    return Answer(output=completion.text, finish_reason=completion.finish_reason, metadata=metadata)
