"""One consultant argues for an assigned answer, and a judge chooses between two.

Khan et al. 2024, "Debating with More Persuasive LLMs Leads to More Truthful Answers",
arXiv:2402.06782, section 3: the consultant is as often assigned the wrong answer as the correct one, and the
judge does not know which. It is the baseline that has arguments, but nobody who contradicts
them. Differences: the assigned one of two answers is random by the run's seed, since no agent
knows which is correct. `interactive` lets the judge ask after each round.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import zip_longest
from typing import Annotated, Any, Literal

from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer, GenerationConfig, Models
from ..messages import request
from ..model_mix import ONE_MODEL, nth_model
from .judging.answers import AnswerPair, check_answers, first_of
from .judging.arguments import Argument, Arguments
from .judging.verdicts import (
    Inconsistent,
    JudgeReads,
    Verdict,
    ask_judge,
    find_judged,
    judged_answer,
)


@checked_together(check_answers)
async def consultancy(
    context: Context,
    *,
    n_rounds: Annotated[int, Range(1, 100)] = 3,
    interactive: bool = False,
    assigned: Literal["random", "first", "second"] = "random",
    word_limit: Annotated[int, Range(1, 100_000)] = 100,
    quotes: bool = False,
    temperature: Annotated[float, Range(0)] = 0.4,
    consultant: Annotated[Models, ONE_MODEL] = "",
    answers: str = "",
    n_samples: Annotated[int, Range(2, 1000)] = 5,
    swap: bool = True,
    inconsistent: Inconsistent = "unscored",
    judge_reads: JudgeReads = "task",
) -> Answer:
    """Returns the one of two answers that the judge chooses after one consultant argued for an assigned one.

    `answers`, `n_samples`, `swap`, `inconsistent` and `judge_reads` are those of `naive_judge`. The consultant
    argues in `n_rounds` turns; with `interactive` the judge asks a question after each turn but the last.
    `assigned` is the answer to argue for: random by the run's seed, or the first or second of the metadata `pair`.
    `quotes` and `word_limit` are those of `persuasive_debate`. `consultant` names its model instead of the
    candidate.

    Metadata: that of `naive_judge`, and `assigned` (the answer), `followed` (whether the judge chose that answer;
    null if unknown), `words` and verified and unverified quotes of each turn, `over_limit` (arguments above
    `word_limit`) and `truncated_arguments`.
    """
    judged = await find_judged(context, "consultancy", answers, n_samples, judge_reads)
    if isinstance(judged, Answer):
        return judged
    text, pair = judged
    consultation = _Consultation(
        context=context,
        pair=pair,
        judged=text,
        side=first_of(context, "assigned", 2) if assigned == "random" else int(assigned == "second"),
        arguments=Arguments(passage=context.prompt, quotes=quotes),
        word_limit=word_limit,
        model=nth_model(consultant, 0),
        defaults=GenerationConfig(temperature=temperature),
    )
    for number in range(n_rounds):
        await consultation.argue(number)
        if interactive and number + 1 < n_rounds:
            await consultation.ask(number)
    verdicts = await ask_judge(context, pair, text, consultation.said(), round=n_rounds, swap=swap)
    return judged_answer("consultancy", pair, verdicts, consultation.to_json(verdicts), inconsistent)


@dataclass(kw_only=True, slots=True)
class _Consultation:
    """What the consultant said so far, and what the judge asked."""

    context: Context
    pair: AnswerPair
    judged: str  # what the judge reads of the sample
    side: int  # index of the assigned answer in the pair
    arguments: Arguments
    word_limit: int
    model: str
    defaults: GenerationConfig
    questions: list[str] = field(default_factory=list)  # one after each argument, as far as the judge asks

    async def argue(self, number: int) -> None:
        """Adds the consultant's next argument."""
        prompt = self.context.render(
            "consultancy/argue",
            model=self.model,
            task=self.context.prompt,
            own_answer=self.pair.candidates[self.side].shown,
            other_answer=self.pair.candidates[1 - self.side].shown,
            arguments=self.arguments.texts,
            questions=self.questions,
            word_limit=self.word_limit,
            quote=self.arguments.quotes,
        )
        reply = await self.context.ask(
            request(self.context, prompt), role="consultant", round=number, model=self.model, defaults=self.defaults
        )
        self.arguments.add(self.side, reply)

    async def ask(self, number: int) -> None:
        """Adds the judge's next question."""
        prompt = self.context.render(
            "consultancy/ask",
            judge=True,
            task=self.judged,
            answers=[candidate.shown for candidate in self.pair.candidates],
            arguments=self.arguments.texts,
            questions=self.questions,
        )
        defaults = GenerationConfig(temperature=0.0)
        reply = await self.context.ask(
            request(self.context, prompt), role="judge", round=number, judge=True, defaults=defaults
        )
        self.questions.append(reply.text.strip() or "(no question)")

    def said(self) -> list[Argument]:
        """The arguments as the judge reads them at the end: each after the question that it answers."""
        asked = [None, *self.questions]
        return [
            argument if question is None else replace(argument, text=f"(Question: {question})\n{argument.text}")
            for argument, question in zip_longest(self.arguments.said, asked[: len(self.arguments.said)])
        ]

    def to_json(self, verdicts: Sequence[Verdict]) -> dict[str, Any]:
        """Returns plain JSON values about the consultation."""
        read = [verdict.winner for verdict in verdicts if verdict.winner is not None]
        return {
            "assigned": self.pair.answers[self.side],
            "followed": read[0] == self.side if len(set(read)) == 1 else None,
            **self.arguments.to_json(self.side),
            "over_limit": self.arguments.over(self.word_limit),
            "truncated_arguments": self.arguments.truncated,
        }
