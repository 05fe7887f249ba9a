"""Debate only when it is needed: if the first answer is not confident, or first answers disagree.

Eo et al. 2025, "Debate Only When Necessary: Adaptive Multiagent Collaboration for Efficient LLM
Reasoning" (DOWN), arXiv:2504.05047. One agent answers. If its confidence is above a threshold, its answer
is the result. Otherwise further agents answer, and all answer again after they have read each other's
answers with their confidences; a vote or a judge decides. The confidence is the mean probability of the
tokens of the answer (`mean_probability`), or a number that the model states (`verbalized`).

Differences from the paper, and why:

- `mean_logprob` is the geometric mean of the probabilities, which long answers do not level out as much.
- `disagreement` asks all agents first and debates only if their answers differ. No confidence is needed.
- A first answer that cannot be read starts the debate. So does a stated
  confidence that cannot be read. If the provider returns no log-probabilities, no threshold can be
  applied, and the outcome is `unscored`.
- The threshold depends on model and task; 0.8 is a start. Choose it on other samples than those that you report.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, Literal

from ...concurrency import gather_or_cancel
from ...errors import ParameterError
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Message, Models
from ..elicitation import ask_verbalized
from ..messages import request
from ..model_mix import nth_model
from ..voting import plurality
from .agents import agreed, ask_agents, ask_judge, parsed_answers, voted_answer

Trigger = Literal["mean_probability", "mean_logprob", "verbalized", "disagreement"]
_OF_TOKENS = ("mean_probability", "mean_logprob")


def check_trigger(params: Mapping[str, Any], given: Collection[str]) -> None:
    """Raises ParameterError for a threshold that nothing is compared with."""
    if params["trigger"] == "disagreement" and "threshold" in given:
        raise ParameterError(
            "threshold has no effect with trigger=disagreement, which compares answers; "
            "leave it out, or choose another trigger",
            parameter="threshold",
        )


@checked_together(check_trigger)
async def debate_when_needed(
    context: Context,
    *,
    trigger: Trigger = "mean_probability",
    threshold: Annotated[float, Range(0, 1)] = 0.8,
    n_agents: Annotated[int, Range(2, 1000)] = 3,
    n_rounds: Annotated[int, Range(2, 1000)] = 2,
    aggregation: Literal["majority", "judge"] = "majority",
    temperature: Annotated[float, Range(0)] = 0.7,
    agents: Models = "",
) -> Answer:
    """Returns the first answer if it is confident enough, else the result of a debate.

    `trigger` is the confidence that must be above `threshold`, or `disagreement`: then all agents answer first, and
    there is no debate if they agree. `n_rounds` includes the independent round 0. `agents` names models that are
    assigned to the agents in rotation, instead of the candidate. If no agent's last reply can be read, the outcome
    is `unscored`.

    Metadata: `debated` and `why` (empty without a debate), `answers` and `confidences` by round (null: unreadable
    or unknown), `round0_majority` and `final_majority`.
    """
    group = _Group(
        context=context, trigger=trigger, models=agents, defaults=GenerationConfig(temperature=temperature)
    )
    n_first = n_agents if trigger == "disagreement" else 1
    await group.answer([context.messages] * n_first, 0)
    first = group.rounds[0][0]
    if group.lacks_logprobs:
        return _not_measured(group, first)
    why = group.reason(threshold)
    if not why:
        metadata = group.metadata(debated=False, why="")
        return Answer(output=first.text, finish_reason=first.finish_reason, metadata=metadata)
    await group.answer([context.messages] * (n_agents - n_first), 0)
    for number in range(1, n_rounds):
        await group.answer(group.prompts(), number, measured=number < n_rounds - 1)
    metadata = group.metadata(debated=True, why=why)
    if aggregation == "judge":
        texts = [completion.text.strip() for completion in group.rounds[-1]]
        verdict = await ask_judge(context, texts, n_rounds)
        return Answer(output=verdict.text, finish_reason=verdict.finish_reason, metadata=metadata)
    return voted_answer("debate_when_needed", group.answers[-1], group.rounds[-1], metadata)


@dataclass(kw_only=True, slots=True)
class _Group:
    """Agents with what they said in each round and how sure they were of it."""

    context: Context
    trigger: Trigger
    models: Models
    defaults: GenerationConfig
    rounds: list[list[Completion]] = field(default_factory=list)
    answers: list[list[str | None]] = field(default_factory=list)
    confidences: list[list[float | None]] = field(default_factory=list)
    unknown: str = ""  # why the confidence of the first answer is unknown

    async def answer(self, prompts: Sequence[tuple[Message, ...]], number: int, *, measured: bool = True) -> None:
        """Asks the agents that have not yet answered in round `number`, at once, and then for their confidence."""
        if number == len(self.rounds):
            self.rounds.append([])
            self.answers.append([])
            self.confidences.append([])
        first = len(self.rounds[number])
        completions = await ask_agents(
            self.context,
            prompts,
            number,
            self.defaults,
            self.models,
            first=first,
            top_logprobs=1 if self.trigger in _OF_TOKENS else 0,
        )
        self.rounds[number] += completions
        self.answers[number] += parsed_answers(self.context, completions)
        if measured:
            self.confidences[number] += await gather_or_cancel(
                self._confidence(index, prompt, completion, number)
                for index, (prompt, completion) in enumerate(zip(prompts, completions, strict=True), first)
            )

    async def _confidence(
        self, index: int, prompt: Sequence[Message], completion: Completion, number: int
    ) -> float | None:
        if self.trigger in _OF_TOKENS:
            confidence = token_confidence(completion.logprobs, self.trigger)
            return None if confidence is None else round(confidence, 4)  # a batch and a cassette change later digits
        if self.trigger == "disagreement" or not completion.text.strip():
            return None
        model = nth_model(self.models, index)
        ask, render = partial(self.context.ask, model=model), partial(self.context.render, model=model)
        role = f"confidence-{index + 1}"
        stated = await ask_verbalized(ask, render, prompt, completion.text, role=role, round=number)
        self.unknown = self.unknown or stated.why
        return stated.value

    @property
    def lacks_logprobs(self) -> bool:
        """Whether the confidence of a readable first answer cannot be computed."""
        return self.trigger in _OF_TOKENS and self.answers[0][0] is not None and self.confidences[0][0] is None

    def reason(self, threshold: float) -> str:
        """Why a debate is needed; empty if it is not."""
        answers, confidence = self.answers[0], self.confidences[0][0]
        if self.trigger == "disagreement":
            if agreed(answers):
                return ""
            return "a first answer cannot be read" if None in answers else "the first answers differ"
        if answers[0] is None:
            return "the first answer cannot be read"
        if confidence is None:
            return f"the confidence is unknown: {self.unknown}"
        return "" if confidence > threshold else f"the confidence {confidence:.3g} is not above {threshold:g}"

    def prompts(self) -> list[tuple[Message, ...]]:
        """The messages of each agent for the next round: all last replies with their confidences."""
        texts = [completion.text.strip() for completion in self.rounds[-1]]
        percents = [None if value is None else round(100 * value) for value in self.confidences[-1]]
        return [self._prompt(index, texts, percents) for index in range(len(texts))]

    def _prompt(self, own: int, texts: list[str], percents: list[int | None]) -> tuple[Message, ...]:
        text = self.context.render(
            "debate_when_needed/reconsider",
            model=nth_model(self.models, own),
            task=self.context.prompt,
            own_answer=texts[own],
            own_confidence=percents[own],
            answers=texts[:own] + texts[own + 1 :],
            confidences=percents[:own] + percents[own + 1 :],
        )
        return request(self.context, text)

    def metadata(self, *, debated: bool, why: str) -> dict[str, Any]:
        """What happened, as plain JSON values."""
        return {
            "debated": debated,
            "why": why,
            "round0_majority": plurality(self.answers[0]).to_json(),
            "final_majority": plurality(self.answers[-1]).to_json(),
            "answers": self.answers,
            "confidences": self.confidences,
        }


def token_confidence(logprobs: Sequence[float] | None, measure: str) -> float | None:
    """Returns the arithmetic or, for `mean_logprob`, geometric mean of the tokens' probabilities; None if unknown."""
    if not logprobs:
        return None
    if measure == "mean_logprob":
        return min(1.0, math.exp(sum(logprobs) / len(logprobs)))
    return min(1.0, sum(math.exp(value) for value in logprobs) / len(logprobs))


def _not_measured(group: _Group, first: Completion) -> Answer:
    return Answer(
        output=first.text,
        finish_reason=first.finish_reason,
        outcome="unscored",
        error=(
            f"debate_when_needed was asked to debate below a {group.trigger} of its first answer, but the provider "
            "returned no log-probabilities; use trigger=verbalized or trigger=disagreement"
        ),
        metadata=group.metadata(debated=False, why=""),
    )
