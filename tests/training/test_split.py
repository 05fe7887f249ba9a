"""The bundled model's training text: it is reproducible and contains no held-out problem and none of `evals/`."""

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
    """Yield prompts with their answers, as the model reads them."""
    for number in chunks:
        for _, chat in chunk(SEED, number):
            yield f"{chat.prompt}\n{chat.answer}"


def overlap(chunks: range) -> list[tuple[str, str]]:
    """Return the held-out keys in training text, read from the text alone."""
    return [(key, text) for text in texts(chunks) for key in keys_in(text) if is_held_out(key)]


@pytest.mark.slow
def test_no_held_out_problem_is_in_the_training_text() -> None:
    """Two chunks of training text contain no held-out problem, neither as a question nor as a step."""
    assert overlap(range(2)) == []


@pytest.mark.slow
def test_no_held_out_problem_is_in_a_long_training_text() -> None:
    """200 000 chats late in the training text contain no held-out problem either."""
    assert overlap(range(150, 150 + 200_000 // CHUNK + 1)) == []


@pytest.mark.parametrize("family", sorted({*FAMILIES} - {"coherence"}))  # coherence has no problems
def test_held_out_problems_are_recognized(family: str) -> None:
    """The reader recognizes almost every held-out prompt, so that it would find an overlap."""
    chats = family_samples(family, 100)
    seen = [any(map(is_held_out, keys_in(chat.prompt))) for chat in chats]
    assert sum(seen) >= 99


def test_every_problem_of_the_evals_is_held_out() -> None:
    """No sample of evals/ has a problem that training text may contain."""
    prompts = list(eval_prompts())
    assert len(prompts) > 300
    assert [(prompt, key) for prompt in prompts for key in keys_in(prompt) if not is_held_out(key)] == []
    assert [prompt for prompt in prompts if not keys_in(prompt)] == []


def test_about_one_in_sixteen_is_held_out() -> None:
    """The hash holds out one key in sixteen, in addition to the keys of evals/."""
    keys = [f"{a}+{b}" for a in range(100, 300) for b in range(300, 400)]
    share = sum(map(is_held_out, keys)) / len(keys)
    assert share == pytest.approx(1 / 16, abs=0.01)
    assert len(eval_keys()) > 300


@pytest.mark.slow
def test_equal_numbers_have_equal_chunks() -> None:
    """A chunk depends only on the seed and its number."""
    assert chunk(SEED, 5)[:500] == chunk(SEED, 5)[:500]
    assert chunk(SEED, 5)[:500] != chunk(SEED, 6)[:500]
    assert chunk(SEED, 5)[:500] != chunk(SEED + 1, 5)[:500]


def test_samples_are_the_same_each_time() -> None:
    """Two evaluations use the same samples."""
    for family in FAMILIES:
        assert family_samples(family, 20) == family_samples(family, 20)


def words(prompt: str) -> list[str]:
    """Return the words of a prompt without the random suffixes of a judge prompt's tags."""
    return re.findall(r"\w+", re.sub(r"-[0-9a-f]{12}>|[0-9a-f]{12}>", ">", prompt))


@pytest.mark.parametrize("family", PAIRED)
def test_pairs_come_in_both_orders(family: str) -> None:
    """Each pair occurs with the correct answer as A and as B; both orders are held out."""
    first, second = pairs(family, 40)
    assert {chat.gold.strip("[]") for chat in first} == {"A"}
    assert {chat.gold.strip("[]") for chat in second} == {"B"}
    for as_a, as_b in zip(first, second, strict=True):
        assert sorted(words(as_a.prompt)) == sorted(words(as_b.prompt))
        assert as_a.prompt != as_b.prompt
        assert any(map(is_held_out, keys_in(as_a.prompt)))
        assert keys_in(as_a.prompt) == keys_in(as_b.prompt)


def test_every_family_has_weight() -> None:
    """Every mixture has a weight for every family."""
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
"""By part of a prompt: the wordings that only evaluations use, and those of the training text."""


@pytest.fixture(scope="module")
def trained_texts() -> list[str]:
    return list(texts(range(1)))


@pytest.mark.slow
@pytest.mark.parametrize("part", NEW)
def test_new_wordings_are_in_no_training_text(part: str, trained_texts: list[str]) -> None:
    """No training chat has the form of an evaluated paraphrase, whatever its numbers and names."""
    new, known = NEW[part]
    for form in new:
        assert not [text for text in trained_texts if has_form(text, form)], form
    assert any(has_form(text, form) for form in known for text in trained_texts)


@pytest.mark.parametrize("part", NEW)
def test_new_wordings_can_never_be_drawn(part: str) -> None:
    """No combination of choices in the known forms produces a new wording."""
    new, known = NEW[part]
    for form in new:
        text = SLOT.sub("X", form)
        assert not [other for other in known if re.fullmatch(every_wording(SLOT.sub("X", other)), text)], form
    for form in set(known):
        drawn_once = worded(random.Random(1), form)
        assert re.fullmatch(every_wording(form), drawn_once)
        assert "<" not in drawn_once


def every_wording(form: str) -> str:
    """Return a pattern of all wordings of a prompt form."""
    return re.escape(form).replace("<", "(?:").replace(">", ")").replace("/", "|")


def has_form(text: str, form: str) -> bool:
    """Return whether the text contains the form's literal parts in order."""
    position = 0
    for part in re.split(r"\{\w+\}|\|", form):
        position = text.find(part, position)
        if position < 0:
            return False
        position += len(part)
    return True


@pytest.mark.parametrize("family", PARAPHRASED)
def test_a_paraphrase_uses_the_new_wordings(family: str) -> None:
    """Every reworded prompt contains one of the new wordings."""
    forms = [form for new, _ in NEW.values() for form in new]
    for chat in family_samples(family, 30, paraphrase=True):
        assert any(has_form(chat.prompt, form) for form in forms), chat.prompt


def drawn(family: str, count: int) -> list[Chat]:
    draw = Draw(random.Random(1))
    return [FAMILIES[family](draw) for _ in range(count)]


@pytest.mark.parametrize("family", FAMILIES)
def test_gold_is_read_from_the_answer(family: str) -> None:
    """Each answer contains the gold value by which it is measured."""
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
    """The working equals a hand-computed one, digit by digit with carries."""
    assert written.worked == worked


def test_keys_do_not_depend_on_the_order_of_a_sum() -> None:
    """23+45 and 45+23 have the same key; steps between digits have none."""
    assert sum_key(23, "+", 45) == sum_key(45, "+", 23) == "23+45"
    assert sum_key(9, "*", 23) == "9*23"
    assert sum_key(7, "+", 8) is None
    assert sum_key(17, "-", 8) is None
    assert Chain(22, (("+", 86), ("-", 40))).stated == "22+86=108. 108-40=68"


def test_problems_are_read_from_a_text() -> None:
    """The reader finds sums in prompts and workings, the steps of chains, and stories with distractors."""
    assert keys_in("What is 40+22?") == {"22+40"}
    assert keys_in("What is 22 plus 86 minus 40?") == {"22+86", "108-40"}
    assert keys_in("23+48: 3+8+0=11, 2+4+1=7. Answer: 71") == {"23+48"}
    assert keys_in(
        "Cara has 22 pens, buys 86 and gives Ola 40. Ben is 7 years old. How many pens does Cara have now?"
    ) == {"22+86", "108-40"}
