"""Which rules reproduce the verdicts that came with recorded debates.

If the right answer is known, a rule agrees with a verdict or not. If it is not known, a verdict
still narrows it: under a rule that picks an answer, a verdict of right says that this answer is
right, one of wrong that another is. Verdicts on the same question (its epochs) must leave at
least one possible answer; under a wrong rule they may leave none: it is contradicted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .. import traps
from ..turns import Debate

_ANYTHING_ELSE = object()
"""An answer that nobody gave; there is one unless the question has as many answers as choices."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleOnVerdicts:
    """One rule against the recorded verdicts."""

    rule: str
    agrees: int  # debates whose right answer is known, and for which the rule gives the verdict
    disagrees: int
    undecided: int  # a tie, a chance, or unknown
    questions: int  # whose right answer is not known: the verdicts leave an answer under this rule
    contradicted: int  # whose right answer is not known, and no answer is possible under this rule
    examples: tuple[str, ...]  # ids of up to five questions that disagree or are contradicted

    @property
    def reproduces_all(self) -> bool:
        """Whether every verdict with a known right answer agrees, and none is contradicted."""
        return self.agrees > 0 and not (self.disagrees or self.undecided or self.contradicted)

    @property
    def contradicts_none(self) -> bool:
        """Whether no verdict is contradicted, and at least one agrees or is possible: a tie may be either."""
        return bool(self.agrees or self.questions) and not (self.disagrees or self.contradicted)


def check_verdicts(debates: Sequence[Debate]) -> list[RuleOnVerdicts]:
    """Returns every rule against the verdicts; empty if no debate has one."""
    given = [debate for debate in debates if debate.verdict is not None]
    return [_check(rule, given) for rule in traps.RULES] if given else []


def _check(rule: str, debates: Sequence[Debate]) -> RuleOnVerdicts:
    scored = [debate for debate in debates if has_gold(debate)]
    values = [(debate, traps.RULES[rule](debate)) for debate in scored]
    agrees = [debate for debate, value in values if value == float(debate.verdict is True)]
    disagrees = [debate for debate, value in values if value == float(debate.verdict is not True)]
    unscored: dict[str, list[Debate]] = {}
    for debate in debates:
        if not has_gold(debate):
            unscored.setdefault(debate.sample_id, []).append(debate)
    contradicted = [name for name, epochs in unscored.items() if not possible_answers(rule, epochs)]
    names = dict.fromkeys([*(debate.sample_id for debate in disagrees), *contradicted])
    return RuleOnVerdicts(
        rule=rule,
        agrees=len(agrees),
        disagrees=len(disagrees),
        undecided=len(scored) - len(agrees) - len(disagrees),
        questions=len(unscored) - len(contradicted),
        contradicted=len(contradicted),
        examples=tuple(names)[:5],
    )


def has_gold(debate: Debate) -> bool:
    """Returns whether it is known of any answer if it is right."""
    return any(turn.right is not None for turns in debate.rounds for turn in turns)


def possible_answers(rule: str, epochs: Sequence[Debate]) -> set[object]:
    """Returns the answers that can be the right one of a question, given the verdicts of its debates under a rule.

    One of them may represent every answer that no agent gave.
    """
    spoken = {t.answer for debate in epochs for turns in debate.rounds for t in turns if t.answer is not None}
    n_choices = epochs[0].n_choices
    possible: set[object] = set(spoken) | (set() if n_choices and len(spoken) >= n_choices else {_ANYTHING_ELSE})
    for debate in epochs:
        possible = {answer for answer in possible if _fits(rule, debate, answer)}
    return possible


def _fits(rule: str, debate: Debate, right: object) -> bool:
    """Whether the rule can give the debate's verdict if `right` is the right answer."""
    answers = [turn.answer for turn in traps.final_turns(debate)]
    if rule == "any agent right":
        return debate.verdict == (right in answers)
    if rule == "all agents right":
        return debate.verdict == all(answer == right for answer in answers)
    if rule == "unreadable is a random choice":
        return True if None in answers else _fits(traps.HONEST, debate, right)
    if rule == traps.LEFT_OUT:
        return not any(answers) or _fits(traps.HONEST, debate, right)
    winners = traps.winner(rule, debate)
    if rule == "unreadable votes, right if it wins" and winners == [None]:
        return debate.verdict is True
    if not winners:
        return debate.verdict is False
    return any(debate.verdict == (winner == right) for winner in winners)
