"""Agents of different models answer with confidences, discuss until they agree, and vote by confidence.

Chen et al. 2023, "ReConcile: Round-Table Conference Improves Reasoning via Consensus among Diverse LLMs",
arXiv:2309.13007: every agent gives an answer, its reasons and a confidence. As long as they disagree, each reads
the answers, grouped, with reasons and confidences, and answers again. Then they vote, with weights from the
rescaled confidences. Differences: an unreadable reply has no vote (the reference code gives it a random answer),
and neither has an answer without a readable confidence. The prompt has no examples of convincing explanations,
which the paper takes from people. An agent reads its own last reply and all groups of the other agents; the
reference code shows the two largest groups.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...parameters import Range
from ...protocols import Context
from ...types import IGNORED_SPANS, Answer, Completion, GenerationConfig, Models
from ..messages import request
from ..model_mix import nth_model
from ..verbal_confidence import read_confidence
from ..voting import Vote, plurality
from .agents import agreed

_CONFIDENCE = re.compile(
    r"[ \t*_#>\-(\[{\"]{0,8}\b(?:my )?confidence(?:[ _](?:level|score))?\b[\s*_\"]{0,8}(?:[:=]|\bis\b)"
    r"[\s*_\"]{0,8}(?P<value>(?:\.?\d|[^\n}.;,])*)\.?\}?",
    re.IGNORECASE,
)


async def reconcile(
    context: Context,
    *,
    agents: Models = "",
    n_agents: Annotated[int, Range(2, 1000)] = 3,
    max_discussions: Annotated[int, Range(0, 1000)] = 2,
    temperature: Annotated[float, Range(0)] = 0.7,
) -> Answer:
    """Returns the answer with the most weight after agents of different models have discussed it.

    `agents` names models that are assigned to the agents in rotation, instead of the candidate. After the first
    answers there are up to `max_discussions` rounds of discussion, and none once all agents give the same answer.
    A vote weighs 1 for a confidence of 1, 0.8 from 0.9, 0.5 from 0.8, 0.3 above 0.6, and 0.1 below. Ties go to the
    answer seen first. If no agent has a readable answer and confidence in the last round, and they do not all
    agree, the outcome is `unscored`.

    Metadata: `answers` and `confidences` of each agent in each round (null: unreadable), `consensus` (whether all
    agree), `discussions` (their number), `weights` of the answers, `vote` of the last round, `tie`,
    `unreadable_answers` and `unreadable_confidences` (their numbers over all rounds).
    """
    defaults = GenerationConfig(temperature=temperature)
    names = [nth_model(agents, index) for index in range(n_agents)]
    prompts = [context.render("reconcile/answer", model=name, task=context.prompt) for name in names]
    rounds = [await _round(context, prompts, names, 0, defaults)]
    while len(rounds) <= max_discussions and not agreed([reply.answer for reply in rounds[-1]]):
        prompts = [_discussion(context, rounds[-1], index, names[index]) for index in range(n_agents)]
        rounds.append(await _round(context, prompts, names, len(rounds), defaults))
    return _result(rounds)


@dataclass(frozen=True, kw_only=True, slots=True)
class ConfidentReply:
    """An agent's reply, read."""

    completion: Completion
    text: str  # without the statement of the confidence
    span: tuple[int, int]  # characters of that statement in the completion
    answer: str | None  # None: unreadable
    confidence: float | None  # in [0, 1]; None: unreadable


def find_confidence(text: str) -> tuple[tuple[int, int], float | None]:
    """Returns the characters in which a reply states its confidence, and the confidence in [0, 1].

    It is None if it cannot be read. The last statement counts: `Confidence: 80`, `My confidence level is 80 %`,
    `"confidence_level": 0.8`.
    """
    matches = list(_CONFIDENCE.finditer(text))
    if not matches:
        return (len(text), len(text)), None
    return matches[-1].span(), read_confidence(matches[-1]["value"])


def recalibrated(confidence: float) -> float:
    """Returns the weight of a vote with this confidence: the paper's table (section 3.3)."""
    if confidence >= 1:
        return 1.0
    if confidence >= 0.9:
        return 0.8
    if confidence >= 0.8:
        return 0.5
    return 0.3 if confidence > 0.6 else 0.1


async def _round(
    context: Context, prompts: Sequence[str], names: Sequence[str], number: int, defaults: GenerationConfig
) -> list[ConfidentReply]:
    completions = await gather_or_cancel(
        context.ask(
            request(context, prompt), role=f"agent-{index + 1}", round=number, model=names[index], defaults=defaults
        )
        for index, prompt in enumerate(prompts)
    )
    return [_read(context, completion) for completion in completions]


def _read(context: Context, completion: Completion) -> ConfidentReply:
    (start, end), confidence = find_confidence(completion.text)
    text = (completion.text[:start] + completion.text[end:]).strip()
    complete = ended_normally(completion.finish_reason)
    return ConfidentReply(
        completion=completion,
        text=text,
        span=(start, end),
        answer=context.parse(text) if complete else None,
        confidence=confidence if complete else None,
    )


def _discussion(context: Context, replies: Sequence[ConfidentReply], index: int, model: str) -> str:
    """What an agent reads: its own reply, and the answers of the others in groups, unreadable ones left out."""
    others = [reply for number, reply in enumerate(replies) if number != index]
    votes = plurality([reply.answer for reply in others]).votes
    return context.render(
        "reconcile/discuss",
        model=model,
        task=context.prompt,
        own_answer=replies[index].completion.text.strip(),
        answers=list(votes),
        counts=list(votes.values()),
        reasons=[
            "\n".join(f"- {_with_confidence(reply)}" for reply in others if reply.answer == answer)
            for answer in votes
        ],
    )


def _with_confidence(reply: ConfidentReply) -> str:
    known = "" if reply.confidence is None else f" (confidence {reply.confidence * 100:g} of 100)"
    return f"{reply.text}{known}"


def _result(rounds: Sequence[Sequence[ConfidentReply]]) -> Answer:
    last = rounds[-1]
    weights = _weights(last)
    consensus = agreed([reply.answer for reply in last])
    winner = last[0].answer if consensus else max(weights, key=weights.__getitem__, default=None)
    metadata = _metadata(rounds, weights, plurality([reply.answer for reply in last]), consensus)
    if winner is None:
        return _unscored(last, metadata)
    chosen = next(reply for reply in last if reply.answer == winner and (consensus or reply.confidence is not None))
    return Answer(output=chosen.text, finish_reason=chosen.completion.finish_reason, metadata=metadata)


def _weights(replies: Sequence[ConfidentReply]) -> dict[str, float]:
    """Answer → weight, in the order in which the answers were seen."""
    weights: dict[str, float] = {}
    for reply in replies:
        if reply.answer is not None and reply.confidence is not None:
            weights[reply.answer] = round(weights.get(reply.answer, 0.0) + recalibrated(reply.confidence), 6)
    return weights


def _metadata(
    rounds: Sequence[Sequence[ConfidentReply]], weights: dict[str, float], vote: Vote, consensus: bool
) -> dict[str, Any]:
    replies = [reply for number in rounds for reply in number]
    read = [reply for reply in replies if reply.answer is not None]
    return {
        "answers": [[reply.answer for reply in number] for number in rounds],
        "confidences": [[reply.confidence for reply in number] for number in rounds],
        "consensus": consensus,
        "discussions": len(rounds) - 1,
        "weights": weights,
        "vote": vote.to_json(),
        "tie": not consensus and list(weights.values()).count(max(weights.values(), default=0.0)) > 1,
        "unreadable_answers": len(replies) - len(read),
        "unreadable_confidences": sum(reply.confidence is None for reply in read),
        IGNORED_SPANS: _spans(rounds),
    }


def _spans(rounds: Sequence[Sequence[ConfidentReply]]) -> dict[str, dict[str, list[int]]]:
    return {
        f"agent-{index + 1}": {str(number): list(replies[index].span) for number, replies in enumerate(rounds)}
        for index in range(len(rounds[0]))
    }


def _unscored(replies: Sequence[ConfidentReply], metadata: dict[str, Any]) -> Answer:
    first = next((reply for reply in replies if reply.answer is not None), replies[0])
    found = (
        "no reply of the last round has a readable answer"
        if first.answer is None
        else "no answer of the last round has a readable confidence, and they are not all equal"
    )
    return Answer(
        output="",
        outcome="unscored",
        error=(
            f"reconcile asked {len(replies)} agents for an answer and a last line `Confidence: 0 to 100`, but "
            f"{found}, as in {first.completion.text[-200:]!r}; use a model that follows this form, raise "
            "max_tokens if replies were cut off, or use debate with aggregation=majority, which needs no confidence"
        ),
        metadata=metadata,
    )
