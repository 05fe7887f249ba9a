"""Chats for evaluating a model: held-out problems, equal for all models, without duplicate prompts.

A problem may occur in several wordings; `problems_of` identifies the chats about the same problem.
Only `coherence` has no problems that could be held out.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import partial

from .families import Chat, judging, scorers
from .families.asking import at_once, bare, written
from .families.listing import compare, sort, votes
from .mixture import FAMILIES
from .questions import Question, chain_question, story_question, sum_question
from .reading import keys_in
from .sampling import Draw

SEED = 777
PARAPHRASED = (
    "sums_at_once",
    "sums_written",
    "stories_bare",
    "stories_written",
    "compare",
    "sort",
    "votes",
    "rewrite",
    "bullets",
    "json_answers",
    "judge_pair",
    "judge_pair_written",
    "judge_answer_written",
    "llm_judge",
    "reconsider",
    "plan",
)
"""Families with wordings that no training text contains."""
PAIRED: dict[str, Callable[[Draw, str], Chat]] = {
    "judge_pair": judging.judge_pair,
    "judge_pair_written": judging.judge_pair_written,
    "win_rate": scorers.win_rate,
}
"""Families that judge two answers."""
Maker = Callable[[Draw], Chat]


def family_samples(family: str, count: int, *, paraphrase: bool = False, seed: int = SEED) -> list[Chat]:
    """Return `count` held-out chats of a family."""
    rng = random.Random(f"samples {seed} {family} {paraphrase}")
    return drawn(FAMILIES[family], Draw(rng, held_out=True, paraphrase=paraphrase), count)


def drawn(make: Maker, draw: Draw, count: int) -> list[Chat]:
    """Return `count` chats with different prompts, or fewer if 50 × `count` draws do not suffice."""
    by_prompt: dict[str, Chat] = {}
    for _ in range(count * 50):
        chat = make(draw)
        by_prompt.setdefault(chat.prompt, chat)
        if len(by_prompt) == count:
            break
    return [*by_prompt.values()]


def problems_of(chats: Sequence[Chat]) -> list[Hashable]:
    """Return for each chat the keys of the problems in its prompt, or the prompt if it has none."""
    return [frozenset(keys_in(chat.prompt)) or chat.prompt for chat in chats]


def pairs(family: str, count: int, seed: int = SEED) -> tuple[list[Chat], list[Chat]]:
    """Return the same pairs twice: with the better answer as A, and as B."""
    return tuple(_ordered(family, better, count, seed) for better in "AB")  # type: ignore[return-value]


def _ordered(family: str, better: str, count: int, seed: int) -> list[Chat]:
    chats = []
    for number in range(count):
        # Each pair has its own random numbers: one pair's draws do not change the next pair.
        draw = Draw(random.Random(f"pairs {seed} {family} {number}"), held_out=True)
        chats.append(PAIRED[family](draw, better))
    return chats


def ladder(count: int, seed: int = SEED) -> Iterator[tuple[str, str, list[Chat]]]:
    """Yield (ladder, rung, chats) from easy to very hard; rungs without enough held-out problems are omitted."""
    for name, rung, make in _rungs():
        draw = Draw(random.Random(f"ladder {seed} {name} {rung}"), held_out=True)
        yield name, rung, drawn(make, draw, count)


def _rungs() -> Iterator[tuple[str, str, Maker]]:
    for sign, word in (("+", "sum"), ("-", "difference")):
        for digits in (2, 3, 4, 5, 6):
            ask = partial(sum_question, operator=sign, digits=(digits, digits))
            yield f"{word} at once", f"{digits} digits", _style(at_once, ask)
            yield f"{word} written", f"{digits} digits", _style(written, ask)
    for sizes in ((2, 1), (3, 1), (4, 1), (2, 2), (3, 2)):
        ask = partial(sum_question, operator="*", digits=sizes)
        yield "product at once", f"{sizes[0]} by {sizes[1]} digits", _style(at_once, ask)
        yield "product written", f"{sizes[0]} by {sizes[1]} digits", _style(written, ask)
    for operators in ("+", "+-", "+-+", "+-+-"):
        ask = partial(chain_question, operators=operators, digits=2)
        steps = f"{len(operators)} step{'s' * (len(operators) > 1)}"
        yield "chain at once", steps, _style(at_once, ask)
        yield "chain stated", steps, _stated(ask)
        yield "chain written", steps, _style(written, ask)
    for asides in (0, 1, 2, 4):
        ask = partial(story_question, operators="+-", digits=2, asides=asides)
        yield "story at once", f"{asides} distractors", _style(at_once, ask)
        yield "story stated", f"{asides} distractors", _stated(ask)
        yield "story written", f"{asides} distractors", _style(written, ask)
    for length in (3, 5, 8, 10, 12):
        yield "sort", f"{length} numbers", partial(sort, length=length, digits=2)
    for digits in (2, 3, 4, 5, 6):
        yield "compare near", f"{digits} digits", partial(compare, digits=digits, near=True)
    for different in (2, 3, 4, 5):
        yield "votes", f"{different} answers", partial(votes, different=different)


def _style(say: Callable[[Draw, Question], Chat], ask: Callable[[Draw], Question]) -> Maker:
    return lambda draw: say(draw, ask(draw))


def _stated(ask: Callable[[Draw], Question]) -> Maker:
    return lambda draw: bare(ask(draw))
