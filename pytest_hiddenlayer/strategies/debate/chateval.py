"""Referees with different roles discuss, and their answers are voted on or averaged.

Chan et al. 2023, "ChatEval: Towards Better LLM-based Evaluators through Multi-Agent Debate",
arXiv:2308.07201: referees with different role descriptions judge in turns, one by one, at the same time, or
at the same time with a summarizer; their verdicts of the last turn are a majority (of which answer is better)
or a mean (of scores). Differences: what is judged is the task itself, so that a task of pairs, of
scores or of questions is answered alike; the descriptions of roles are new; the
speakers of `simultaneous` are not shuffled, because each of them reads all earlier rounds anyway.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..messages import request
from ..model_mix import nth_model
from ..voting import plurality
from .roles import check_roles, describe, role_names


@checked_together(check_roles)
async def chateval(
    context: Context,
    *,
    roles: str = "general_public+critic+scientist",
    n_rounds: Annotated[int, Range(1, 1000)] = 2,
    order: Literal["one_by_one", "simultaneous", "simultaneous_with_summarizer"] = "one_by_one",
    aggregation: Literal["majority", "mean"] = "majority",
    temperature: Annotated[float, Range(0)] = 0.0,
    agents: Models = "",
) -> Answer:
    """Returns the majority, or the mean, of the last answers of referees with different roles who discuss.

    `roles` are joined by `+`: `general_public`, `critic`, `scientist`, `psychologist`, `news_author`, or
    a role in your own words. `order` says what a referee reads: with `one_by_one` all that was said
    before, also in its round; with `simultaneous` the earlier rounds; with `simultaneous_with_summarizer` only a
    summary of them (role `summarizer`). With `aggregation=majority` the output is that of the first referee with
    the winning answer. With `mean` it is the mean of the answers, which must be numbers. `agents` names models that
    are assigned to the referees in rotation, instead of the candidate. A reply that was cut off is not shown to
    others. If no answer of the last round can be read, the outcome is `unscored`.

    Metadata: `roles`, `answers` of each round (null: unreadable), `vote`, or `mean` and `deviation`,
    `unreadable_answers`, and `sequential` if referees speak one by one.
    """
    panel = _Panel(
        context=context,
        roles=role_names(roles),
        models=agents,
        defaults=GenerationConfig(temperature=temperature),
        sequential=order == "one_by_one",
    )
    for number in range(n_rounds):
        await panel.play_round(number)
        if order == "simultaneous_with_summarizer" and number + 1 < n_rounds:
            await panel.summarize(number)
    return _mean(panel) if aggregation == "mean" else _majority(panel)


@dataclass(kw_only=True, slots=True)
class _Panel:
    """The discussion so far."""

    context: Context
    roles: tuple[str, ...]
    models: Models
    defaults: GenerationConfig
    sequential: bool  # one by one: a referee reads those before it in its round
    rounds: list[list[Completion]] = field(default_factory=list)
    speakers: list[str] = field(default_factory=list)  # of `utterances`
    utterances: list[str] = field(default_factory=list)  # that are not summarized yet
    stated: list[str | None] = field(default_factory=list)  # the parsed answer of each utterance
    summary: str = ""

    async def play_round(self, number: int) -> None:
        """Adds what all referees say in one round."""
        if self.sequential:
            said = []
            for index in range(len(self.roles)):
                said.append(await self._speak(number, index))
                self._add(index, said[-1])
        else:
            said = await gather_or_cancel(self._speak(number, index) for index in range(len(self.roles)))
            for index, completion in enumerate(said):
                self._add(index, completion)
        self.rounds.append(said)

    async def summarize(self, number: int) -> None:
        """Replaces what was said by a summary; a summary that was cut off or is empty replaces nothing."""
        prompt = self.context.render("chateval/summarize", **self._said())
        reply = await self.context.ask(
            request(self.context, prompt), role="summarizer", round=number, defaults=self.defaults
        )
        if ended_normally(reply.finish_reason) and reply.text.strip():
            self.summary, self.speakers, self.utterances, self.stated = reply.text.strip(), [], [], []

    async def _speak(self, number: int, index: int) -> Completion:
        model = nth_model(self.models, index)
        prompt = self.context.render(
            "chateval/speak",
            model=model,
            description=describe(self.context, "chateval", self.roles[index], model),
            **self._said(),
        )
        return await self.context.ask(
            request(self.context, prompt),
            role=f"agent-{index + 1}",
            round=number,
            model=model,
            defaults=self.defaults,
        )

    def _said(self) -> dict[str, Any]:
        return {
            "task": self.context.prompt,
            "speakers": list(self.speakers),
            "utterances": list(self.utterances),
            "answers": [answer for answer in self.stated if answer is not None],
            "summary": self.summary,
        }

    def _add(self, index: int, completion: Completion) -> None:
        if ended_normally(completion.finish_reason) and completion.text.strip():
            self.speakers.append(f"Referee {index + 1} ({self.roles[index].replace('_', ' ')})")
            self.utterances.append(completion.text.strip())
            self.stated.append(self.context.parse(completion.text))

    def answers(self) -> list[list[str | None]]:
        """The parsed answers of each round; None for what was cut off or cannot be read."""
        return [
            [self.context.parse(c.text) if ended_normally(c.finish_reason) else None for c in said]
            for said in self.rounds
        ]

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values about the discussion."""
        answers = self.answers()
        return {
            "roles": {f"agent-{index + 1}": role for index, role in enumerate(self.roles)},
            "answers": answers,
            **({"sequential": True} if self.sequential else {}),
            "unreadable_answers": sum(answer is None for said in answers for answer in said),
        }


def _majority(panel: _Panel) -> Answer:
    answers = panel.answers()[-1]
    vote = plurality(answers)
    if vote.winner is None:
        return _unscored(panel, "a readable answer")
    chosen = panel.rounds[-1][answers.index(vote.winner)]
    metadata = {**panel.to_json(), "vote": vote.to_json()}
    return Answer(output=chosen.text, finish_reason=chosen.finish_reason, metadata=metadata)


def _mean(panel: _Panel) -> Answer:
    numbers = [number for answer in panel.answers()[-1] if (number := _number(answer)) is not None]
    if not numbers:
        return _unscored(panel, "a number")
    mean = statistics.fmean(numbers)
    spread = statistics.stdev(numbers) if len(numbers) > 1 else None
    metadata = {**panel.to_json(), "mean": mean, "deviation": spread, "numbers": len(numbers)}
    return Answer(output=f"{mean:.10g}", metadata=metadata)


def _number(answer: str | None) -> float | None:
    try:
        number = float(answer) if answer is not None else None
    except ValueError:
        return None
    return number if number is not None and abs(number) < float("inf") else None


def _unscored(panel: _Panel, asked: str) -> Answer:
    first = panel.rounds[-1][0]
    return Answer(
        output="",
        outcome="unscored",
        error=(
            f"chateval asked {len(panel.roles)} referees for {asked}, but no reply of the last round has one, as in "
            f"{first.text[-200:]!r} (finish reason {first.finish_reason}); raise max_tokens if replies were cut off, "
            "or say in the task how an answer is written"
        ),
        metadata=panel.to_json(),
    )
