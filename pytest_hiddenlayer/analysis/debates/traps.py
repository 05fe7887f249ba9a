"""The accuracy that known scoring mistakes would report, for the last round of each debate.

Each rule turns the answers of the last round into one score of a question:

majority              the most frequent readable answer; a tie is the chance of a random choice among those tied
any agent right       one right agent is enough: an oracle bound, reported as accuracy
all agents right      every agent must be right
unreadable votes, right if it wins
                      unreadable answers vote like an answer, and count as right if they win: the evaluation
                      script of Du et al. 2023 on GSM8K
unreadable is a random choice
                      each unreadable answer becomes a random choice, which votes (ReConcile's code); the
                      expectation over all of them, if the question has choices
unreadable questions left out
                      the majority, over the questions with a readable answer only
whole texts           texts vote instead of answers, so that the first text wins unless two are equal
tie: first seen       the most frequent answer; the first agent's among those tied
tie: last seen        the same, but the last agent's
first agent, last agent
                      one agent's answer

`value` is what the rule reports for a question, None if it cannot be known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from math import fsum

from ...stats.estimate.mean_interval import Estimate, estimate
from . import tally
from .question_means import Difference, difference, question_values
from .turns import Debate, Turn

HONEST, LEFT_OUT = "majority", "unreadable questions left out"
_MAX_CASES = 50_000  # random choices that are enumerated for one question

Rule = Callable[[Debate], float | None]


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleAccuracy:
    """What one rule reports, over the questions that it and the majority can score."""

    rule: str
    n: int
    accuracy: Estimate
    difference: Difference | None  # rule minus majority, paired; None: the majority itself. If questions are left
    # out, the difference is that from the majority of all, without an interval


def rule_accuracies(debates: Sequence[Debate]) -> list[RuleAccuracy]:
    """Returns every rule in the order of RULES; empty if no question is scored."""
    if not question_values(debates, RULES[HONEST])[0]:
        return []
    return [_accuracy(name, debates) for name in RULES]


def _accuracy(name: str, debates: Sequence[Debate]) -> RuleAccuracy:
    rows, groups = question_values(debates, RULES[name], RULES[HONEST])
    accuracy = estimate([row[0] for row in rows], groups)
    paired = None if name == HONEST else difference([row[0] - row[1] for row in rows], groups)
    if name == LEFT_OUT and accuracy.mean is not None:
        whole = [row[0] for row in question_values(debates, RULES[HONEST])[0]]
        paired = Difference(n=len(rows), mean=accuracy.mean - fsum(whole) / len(whole), ci95=None)
    return RuleAccuracy(rule=name, n=len(rows), accuracy=accuracy, difference=paired)


def final_turns(debate: Debate) -> Sequence[Turn]:
    """Returns the answers of the last round."""
    return debate.rounds[-1]


def winner(rule: str, debate: Debate) -> list[str | None]:
    """Returns the answers that may win under a rule that picks one; None is an unreadable one.

    Empty for a rule that picks none, as `any agent right`, and if nothing is readable.
    """
    turns = final_turns(debate)
    chosen = _CHOOSERS[rule](turns) if rule in _CHOOSERS else []
    return [turn.answer for turn in chosen]


def _tied(turns: Sequence[Turn]) -> list[Turn]:
    """One turn of each of the most frequent answers, in order of appearance."""
    leaders = tally.leading([turn.answer for turn in turns])
    return [next(turn for turn in turns if turn.answer == answer) for answer in leaders]


def _with_unreadable(turns: Sequence[Turn]) -> list[Turn]:
    """The turn that wins if an unreadable answer is an answer too; the first seen of those tied."""
    answers = [turn.answer for turn in turns]
    return [max(turns, key=lambda turn: answers.count(turn.answer))] if turns else []


def _by_text(turns: Sequence[Turn]) -> list[Turn]:
    """The first turn with the most frequent text; empty if the texts are not known."""
    texts = [turn.text for turn in turns]
    if None in texts or not texts:
        return []
    return [max(turns, key=lambda turn: texts.count(turn.text))]


_CHOOSERS: Mapping[str, Callable[[Sequence[Turn]], list[Turn]]] = {
    HONEST: _tied,
    "unreadable votes, right if it wins": _with_unreadable,
    "whole texts": _by_text,
    "tie: first seen": lambda turns: _tied(turns)[:1],
    "tie: last seen": lambda turns: _tied(list(reversed(turns)))[:1],
    "first agent": lambda turns: list(turns[:1]),
    "last agent": lambda turns: list(turns[-1:]),
}


def _chosen_right(rule: str) -> Rule:
    def value(debate: Debate) -> float | None:
        turns = final_turns(debate)
        chosen = _CHOOSERS[rule](turns)
        if not chosen:
            return None if rule == "whole texts" else tally.majority_right(turns)
        turn = chosen[0]
        if turn.answer is None:
            return None if turn.right is None else float(turn.right)
        return tally.answer_right(turns, turn.answer)

    return value


def _unreadable_right(debate: Debate) -> float | None:
    turns = final_turns(debate)
    if not any(turn.right is not None for turn in turns):
        return None
    chosen = _with_unreadable(turns)[0]
    if not chosen.readable:
        return 1.0
    return tally.majority_right(turns) if chosen.answer is None else tally.answer_right(turns, chosen.answer)


def _unreadable_random(debate: Debate) -> float | None:
    """The expected score if each unreadable answer is a random choice, and ties are a random choice too.

    The right choice is the answer that was scored right, else one that nobody gave.
    """
    turns = final_turns(debate)
    answers = [turn.answer for turn in turns if turn.answer is not None]
    names = list(dict.fromkeys(answers))
    n_random, n_choices = sum(not turn.readable for turn in turns), debate.n_choices
    rights = [tally.answer_right(turns, name) for name in names]
    if n_choices is None or None in rights or len(answers) + n_random < len(turns):
        return None
    if not names and not all(turn.right is False for turn in turns):
        return None
    right = next((at for at, value in enumerate(rights) if value == 1.0), len(names))
    if right >= n_choices or len(names) > n_choices or n_choices**n_random > _MAX_CASES:
        return None
    votes = [answers.count(name) for name in names] + [0] * (n_choices - len(names))
    return _expected_right(votes, right, n_random)


def _expected_right(votes: Sequence[int], right: int, n_random: int) -> float:
    """The mean over all equally likely random votes of the chance that the choice `right` wins."""
    chances = []
    for drawn in product(range(len(votes)), repeat=n_random):
        totals = [count + drawn.count(at) for at, count in enumerate(votes)]
        leaders = [at for at, total in enumerate(totals) if total == max(totals)]
        chances.append(float(right in leaders) / len(leaders))
    return fsum(chances) / len(chances)


RULES: Mapping[str, Rule] = {
    HONEST: lambda debate: tally.majority_right(final_turns(debate)),
    "any agent right": lambda debate: tally.any_right(final_turns(debate)),
    "all agents right": lambda debate: tally.all_right(final_turns(debate)),
    "unreadable votes, right if it wins": _unreadable_right,
    "unreadable is a random choice": _unreadable_random,
    LEFT_OUT: lambda debate: (
        tally.majority_right(final_turns(debate)) if any(turn.readable for turn in final_turns(debate)) else None
    ),
    **{
        name: _chosen_right(name)
        for name in ("whole texts", "tie: first seen", "tie: last seen", "first agent", "last agent")
    },
}
