"""What each agent is asked after it has seen others' answers: a new request, or the next turn of its chat."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...protocols import Context
from ...types import Completion, GenerationConfig, Message, Models
from ..messages import continued, request
from ..model_mix import nth_model
from .agents import Share, shown_texts

NO_TEXT = "(no text)"
"""Replaces an empty completion in a chat: many servers refuse an empty message."""


@dataclass(kw_only=True, slots=True)
class Exchange:
    """The rules by which the agents of a debate read each other."""

    context: Context
    reads: list[list[int]]  # by agent: the indices of the agents that it reads
    agents: Models
    share: Share
    history: bool = False
    summarize: bool = False
    agreement: int | None = None
    unusable_summaries: int = field(default=0, init=False)  # empty or truncated ones, which nobody read

    async def prompts(
        self,
        before: Sequence[Sequence[Message]],
        answers: Sequence[str | None],
        completions: Sequence[Completion],
        number: int,
    ) -> list[tuple[Message, ...]]:
        """Returns the messages of each agent for round `number`; `before` are those of its last request."""
        texts = shown_texts(answers, completions, self.share)
        seen = [[texts[other] for other in read] for read in self.reads]
        if self.summarize:
            seen = await gather_or_cancel(
                self._condensed(index, seen[index], completions, number) for index in range(len(seen))
            )
        return [
            self._prompt(index, before[index], completions[index].text, others) for index, others in enumerate(seen)
        ]

    def _prompt(self, index: int, before: Sequence[Message], own: str, others: Sequence[str]) -> tuple[Message, ...]:
        name = "debate/continue" if self.history else "debate/reconsider"
        text = self._render(name, index, task=self.context.prompt, answers=others)
        if self.agreement is not None:
            text += "\n" + self._render("debate/agreement", index, agreement=self.agreement)
        return continued(before, own.strip() or NO_TEXT, text) if self.history else request(self.context, text)

    async def _condensed(
        self, index: int, seen: Sequence[str], completions: Sequence[Completion], number: int
    ) -> list[str]:
        """A summary of what an agent reads; what it would read without one if it is empty or truncated."""
        texts = [completions[other].text.strip() for other in self.reads[index]]
        if len(texts) < 2:
            return list(seen)
        summary = await self.context.ask(
            request(self.context, self._render("debate/summarize", index, task=self.context.prompt, answers=texts)),
            role=f"summarizer-{index + 1}",
            round=number,
            model=nth_model(self.agents, index),
            defaults=GenerationConfig(temperature=0.0),
        )
        if ended_normally(summary.finish_reason) and summary.text.strip():
            return [summary.text.strip()]
        self.unusable_summaries += 1
        return list(seen)

    def _render(self, name: str, index: int, **values: Any) -> str:
        return self.context.render(name, model=nth_model(self.agents, index), **values)
