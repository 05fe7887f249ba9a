"""The judge alone chooses between two answers: the baseline of `persuasive_debate` and `consultancy`.

Khan et al. 2024, "Debating with More Persuasive LLMs Leads to More Truthful Answers",
arXiv:2402.06782, section 3: the naive baseline is the judge that reads question and answers, and
nobody's arguments. Differences: the judge reads the whole task, unless `judge_reads="question"`
hides the passage as in the paper. No agent knows which answer is correct: the task's
scorers find it out afterwards. The judge decides in both orders. If its verdicts differ, the sample is
unscored; the paper counts the mean of both orders, which `inconsistent="first"` has as its expected value.
"""

from __future__ import annotations

from typing import Annotated

from ...parameters import Range, checked_together
from ...protocols import Context
from ...types import Answer
from .judging.answers import check_answers
from .judging.verdicts import Inconsistent, JudgeReads, ask_judge, find_judged, judged_answer


@checked_together(check_answers)
async def naive_judge(
    context: Context,
    *,
    answers: str = "",
    n_samples: Annotated[int, Range(2, 1000)] = 5,
    swap: bool = True,
    inconsistent: Inconsistent = "unscored",
    judge_reads: JudgeReads = "task",
) -> Answer:
    """Returns the one of two answers that the judge chooses without any debate.

    `answers` names the two (`FIRST+SECOND`). Without it they are the sample's metadata `debate_answers`, its two
    choices, or the two most frequent answers of `n_samples` samples of the candidate. If all samples agree, their
    answer is returned. The order of the two is random by the run's seed; with `swap` the judge decides in both
    orders. If its verdicts differ, the outcome is `unscored`; with `inconsistent=first` the first order decides.
    `judge_reads` is the whole task, or only the sample's metadata `question`. If no verdict can be read, the
    outcome is `unscored`.

    Metadata: `pair` (the two answers), their `source`, `votes` of the samples, `winner`, `verdicts` (order and
    choice of each), `consistent` (whether both orders agree; null if unknown) and `unreadable_verdicts`.
    """
    judged = await find_judged(context, "naive_judge", answers, n_samples, judge_reads)
    if isinstance(judged, Answer):
        return judged
    text, pair = judged
    verdicts = await ask_judge(context, pair, text, [], round=1, swap=swap)
    return judged_answer("naive_judge", pair, verdicts, {}, inconsistent)
