"""The calls of a tree of thoughts: next steps, ratings and votes of states, and the answer to the best one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import fsum
from typing import Any

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...protocols import Context
from ...types import Completion, GenerationConfig
from ..messages import request
from .thoughts import State, distinct, read_choice, read_thoughts, read_value


@dataclass(kw_only=True, slots=True)
class ThoughtCalls:
    """Makes the calls of one search and counts what could not be used."""

    context: Context
    defaults: GenerationConfig
    n_generate: int
    n_evaluate: int
    counts: Counter[str] = field(default_factory=Counter)  # duplicates, unreadable_steps, unreadable_ratings
    last: Completion | None = None  # of the last calls for steps or ratings: shown if nothing is readable

    async def propose(self, states: Sequence[State], step: int) -> list[State]:
        """Returns the new states: one call per state writes up to `n_generate` next steps."""
        replies = await gather_or_cancel(
            self._ask("propose", f"proposer-{i + 1}", step, steps=state, n_generate=self.n_generate)
            for i, state in enumerate(states)
        )
        return self._grown([(state, reply, self.n_generate) for state, reply in zip(states, replies, strict=True)])

    async def sample(self, states: Sequence[State], step: int) -> list[State]:
        """Returns the new states: `n_generate` calls per state write one next step each."""
        parents = [state for state in states for _ in range(self.n_generate)]
        replies = await gather_or_cancel(
            self._ask("sample", f"proposer-{i + 1}", step, steps=state) for i, state in enumerate(parents)
        )
        return self._grown([(state, reply, 1) for state, reply in zip(parents, replies, strict=True)])

    async def value(self, states: Sequence[State], step: int) -> list[float | None]:
        """Returns the mean rating of every state over its `n_evaluate` calls; None if none can be read."""
        rated = [state for state in states for _ in range(self.n_evaluate)]
        replies = await gather_or_cancel(
            self._ask("value", f"evaluator-{i // self.n_evaluate + 1}", step, steps=state)
            for i, state in enumerate(rated)
        )
        read = [read_value(reply.text) if ended_normally(reply.finish_reason) else None for reply in replies]
        self._count(replies, read.count(None))
        return [_mean(read[i : i + self.n_evaluate]) for i in range(0, len(read), self.n_evaluate)]

    async def vote(self, states: Sequence[State], step: int) -> list[float | None]:
        """Returns how many of `n_evaluate` calls chose each state; None for all if no choice can be read."""
        replies = await gather_or_cancel(
            self._ask("vote", f"evaluator-{i + 1}", step, states=states) for i in range(self.n_evaluate)
        )
        read = [
            read_choice(reply.text, len(states)) if ended_normally(reply.finish_reason) else None for reply in replies
        ]
        self._count(replies, read.count(None))
        votes = Counter(choice for choice in read if choice is not None)
        return [float(votes[i]) if votes else None for i in range(len(states))]

    async def answer(self, state: State, step: int) -> Completion:
        """Returns the answer that the steps of a state lead to."""
        return await self._ask("answer", "answer", step, steps=state)

    async def _ask(self, prompt: str, role: str, step: int, **variables: Any) -> Completion:
        text = self.context.render(f"tree_of_thoughts/{prompt}", task=self.context.prompt, **variables)
        return await self.context.ask(request(self.context, text), role=role, round=step, defaults=self.defaults)

    def _grown(self, replies: Sequence[tuple[State, Completion, int]]) -> list[State]:
        grown: list[State] = []
        for state, reply, limit in replies:
            complete = ended_normally(reply.finish_reason)
            thoughts = (
                read_thoughts(reply.text, limit, complete=complete)
                if limit > 1
                else [" ".join(reply.text.split())] * complete
            )
            self.counts["unreadable_steps"] += not any(thoughts)
            grown += [(*state, thought) for thought in thoughts if thought]
            self.last = reply
        states = distinct(grown)
        self.counts["duplicates"] += len(grown) - len(states)
        return states

    def _count(self, replies: Sequence[Completion], unreadable: int) -> None:
        self.counts["unreadable_ratings"] += unreadable
        self.last = replies[-1]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return fsum(known) / len(known) if known else None
