"""MAD: an affirmative and a negative side debate until a moderator, or at last a judge, decides.

Liang et al. 2023, "Encouraging Divergent Thinking in Large Language Models through Multi-Agent Debate",
arXiv:2305.19118. The affirmative side answers the task. The negative side reads this answer and is asked to
disagree. A moderator then reads the debate and ends it with an answer, or lets it go on. After the last
round a judge first lists the answers that were given, and then chooses one.

Differences from the reference code, and why:

- The judge reads all rounds. The reference shows it the first answers only, so that what the debate
  changed is lost.
- The affirmative side gives the base answer itself, which saves a call that would repeat it.
- The moderator's reply is read as text and never evaluated as code. If it cannot be read, the debate goes on.
- The three role descriptions are in the requests, not in system messages, which remain those of the task.
- `agreement` is the modulation of Smit et al. 2023, arXiv:2311.17371; the paper has four fixed levels.
"""

from __future__ import annotations

from typing import Annotated, Any

from ...completions.finish_reasons import ended_normally
from ...parameters import Range
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Message, Models
from ..messages import continued, request
from ..model_mix import nth_model
from .agents import parsed_answers
from .decisions import Decision, decided_output, read_decision
from .exchange import NO_TEXT

SIDES = ("affirmative", "negative")


async def mad(
    context: Context,
    *,
    max_rounds: Annotated[int, Range(1, 1000)] = 3,
    temperature: Annotated[float, Range(0)] = 0.0,
    agreement: Annotated[int | None, Range(0, 10)] = None,
    agents: Models = "",
) -> Answer:
    """Returns what a moderator decides while two opposed debaters discuss, or a judge if the moderator does not.

    The moderator may end the debate after each of at most `max_rounds` rounds. Moderator and judge are the
    run's judge. `agents` names the models of the affirmative and the negative side; empty is the candidate.
    `agreement` says in the debaters' prompts how readily they agree with the other side, from 0 to 10. The
    output is the last text of a debater with the decided answer, else the answer as it was decided. If the judge's
    reply has no answer, the outcome is `unscored`.

    Metadata: `answers` of both sides by round, `decisions` of the moderator, `unreadable_decisions` (how many of
    them could not be read) and `decided_by` (`moderator` or `judge`).
    """
    sides = _Sides(context, agents, GenerationConfig(temperature=temperature), agreement)
    decisions: list[Decision] = []
    while len(decisions) < max_rounds:
        await sides.debate()
        decision, output = await _moderate(context, sides)
        decisions.append(decision)
        if output is not None:
            return Answer(output=output, metadata=_metadata(sides, decisions, "moderator"))
    return await _judge(context, sides, decisions)


class _Sides:
    """The chats of both sides, and what each said in each round."""

    def __init__(self, context: Context, models: Models, defaults: GenerationConfig, agreement: int | None) -> None:
        self.context, self.models, self.defaults, self.agreement = context, models, defaults, agreement
        self.chats: dict[int, tuple[Message, ...]] = {}  # by side: the messages of its last request
        self.rounds: list[list[Completion]] = []

    async def debate(self) -> None:
        """One round: the affirmative side speaks, the negative side replies."""
        self.rounds.append([])
        if len(self.rounds) == 1:
            await self._speak(0, self.context.messages)
            answer = self.rounds[0][0].text.strip() or NO_TEXT
            await self._speak(1, request(self.context, self._text("mad/oppose", 1, answer)))
            return
        for side in (0, 1):
            own = self.rounds[-2][side].text.strip() or NO_TEXT
            other = (self.rounds[-2][1] if side == 0 else self.rounds[-1][0]).text.strip() or NO_TEXT
            await self._speak(side, continued(self.chats[side], own, self._text("mad/rebut", side, other)))

    @property
    def completions(self) -> list[Completion]:
        """What was said, in order."""
        return [completion for spoken in self.rounds for completion in spoken]

    def texts(self) -> dict[str, Any]:
        """What each side said in each round, as the variables of prompts."""
        texts = [[completion.text.strip() or NO_TEXT for completion in spoken] for spoken in self.rounds]
        return {"affirmatives": [spoken[0] for spoken in texts], "negatives": [spoken[1] for spoken in texts]}

    async def _speak(self, side: int, messages: tuple[Message, ...]) -> None:
        self.chats[side] = messages
        completion = await self.context.ask(
            messages,
            role=SIDES[side],
            round=len(self.rounds) - 1,
            model=nth_model(self.models, side),
            defaults=self.defaults,
        )
        self.rounds[-1].append(completion)

    def _text(self, prompt: str, side: int, answer: str) -> str:
        model = nth_model(self.models, side)
        text = self.context.render(prompt, model=model, task=self.context.prompt, answer=answer)
        if self.agreement is None:
            return text
        return text + "\n" + self.context.render("debate/agreement", model=model, agreement=self.agreement)


async def _moderate(context: Context, sides: _Sides) -> tuple[Decision, str | None]:
    """The moderator's decision and the output that it means; an answer that the scorer cannot read does not count."""
    text = context.render("mad/moderate", judge=True, task=context.prompt, **sides.texts())
    reply = await context.ask(
        request(context, text),
        role="moderator",
        round=len(sides.rounds) - 1,
        judge=True,
        defaults=GenerationConfig(temperature=0.0),
    )
    decision = read_decision(reply)
    if decision.answer is None:
        return decision, None
    output = decided_output(context, decision, sides.completions)
    return (decision if output is not None else Decision(readable=False, side=decision.side)), output


async def _judge(context: Context, sides: _Sides, decisions: list[Decision]) -> Answer:
    number, defaults = len(sides.rounds), GenerationConfig(temperature=0.0)
    text = context.render("mad/candidates", judge=True, task=context.prompt, **sides.texts())
    messages = request(context, text)
    listed = await context.ask(messages, role="judge", round=number, judge=True, defaults=defaults)
    text = context.render("mad/choose", judge=True, task=context.prompt)
    messages = continued(messages, listed.text.strip() or NO_TEXT, text)
    reply = await context.ask(messages, role="judge", round=number + 1, judge=True, defaults=defaults)
    metadata = _metadata(sides, decisions, "judge") | {"candidates": listed.text}
    output = _verdict(context, sides, reply)
    if output is not None or not ended_normally(reply.finish_reason):
        return Answer(output=output or reply.text, finish_reason=reply.finish_reason, metadata=metadata)
    return Answer(
        output=reply.text,
        finish_reason=reply.finish_reason,
        outcome="unscored",
        error=(
            f"mad asked the judge for the right answer after {number} round{'s' * (number > 1)}, but its reply has "
            f"none: {reply.text[:200]!r}; name another judge, or raise max_rounds"
        ),
        metadata=metadata,
    )


def _verdict(context: Context, sides: _Sides, reply: Completion) -> str | None:
    """The output that the judge's reply means: its line `Answer:`, else the whole reply if the scorer can read it."""
    decision = read_decision(reply)
    if decision.answer is not None:
        return decided_output(context, decision, sides.completions)
    return reply.text if not decision.readable and context.parse(reply.text) is not None else None


def _metadata(sides: _Sides, decisions: list[Decision], decided_by: str) -> dict[str, Any]:
    return {
        "agents": list(SIDES),
        "sequential": True,
        "answers": [parsed_answers(sides.context, spoken) for spoken in sides.rounds],
        "decisions": [decision.to_json() for decision in decisions],
        "unreadable_decisions": sum(not decision.readable for decision in decisions),
        "decided_by": decided_by,
    }
