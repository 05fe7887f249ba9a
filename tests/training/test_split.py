"""The bundled model's training text: no held-out problem in it, none of `evals/`, and always the same."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("tokenizers", reason="needs tokenizers: pip install tokenizers")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # training/ is in no wheel

from training.nano import questions, stories
from training.nano.families import Chat, asking, judging, listing, read_answer, scorers, together, wording
from training.nano.forms import worded
from training.nano.mixture import CHUNK, FAMILIES, SCHEDULE, chunk
from training.nano.problems import Chain, Sum, sum_key
from training.nano.reading import eval_prompts, keys_in
from training.nano.samples import PAIRED, PARAPHRASED, family_samples, pairs
from training.nano.sampling import Draw
from training.nano.split import eval_keys, is_held_out

SEED = 2


def texts(chunks: range) -> Iterator[str]:
    """Prompts with their answers, as the model reads them."""
    for number in chunks:
        for _, chat in chunk(SEED, number):
            yield f"{chat.prompt}\n{chat.answer}"


def overlap(chunks: range) -> list[tuple[str, str]]:
    """Held-out keys found in training text, read from the text alone."""
    return [(key, text) for text in texts(chunks) for key in keys_in(text) if is_held_out(key)]


def test_no_held_out_problem_is_in_the_training_text() -> None:
    """Of two chunks of training text no problem was held out, asked or as a step."""
    assert overlap(range(2)) == []


@pytest.mark.slow
def test_no_held_out_problem_is_in_a_long_training_text() -> None:
    """The same of 200 000 chats, far into the text too."""
    assert overlap(range(150, 150 + 200_000 // CHUNK + 1)) == []


@pytest.mark.parametrize("family", sorted({*FAMILIES} - {"coherence"}))  # whose texts are no problems
def test_what_is_read_from_texts_is_not_nothing(family: str) -> None:
    """Nearly every held-out prompt is recognised: the reader that finds no overlap can find one."""
    chats = family_samples(family, 100)
    seen = [any(map(is_held_out, keys_in(chat.prompt))) for chat in chats]
    assert sum(seen) >= 99


def test_every_problem_of_the_evals_is_held_out() -> None:
    """No sample of evals/ asks a problem that training text may hold."""
    prompts = list(eval_prompts())
    assert len(prompts) > 300
    assert [(prompt, key) for prompt in prompts for key in keys_in(prompt) if not is_held_out(key)] == []
    assert [prompt for prompt in prompts if not keys_in(prompt)] == []


def test_about_one_in_sixteen_is_held_out() -> None:
    """The hash takes its share, beside the evals."""
    keys = [f"{a}+{b}" for a in range(100, 300) for b in range(300, 400)]
    share = sum(map(is_held_out, keys)) / len(keys)
    assert share == pytest.approx(1 / 16, abs=0.01)
    assert len(eval_keys()) > 300


def test_the_same_number_gives_the_same_chunk() -> None:
    """A chunk depends on seed and number and on nothing else."""
    assert chunk(SEED, 5)[:500] == chunk(SEED, 5)[:500]
    assert chunk(SEED, 5)[:500] != chunk(SEED, 6)[:500]
    assert chunk(SEED, 5)[:500] != chunk(SEED + 1, 5)[:500]


def test_samples_are_the_same_each_time() -> None:
    """Two evaluations ask the same."""
    for family in FAMILIES:
        assert family_samples(family, 20) == family_samples(family, 20)


def words(prompt: str) -> list[str]:
    """All but the random end of a judge prompt's tags."""
    return re.findall(r"\w+", re.sub(r"-[0-9a-f]{12}>|[0-9a-f]{12}>", ">", prompt))


@pytest.mark.parametrize("family", PAIRED)
def test_pairs_come_in_both_orders(family: str) -> None:
    """The same question twice, the right answer as A and then as B; both orders are held out."""
    first, second = pairs(family, 40)
    assert {chat.gold.strip("[]") for chat in first} == {"A"}
    assert {chat.gold.strip("[]") for chat in second} == {"B"}
    for one, other in zip(first, second, strict=True):
        assert sorted(words(one.prompt)) == sorted(words(other.prompt))
        assert one.prompt != other.prompt
        assert any(map(is_held_out, keys_in(one.prompt)))
        assert keys_in(one.prompt) == keys_in(other.prompt)


def test_every_family_has_weight() -> None:
    """All families stand in every mixture."""
    for mixture in SCHEDULE:
        assert set(mixture.weights) == set(FAMILIES)


SLOT = re.compile(r"\{\w+\}")
NEW = {
    "at once": (asking.NEW_AT_ONCE, asking.AT_ONCE),
    "written": (asking.NEW_WRITTEN, asking.WRITTEN),
    "asks": (questions.NEW_ASKS, questions.ASKS),
    "stories": (sum(stories.NEW_STORIES.values(), ()), sum(stories.STORIES.values(), ())),
    "compare": (listing.NEW_COMPARISONS, listing.COMPARISONS),
    "sort": (listing.NEW_SORTS, listing.SORTS),
    "votes": (listing.NEW_VOTES, listing.VOTES),
    "rewrite": (sum(wording.NEW_REWRITES.values(), ()), sum((forms for forms, _ in wording.REWRITES.values()), ())),
    "bullets": (wording.NEW_BULLETS, wording.BULLETS),
    "json": (wording.NEW_JSON_ASKS, wording.JSON_ASKS),
    "pairs": (judging.NEW_PAIRS, judging.PAIRS),
    "singles": (judging.NEW_SINGLES, judging.SINGLES),
    "criteria": (scorers.NEW_CRITERIA, scorers.CRITERIA),
    "reconsider": (together.NEW_RECONSIDER, together.RECONSIDERED),
    "plans": (together.NEW_PLANS, together.PLANS),
}
"""Wordings that only measurements use, and the known ones."""


@pytest.fixture(scope="module")
def trained_texts() -> list[str]:
    return list(texts(range(1)))


@pytest.mark.parametrize("part", NEW)
def test_new_wordings_are_in_no_training_text(part: str, trained_texts: list[str]) -> None:
    """No training chat is put as the measured paraphrases are, whatever its numbers and names."""
    new, known = NEW[part]
    for form in new:
        assert not [text for text in trained_texts if is_put_as(text, form)], form
    assert any(is_put_as(text, form) for form in known for text in trained_texts)


@pytest.mark.parametrize("part", NEW)
def test_new_wordings_can_never_be_drawn(part: str) -> None:
    """Whatever is taken at each choice of the known forms, none of the new ones comes out."""
    new, known = NEW[part]
    for form in new:
        shown = SLOT.sub("X", form)
        assert not [other for other in known if re.fullmatch(every_wording(SLOT.sub("X", other)), shown)], form
    for form in set(known):
        drawn_once = worded(random.Random(1), form)
        assert re.fullmatch(every_wording(form), drawn_once)
        assert "<" not in drawn_once


def every_wording(form: str) -> str:
    """A form of prompts as a pattern."""
    return re.escape(form).replace("<", "(?:").replace(">", ")").replace("/", "|")


def is_put_as(text: str, form: str) -> bool:
    """Whether the form's literal parts stand in the text, one after the other."""
    place = 0
    for part in re.split(r"\{\w+\}|\|", form):
        place = text.find(part, place)
        if place < 0:
            return False
        place += len(part)
    return True


@pytest.mark.parametrize("family", PARAPHRASED)
def test_a_paraphrase_takes_the_new_wordings(family: str) -> None:
    """Every reworded prompt holds one of the wordings above."""
    forms = [form for new, _ in NEW.values() for form in new]
    for chat in family_samples(family, 30, paraphrase=True):
        assert any(is_put_as(chat.prompt, form) for form in forms), chat.prompt


def drawn(family: str, count: int) -> list[Chat]:
    draw = Draw(random.Random(1))
    return [FAMILIES[family](draw) for _ in range(count)]


@pytest.mark.parametrize("family", FAMILIES)
def test_gold_is_read_from_the_answer(family: str) -> None:
    """Each answer holds what it is measured by."""
    for chat in drawn(family, 50):
        assert chat.gold
        assert read_answer(chat.answer) == chat.gold


@pytest.mark.parametrize(
    ("written", "worked"),
    [
        (Sum(23, "+", 48), "23+48: 3+8+0=11, 2+4+1=7"),
        (Sum(103, "-", 7), "103-7: 13-7-0=6, 10-0-1=9, 1-0-1=0"),
        (Sum(46, "*", 4), "46*4: 6*4+0=24, 4*4+2=18"),
        (
            Sum(23, "*", 45),
            "23*5: 3*5+0=15, 2*5+1=11, 115. 23*4: 3*4+0=12, 2*4+1=9, 92. 115+920: 5+0+0=5, 1+2+0=3, 1+9+0=10, 1035",
        ),
    ],
)
def test_sums_are_worked_out_from_the_right(written: Sum, worked: str) -> None:
    """Each digit with its carry, by hand."""
    assert written.worked == worked


def test_keys_do_not_depend_on_the_order_of_a_sum() -> None:
    """23+45 and 45+23 are one problem, 23-45 another; steps between digits are none."""
    assert sum_key(23, "+", 45) == sum_key(45, "+", 23) == "23+45"
    assert sum_key(9, "*", 23) == "9*23"
    assert sum_key(7, "+", 8) is None
    assert sum_key(17, "-", 8) is None
    assert Chain(22, (("+", 86), ("-", 40))).stated == "22+86=108. 108-40=68"


def test_a_text_gives_its_problems_back() -> None:
    """Sums in prompts and in working, chains step by step, stories through their distractors."""
    assert keys_in("What is 40+22?") == {"22+40"}
    assert keys_in("What is 22 plus 86 minus 40?") == {"22+86", "108-40"}
    assert keys_in("23+48: 3+8+0=11, 2+4+1=7. Answer: 71") == {"23+48"}
    assert keys_in(
        "Cara has 22 pens, buys 86 and gives Ola 40. Ben is 7 years old. How many pens does Cara have now?"
    ) == {"22+86", "108-40"}
