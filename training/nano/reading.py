"""Reads problems from prompts: `python -m training.nano.reading` writes the keys of `evals/`.

It shares only the forms of prompts and the keys with the generator, so that it finds the problems
of a text independently of how the chat was generated. It ignores text in any other form.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pytest_hiddenlayer.taskfile import load_task, prompt_text, render_prompt

from .families.listing import (
    COMPARISONS,
    DOWN,
    NEW_COMPARISONS,
    NEW_SORTS,
    NEW_VOTES,
    PICKS,
    SORTS,
    TABLE_QUESTIONS,
    UP,
    VOTES,
    comparison_key,
    sorting_key,
    table_key,
    votes_key,
)
from .families.wording import (
    BULLETS,
    NEW_BULLETS,
    NEW_REWRITES,
    NUMBERED,
    REPEATS,
    REWRITES,
    list_key,
    word_key,
)
from .forms import CHOICE
from .problems import Chain
from .questions import FACTS, SPOKEN, fact_key
from .split import EVAL_KEYS
from .stories import ASIDES, NEW_STORIES, STORIES

EVALS = Path(__file__).resolve().parents[2] / "evals"
_SIGNS = {word: sign for sign, word in SPOKEN.items()}
_CHAIN = re.compile(r"(?<![\d.])\d+(?: ?(?:[-+*]|plus|minus|times) ?\d+)+")
_DIGIT_STEP = re.compile(r"(?<!\d)1?\d[-+*]\d[-+]\d=\d")
_SLOT = re.compile(r"\{(\w)\}")
_ROWS = tuple(
    re.compile(form, re.MULTILINE)
    for form in (
        r"^(\w+) \| (\d+) \| (\w+) \| (\d+)(?!\S)",
        r"^(\w+),(\d+),(\w+),(\d+)(?!\S)",
        r"^(\w+): age (\d+), city (\w+), score (\d+)(?!\S)",
        r"(\w+) is (\d+), lives in (\w+) and has (\d+) points\.",
    )
)
_LOOSE = dict.fromkeys("abcdz", r"\d+") | {"p": r"[\w ]+"}
_MEANT = {"l": r"(?P<l>\w+(?:, \w+)+)", "w": r"(?P<w>\w+)", "x": r"(?P<x>[A-Za-z]+(?: City)?)"}


def keys_in(text: str) -> set[str]:
    """Return the keys of all problems that a text asks or works out."""
    readers: tuple[Callable[[str], Iterable[str | None]], ...] = (
        _sums,
        _stories,
        _comparisons,
        _sortings,
        _votes,
        _rewritings,
        _lists,
        _facts,
        _tables,
    )
    return {key for reader in readers for key in reader(text) if key is not None}


def _sums(text: str) -> Iterator[str | None]:
    for match in _CHAIN.finditer(text):
        if _DIGIT_STEP.match(text, match.start()):
            continue
        parts = re.findall(r"\d+|[-+*]|plus|minus|times", match[0])
        signs = [_SIGNS.get(sign, sign) for sign in parts[1::2]]
        yield from _chain_keys(int(parts[0]), signs, [int(number) for number in parts[2::2]])


def _stories(text: str) -> Iterator[str | None]:
    for operators, forms in _story_patterns():
        for form in forms:
            for match in form.matches(text):
                numbers = [int(match[name]) for name in "abcd"[: len(operators) + 1]]
                yield from _chain_keys(numbers[0], [*operators], numbers[1:])


def _chain_keys(first: int, signs: list[str], numbers: list[int]) -> Iterator[str | None]:
    return (step.key for step in Chain(first, tuple(zip(signs, numbers, strict=True))).sums)


def _comparisons(text: str) -> Iterator[str | None]:
    for match in _matches(text, (*COMPARISONS, *NEW_COMPARISONS, *PICKS)):
        yield comparison_key(int(match["a"]), int(match["b"]))


def _sortings(text: str) -> Iterator[str | None]:
    for match in _matches(text, (*SORTS, *NEW_SORTS, *UP, *DOWN)):
        items = match["l"].split(", ")
        if all(item.isdigit() for item in items):
            yield sorting_key([int(item) for item in items])


def _votes(text: str) -> Iterator[str | None]:
    return (votes_key(match["l"].split(", ")) for match in _matches(text, (*VOTES, *NEW_VOTES)))


def _rewritings(text: str) -> Iterator[str | None]:
    for kind, (forms, _) in REWRITES.items():
        for match in _matches(text, (*forms, *NEW_REWRITES.get(kind, ()))):
            yield word_key(kind, match["w"])
    for match in _matches(text, REPEATS):
        yield word_key("repeat", match["w"])


def _lists(text: str) -> Iterator[str | None]:
    return (list_key(match["l"].split(", ")) for match in _matches(text, (*BULLETS, *NEW_BULLETS, *NUMBERED)))


def _facts(text: str) -> Iterator[str | None]:
    for subjects, form in _fact_forms():
        for match in form.matches(text):
            if match["x"] in subjects:
                yield fact_key(match[0])


def _tables(text: str) -> Iterator[str | None]:
    rows = [row.groups() for form in _ROWS for row in form.finditer(text)]
    asked = [kind for kind, forms in TABLE_QUESTIONS.items() if any(True for _ in _matches(text, forms))]
    if rows and asked:
        yield table_key(rows, asked[0])


def _matches(text: str, forms: tuple[str, ...]) -> Iterator[re.Match[str]]:
    for form in dict.fromkeys(forms):
        yield from _form(form).matches(text)


@dataclass(frozen=True, slots=True)
class Form:
    """A prompt form as a pattern, and its longest literal, which rules out most texts quickly."""

    pattern: re.Pattern[str]
    literal: str

    def matches(self, text: str) -> Iterator[re.Match[str]]:
        """Yield the matches of this form in a text."""
        return self.pattern.finditer(text) if self.literal in text else iter(())


@cache
def _form(form: str) -> Form:
    """Return a form with its slots as groups; an aside may follow where `|` separates two sentences."""
    parts = re.split(r"(<[^<>]*>|\{\w\}|\|)", form)
    seen: set[str] = set()
    made = "".join(_pattern(part, seen) for part in parts)
    literal = max((part for part in parts if part[:1] not in {"<", "{", "|"}), key=len)
    return Form(re.compile(rf"(?<!\w){made}"), literal)


def _pattern(part: str, seen: set[str]) -> str:
    """Return the pattern of a literal, a slot, a choice or a sentence break; `seen` has the earlier slots."""
    if CHOICE.fullmatch(part):
        return f"(?:{'|'.join(_filled(wording, seen) for wording in part[1:-1].split('/'))})"
    if part == "|":
        return rf"(?: (?:{'|'.join(_filled(aside, set()) for aside in ASIDES)}))*? "
    slot = _SLOT.fullmatch(part)
    if slot is None or slot[1] in seen:
        return _filled(part, seen)
    seen.add(slot[1])
    return _MEANT.get(slot[1], rf"(?P<{slot[1]}>{_filled(part, set())})")


def _filled(wording: str, seen: set[str]) -> str:
    """Return the pattern of a wording; known slots repeat their text, others match any text they may contain."""
    return "".join(
        (f"(?P={part[1]})" if part[1] in seen else _LOOSE.get(part[1], r"\w+"))
        if _SLOT.fullmatch(part)
        else re.escape(part)
        for part in re.split(r"(\{\w\})", wording)
    )


@cache
def _story_patterns() -> tuple[tuple[str, tuple[Form, ...]], ...]:
    both = [*STORIES.items(), *NEW_STORIES.items()]
    return tuple((signs, tuple(map(_form, dict.fromkeys(forms)))) for signs, forms in both)


@cache
def _fact_forms() -> tuple[tuple[frozenset[str], Form], ...]:
    return tuple((frozenset(known), _form(form)) for _, known, forms in FACTS for form in forms)


def eval_prompts() -> Iterator[str]:
    """Yield every prompt of `evals/` as the strategy `single` sends it."""
    for path in sorted(EVALS.glob("*.yaml")):
        task = load_task(path, EVALS.parent)
        for sample in task.samples:
            yield prompt_text(render_prompt(task, sample))


def main() -> None:
    """Write the keys of `evals/`. Run this only before generating the training text of a new model."""
    keys = sorted({key for prompt in eval_prompts() for key in keys_in(prompt)})
    EVAL_KEYS.write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")
    print(f"{len(keys)} keys in {EVAL_KEYS}")


if __name__ == "__main__":
    main()
