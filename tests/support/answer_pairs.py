"""A choice between two answers, for the tests of strategies with a judge."""

from __future__ import annotations

import re
from collections.abc import Callable

from pytest_hiddenlayer.types import Request

PASSAGE = "The old clock struck twelve, and nobody moved."
PAIR_TASK = f"""task: t
samples:
  - id: a
    input: "{PASSAGE} When was it?"
    target: noon
    choices: [noon, dusk]
    metadata: {{question: "When was it?"}}
scorers: [choice]
"""


def chooses(answer: str) -> Callable[[str], str]:
    """Returns a judge that names the number under which its prompt shows an answer."""

    def reply(prompt: str) -> str:
        shown = dict(re.findall(r"^Answer ([12]): (.+)$", prompt, re.MULTILINE))
        return next(f"Choice: {number}" for number, text in shown.items() if text == answer)

    return reply


def debaters_and_judge(judge: Callable[[str], str], argue: str = "It is {own}.") -> Callable[[Request], str]:
    """Returns replies of debaters, who name their assigned answer, and of a judge by its prompt."""

    def reply(request: Request) -> str:
        prompt = request.messages[-1].content
        if request.role == "judge":
            return judge(prompt)
        own = re.search(r"^(?:Your answer|The answer that you recommend): (.+)$", prompt, re.MULTILINE)
        return argue.format(own=own[1] if own else "unknown", round=request.round)

    return reply
