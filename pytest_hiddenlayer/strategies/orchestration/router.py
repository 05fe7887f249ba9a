"""A router: one of several models is chosen before any of them answers.

Ong et al. 2024, "RouteLLM: Learning to Route LLMs with Preference Data", arXiv:2406.18665: a router trained on
preferences sends a question to the strong model if its predicted gain is at least a threshold. Differences: nothing
is trained; the run's judge chooses among the models by name, or one feature of the prompt is compared with a
threshold, which `hiddenlayer cascade RUN --signal words` learns on half of a stored run and reports on the other
half.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from typing import Annotated, Any, Literal

from ...completions.finish_reasons import ended_normally
from ...errors import ParameterError
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..messages import request
from ..model_mix import model_names
from .signals import FEATURES
from .thoughts import read_choice


def check_router(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError without models to choose from, and for a threshold that is missing or not used."""
    names, route_by = model_names(params["models"]), params["route_by"]
    if len(names) < 2 or (route_by != "judge" and len(names) > 2):
        two = f"two models for route_by={route_by}, the cheaper one first"
        wanted = "at least two models" if route_by == "judge" else two
        raise ParameterError(
            f"models must name {wanted}, got {params['models']!r}; write models=mlx+openai:gpt-5.4-mini",
            parameter="models",
        )
    if route_by == "judge" and "threshold" in given:
        raise ParameterError(
            "threshold belongs to route_by=words and route_by=numbers; leave it out", parameter="threshold"
        )
    if route_by != "judge" and "threshold" not in given:
        raise ParameterError(
            f"route_by={route_by} needs a threshold; write threshold=30, or run "
            f"`hiddenlayer cascade RUN --signal {route_by}`",
            parameter="threshold",
        )


@checked_together(check_router)
async def router(
    context: Context,
    *,
    models: Models = "",
    route_by: Literal["judge", "words", "numbers"] = "judge",
    threshold: Annotated[float, Range(0)] = 0.0,
    temperature: Annotated[float, Range(0)] = 0.0,
) -> Answer:
    """Returns the answer of one of several models, which is chosen before any of them answers.

    `models` names at least two models, the cheapest first, instead of the candidate. With `route_by=judge` the run's
    judge reads the question and the models' names and chooses one by number or name. If its reply cannot be read,
    the outcome is `unscored`, and no model is chosen instead. With `words` or `numbers` the second of two models
    answers if the prompt has at least `threshold` words or numbers, else the first.

    Metadata: `chosen` (a model), and the judge's `reply` or the `value` that was compared.
    """
    names = model_names(models)
    if route_by == "judge":
        reply = await _ask_judge(context, names)
        index = _chosen(reply, names)
        if index is None:
            return _without_choice(reply, names)
        metadata: dict[str, Any] = {"chosen": names[index], "reply": reply.text}
    else:
        value = FEATURES[route_by](context.prompt)
        index = int(value >= threshold)
        metadata = {"chosen": names[index], "value": value}
    completion = await context.ask(
        context.messages,
        role="answer",
        round=1 if route_by == "judge" else 0,
        model=names[index],
        defaults=GenerationConfig(temperature=temperature),
    )
    return Answer(output=completion.text, finish_reason=completion.finish_reason, metadata=metadata)


async def _ask_judge(context: Context, names: Sequence[str]) -> Completion:
    text = context.render("router/choose", judge=True, task=context.prompt, models=list(names))
    return await context.ask(
        request(context, text), role="router", judge=True, defaults=GenerationConfig(temperature=0.0)
    )


def _chosen(reply: Completion, names: Sequence[str]) -> int | None:
    """The index of the model that a reply chooses by number, or else by the only name in it; None without one."""
    if not ended_normally(reply.finish_reason):
        return None
    index = read_choice(reply.text, len(names))
    if index is not None:
        return index
    named = [
        i for i, name in enumerate(names) if re.search(rf"(?<![\w:.-]){re.escape(name)}(?![\w:-]|\.\w)", reply.text)
    ]
    return named[0] if len(named) == 1 else None


def _without_choice(reply: Completion, names: Sequence[str]) -> Answer:
    return Answer(
        output=reply.text,
        finish_reason=reply.finish_reason,
        outcome="unscored",
        error=(
            f"router asked the judge for a line `Choice: N` from 1 to {len(names)}, but its reply names no model: "
            f"{reply.text[:200]!r}; name another --judge, or write route_by=words with a threshold"
        ),
        metadata={"chosen": None, "reply": reply.text},
    )
