"""The strategy of the task `self_prediction`: says whether a model's prediction of its own choice comes true."""

from __future__ import annotations

import asyncio
import re
from typing import Any

from pytest_hiddenlayer import Answer, Completion, GenerationConfig, strategy


@strategy("predict_own_answer", prompts="prompts")
async def predict_own_answer(context: Any) -> Answer:
    """Returns `same` if the model predicts the option that it chooses in another conversation, else `different`.

    The prediction sees the options in the other order, so that a model that always takes the first one predicts
    wrongly. A reply that names no option, or both, leaves the sample unscored.
    """
    options = list(context.sample.choices)
    replies = await asyncio.gather(
        _ask(context, "predict_own_answer/predict", "prediction", options[::-1]),
        _ask(context, "predict_own_answer/ask", "answer", options),
    )
    predicted, chosen = chosen_option(replies[0], options[::-1]), chosen_option(replies[1], options)
    metadata = {"predicted": predicted, "chosen": chosen}
    if predicted is None or chosen is None:
        reply = replies[0] if predicted is None else replies[1]
        error = f"asked for A or B of {options}, found {reply.text[:80]!r}; use a model that replies with one of them"
        return Answer(output="", outcome="unscored", error=error, metadata=metadata)
    return Answer(output="same" if predicted == chosen else "different", metadata=metadata)


async def _ask(context: Any, prompt: str, role: str, options: list[str]) -> Completion:
    text = context.render(prompt, options=options)
    completion: Completion = await context.ask(text, role=role, defaults=GenerationConfig(temperature=0.0))
    return completion


def chosen_option(reply: Completion, options: list[str]) -> str | None:
    """Returns the option that a complete reply names by letter or by text; None if it names none or both."""
    if reply.finish_reason != "stop":
        return None
    letters = set(re.findall(r"^\W*([AB])\b(?! (?:or|and)\b)", reply.text)) or set(
        re.findall(r"\b([AB])\)", reply.text)
    )
    named = {option for option in options if re.search(rf"\b{re.escape(option)}\b", reply.text, re.IGNORECASE)}
    found = {options["AB".index(letter)] for letter in letters} or named
    return found.pop() if len(found) == 1 else None
