"""The rounds of `dylan`: who is asked, who reads what, and who stays."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ....completions.finish_reasons import ended_normally
from ....concurrency import gather_or_cancel
from ....identifiers import derive_seed
from ....protocols import Context
from ....types import IGNORED_SPANS, Completion, GenerationConfig, Models
from ...messages import request
from ...model_mix import nth_model
from ..roles import describe
from .replies import consensus, needed_votes, read_ranking, read_ratings


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What one agent said in one round."""

    completion: Completion
    text: str  # without the ratings
    span: tuple[int, int]  # characters of the ratings in the completion
    answer: str | None
    ratings: dict[int, int] | None  # rated agent → 1 to 5


@dataclass(kw_only=True, slots=True)
class Network:
    """The rounds so far."""

    context: Context
    roles: tuple[str, ...]
    models: Models
    ranker: str
    defaults: GenerationConfig
    rounds: list[dict[int, Reply]] = field(default_factory=list)  # agent → reply, in the order of the requests
    rankings: list[dict[str, Any]] = field(default_factory=list)
    agreed: bool = False

    async def play_round(self, number: int, active: Sequence[int]) -> bool:
        """Asks the active agents in random order until enough agree; returns whether they do."""
        waiting = self._shuffled(active, f"order {number}")
        readable = self.readable()
        replies: dict[int, Reply] = {}
        self.rounds.append(replies)
        while waiting and not self.agreed:
            counts = Counter(reply.answer for reply in replies.values() if reply.answer is not None)
            missing = max(1, needed_votes(len(active)) - max(counts.values(), default=0))
            asked, waiting = waiting[:missing], waiting[missing:]
            said = await gather_or_cancel(self._speak(number, agent, readable) for agent in asked)
            replies.update(zip(asked, said, strict=True))
            self.agreed = consensus([reply.answer for reply in replies.values()], len(active)) is not None
        return self.agreed

    async def rank(self, number: int, active: Sequence[int], top_k: int) -> list[int]:
        """The agents that stay: the best of the last round; all of them if the ranking cannot be read."""
        shown = self._shuffled(list(self.readable()), f"ranking {number}")
        if len(shown) <= top_k:
            return self._keep(number, shown, active, None)
        prompt = self.context.render(
            "dylan/rank",
            model=self.ranker,
            task=self.context.prompt,
            solutions=[self.rounds[-1][agent].text for agent in shown],
            n_best=top_k,
        )
        reply = await self.context.ask(
            request(self.context, prompt),
            role="ranker",
            round=number,
            model=self.ranker,
            defaults=GenerationConfig(temperature=0.0),
        )
        best = read_ranking(reply.text, len(shown), top_k) if ended_normally(reply.finish_reason) else None
        kept = sorted(shown[place - 1] for place in best) if best else active
        return self._keep(number, shown, kept, best is not None)

    def _keep(self, number: int, shown: Sequence[int], kept: Sequence[int], readable: bool | None) -> list[int]:
        values = {"ranked": agent_names(shown), "kept": agent_names(kept), "readable": readable}
        self.rankings.append({"round": number, **values})
        return list(kept)

    def readable(self) -> dict[int, str]:
        """Agent → what it said in the last round, for those that were not cut off."""
        last = self.rounds[-1] if self.rounds else {}
        return {
            agent: reply.text
            for agent, reply in sorted(last.items())
            if ended_normally(reply.completion.finish_reason) and reply.text
        }

    async def _speak(self, number: int, agent: int, readable: Mapping[int, str]) -> Reply:
        model = nth_model(self.models, agent)
        values = {
            "task": self.context.prompt,
            "description": describe(self.context, "dylan", self.roles[agent], model),
        }
        shown = self._shuffled(list(readable), f"shown {number} {agent}")
        if shown:
            prompt = self.context.render(
                "dylan/reconsider",
                model=model,
                solutions=[readable[other] for other in shown],
                answers=[reply.answer for other in shown if (reply := self.rounds[number - 1][other]).answer],
                n_solutions=len(shown),
                **values,
            )
        else:
            prompt = self.context.render("dylan/answer", model=model, **values)
        completion = await self.context.ask(
            request(self.context, prompt),
            role=f"agent-{agent + 1}",
            round=number,
            model=model,
            defaults=self.defaults,
        )
        return self._read(completion, shown)

    def _read(self, completion: Completion, shown: Sequence[int]) -> Reply:
        ratings, (start, end) = read_ratings(completion.text, len(shown)) if shown else (None, (0, 0))
        text = (completion.text[:start] + completion.text[end:]).strip()
        complete = ended_normally(completion.finish_reason)
        return Reply(
            completion=completion,
            text=text,
            span=(start, end),
            answer=self.context.parse(text) if complete else None,
            ratings=dict(zip(shown, ratings, strict=True)) if ratings and complete else None,
        )

    def _shuffled(self, agents: Sequence[int], part: str) -> list[int]:
        shuffled = sorted(agents)
        random.Random(derive_seed(self.context.seed, part)).shuffle(shuffled)
        return shuffled

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values about the rounds."""
        agents = range(len(self.roles))
        later = [reply for replies in self.rounds[1:] for reply in replies.values()]
        said = [reply for replies in self.rounds for reply in replies.values()]
        return {
            "roles": dict(zip(agent_names(agents), self.roles, strict=True)),
            "answers": [[r[agent].answer if agent in r else None for agent in agents] for r in self.rounds],
            "asked": [agent_names(replies) for replies in self.rounds],
            "stopped": "consensus" if self.agreed else "max_rounds",
            "rankings": self.rankings,
            "ratings": [_ratings(replies) for replies in self.rounds[1:]],
            "unreadable_answers": sum(reply.answer is None for reply in said),
            "unreadable_ratings": sum(reply.ratings is None for reply in later),
            "unreadable_rankings": sum(ranking["readable"] is False for ranking in self.rankings),
            IGNORED_SPANS: {agent_name(agent): self._spans(agent) for agent in agents},
        }

    def _spans(self, agent: int) -> dict[str, list[int]]:
        return {str(number): list(r[agent].span) for number, r in enumerate(self.rounds) if agent in r}


def agent_name(agent: int) -> str:
    """Returns the role of an agent's calls; agents count from 0, their names from 1."""
    return f"agent-{agent + 1}"


def agent_names(agents: Iterable[int]) -> list[str]:
    """Returns the roles of agents, in order."""
    return [agent_name(agent) for agent in agents]


def _ratings(replies: Mapping[int, Reply]) -> dict[str, dict[str, int] | None]:
    return {agent_name(agent): _by_name(reply.ratings) for agent, reply in replies.items()}


def _by_name(ratings: Mapping[int, int] | None) -> dict[str, int] | None:
    if ratings is None:
        return None
    return {agent_name(agent): rating for agent, rating in sorted(ratings.items())}
