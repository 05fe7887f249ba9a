"""Two debaters argue for assigned answers, and a judge chooses one.

Khan et al. 2024, "Debating with More Persuasive LLMs Leads to More Truthful Answers",
arXiv:2402.06782: one debater argues for the correct answer, one for a wrong one, in three rounds
in which both speak at the same time or one after the other; quotations are checked against the
passage; a judge that cannot see the passage decides, in both orders of the answers. Differences:
no agent knows the correct answer; the debated answers are named, or the candidate's own, and the task's scorers
find out afterwards which debater was right. The judge reads the whole task unless
`judge_reads="question"`. The best of n arguments is selected by the judge in one call, not by a
preference model. A long argument is counted, not sampled again. Debaters do not know the numbers of the
answers, so that the same debate is judged in both orders; the reference code debates twice.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from ...completions.finish_reasons import ended_normally
from ...concurrency import gather_or_cancel
from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, Completion, GenerationConfig, Models
from ..alternatives import last_choice
from ..messages import request
from ..model_mix import nth_model
from .judging.answers import AnswerPair, check_answers
from .judging.arguments import Arguments
from .judging.verdicts import Inconsistent, JudgeReads, ask_judge, find_judged, judged_answer

_BEST = re.compile(r"\bbest\b[\s*_:=(\[]{0,8}(?:is\b)?[\s*_:=(\[]{0,8}(?:argument\s{0,4})?(\d{1,6})", re.IGNORECASE)
_NUMBER = re.compile(r"[\W_]*+(?:argument)?[\W_]*+(\d{1,6})[\W_]*+", re.IGNORECASE)


@checked_together(check_answers)
async def persuasive_debate(
    context: Context,
    *,
    n_rounds: Annotated[int, Range(1, 100)] = 3,
    order: Literal["simultaneous", "sequential"] = "simultaneous",
    word_limit: Annotated[int, Range(1, 100_000)] = 100,
    quotes: bool = False,
    best_of_n: Annotated[int, Range(1, 100)] = 1,
    temperature: Annotated[float, Range(0)] = 0.4,
    debaters: Models = "",
    answers: str = "",
    n_samples: Annotated[int, Range(2, 1000)] = 5,
    swap: bool = True,
    inconsistent: Inconsistent = "unscored",
    judge_reads: JudgeReads = "task",
) -> Answer:
    """Returns the one of two answers that the judge chooses after two debaters argued for them.

    `answers`, `n_samples`, `swap`, `inconsistent` and `judge_reads` are those of `naive_judge`. With
    `order=simultaneous` both debaters read the earlier rounds only; with `sequential` the second also reads the
    first. `word_limit` is stated in the prompt; longer arguments are counted. `quotes` asks for quotations and marks
    each as found in the task's text or not. For each turn `best_of_n` arguments are sampled, and the judge selects
    the most persuasive; an unreadable selection keeps the first. An argument that was cut off is read as far as it
    goes. `debaters` names one or two models instead of the candidate. Debaters have no scores by round (they are not
    `agent-*`), because an assigned answer is not what they believe.

    Metadata: that of `naive_judge`, and `debaters` (assigned answer; words and verified and unverified quotes of
    each round), `over_limit` (arguments above `word_limit`), `truncated_arguments` and `unreadable_selections`.
    """
    judged = await find_judged(context, "persuasive_debate", answers, n_samples, judge_reads)
    if isinstance(judged, Answer):
        return judged
    text, pair = judged
    debate = _Debate(
        context=context,
        pair=pair,
        arguments=Arguments(passage=context.prompt, quotes=quotes),
        word_limit=word_limit,
        best_of_n=best_of_n,
        debaters=debaters,
        defaults=GenerationConfig(temperature=temperature),
    )
    for number in range(n_rounds):
        await debate.play_round(number, order)
    verdicts = await ask_judge(context, pair, text, debate.arguments.said, round=n_rounds, swap=swap)
    return judged_answer("persuasive_debate", pair, verdicts, debate.to_json(), inconsistent)


@dataclass(kw_only=True, slots=True)
class _Debate:
    """The arguments of one debate so far."""

    context: Context
    pair: AnswerPair
    arguments: Arguments
    word_limit: int
    best_of_n: int
    debaters: Models
    defaults: GenerationConfig
    unreadable_selections: int = 0

    async def play_round(self, number: int, order: str) -> None:
        """Adds both debaters' arguments of one round."""
        if order == "simultaneous":
            said = await gather_or_cancel(self._turn(number, side) for side in (0, 1))
            for side, completion in enumerate(said):
                self.arguments.add(side, completion)
            return
        for side in (0, 1):
            self.arguments.add(side, await self._turn(number, side))

    async def _turn(self, number: int, side: int) -> Completion:
        model = nth_model(self.debaters, side)
        prompt = self.context.render(
            "persuasive_debate/argue",
            model=model,
            task=self.context.prompt,
            own_answer=self.pair.candidates[side].shown,
            other_answer=self.pair.candidates[1 - side].shown,
            arguments=self.arguments.texts,
            speakers=["You" if argument.side == side else "Your opponent" for argument in self.arguments.said],
            word_limit=self.word_limit,
            quote=self.arguments.quotes,
        )
        drafts = await gather_or_cancel(
            self.context.ask(
                request(self.context, prompt),
                role=f"debater-{side + 1}",
                round=number,
                model=model,
                defaults=self.defaults,
            )
            for _ in range(self.best_of_n)
        )
        return drafts[0] if len(drafts) == 1 else drafts[await self._select(number, side, drafts)]

    async def _select(self, number: int, side: int, drafts: Sequence[Completion]) -> int:
        """The index of the argument that the judge finds most persuasive; 0 if its reply cannot be read."""
        prompt = self.context.render(
            "persuasive_debate/select",
            judge=True,
            task=self.context.prompt,
            own_answer=self.pair.candidates[side].shown,
            arguments=[draft.text.strip() for draft in drafts],
        )
        reply = await self.context.ask(
            request(self.context, prompt),
            role=f"selector-{side + 1}",
            round=number,
            judge=True,
            defaults=GenerationConfig(temperature=0.0),
        )
        best = _read_best(reply.text) if ended_normally(reply.finish_reason) else None
        if best is None or not 1 <= best <= len(drafts):
            self.unreadable_selections += 1
            return 0
        return best - 1

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values about both debaters."""
        return {
            "debaters": {
                f"debater-{side + 1}": {"assigned": candidate.answer, **self.arguments.to_json(side)}
                for side, candidate in enumerate(self.pair.candidates)
            },
            "over_limit": self.arguments.over(self.word_limit),
            "truncated_arguments": self.arguments.truncated,
            "unreadable_selections": self.unreadable_selections,
        }


def _read_best(text: str) -> int | None:
    """The number that a selection names; None if it names none."""
    marked = last_choice(_BEST, text) or _NUMBER.fullmatch(text)
    return int(marked[1]) if marked else None
