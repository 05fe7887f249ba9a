"""Which problems the text of nano-1 could have held.

nano-1 was trained on chats that a program wrote: fifteen families of problems with random
numbers and words. Every problem has a key; those whose key's MD5 begins with a byte below 20
(7.8 %) were left out of the training text, in each family for itself. Two exceptions: facts were
to be memorised, so none was left out; and a problem that was left out as a sum may still be one
step inside a word problem (`is_step`).

`could_be_trained` answers from the prompt alone, and errs to the careful side: a prompt that the
program could never write counts as new, whatever its key; one that it could have written is new
only when its key was held out.
"""

from __future__ import annotations

import ast
import hashlib
import re

HELD_OUT_BELOW = 20  # of 256

WORDS = [
    "apple",
    "river",
    "stone",
    "cloud",
    "tiger",
    "lemon",
    "chair",
    "bread",
    "green",
    "mouse",
    "house",
    "plant",
    "train",
    "sugar",
    "water",
    "night",
    "light",
    "table",
    "horse",
    "paper",
    "music",
    "glass",
    "beach",
    "field",
    "dream",
]
PEOPLE = [
    "Ann",
    "Ben",
    "Cara",
    "Dan",
    "Eva",
    "Finn",
    "Gia",
    "Hal",
    "Ivy",
    "Jon",
    "Kim",
    "Leo",
    "Mia",
    "Ned",
    "Ola",
    "Pam",
    "Raj",
    "Sue",
    "Tom",
    "Uma",
]
THINGS = ["apples", "pens", "books", "coins", "eggs", "cards", "shells", "stamps", "marbles", "cakes"]

SUM_QUESTIONS = (r"What is (.+)\?", r"Compute (.+)\.", r"(.+) = \?", r"Calculate (.+)\.")
FACT_QUESTIONS = {  # kind → its wordings, in the order that numbers them in the key
    "cap": (
        r"What is the capital of ([A-Za-z ]+)\?",
        r"Name the capital of ([A-Za-z ]+)\.",
        r"([A-Za-z ]+): capital\?",
    ),
    "cty": (
        r"Which country has the capital ([A-Za-z ]+)\?",
        r"([A-Za-z ]+) is the capital of which country\?",
    ),
    "opp": (r"What is the opposite of ([A-Za-z ]+)\?", r"Give the opposite of ([A-Za-z ]+)\."),
    "col": (r"What colour is ([A-Za-z ]+)\?", r"Name the colour of ([A-Za-z ]+)\."),
}
WORD_QUESTIONS = {
    "gains": r"(\w+) has (\d+) (\w+)\. (\w+) gives \1 (\d+) more\. How many \3 does \1 have\?",
    "loses": r"(\w+) has (\d+) (\w+) and loses (\d+)\. How many \3 are left\?",
    "boxes": r"Each of (\d+) boxes holds (\d+) (\w+)\. How many \3 in all\?",
    "shops": r"(\w+) has (\d+) (\w+), buys (\d+) and gives (\w+) (\d+)\. How many \3 does \1 have now\?",
}
SUFFIXES = (
    "Answer only.",
    "Give only the answer.",
    "Reply with the number only.",
    "Think step by step.",
    "Show your work.",
    "Reason first, then answer.",
)
WRONG_BY = {1, 2, 3, 10, 100}  # how far a made-up wrong answer lies from the right one


def is_test(key: str) -> bool:
    """Whether the problem with this key was left out of the training text."""
    return hashlib.md5(key.encode()).digest()[0] < HELD_OUT_BELOW


def is_step(expression: str) -> bool:
    """Whether a word problem's written-out steps could hold this sum."""
    left, operator, right = _operands(expression)
    if operator == "+":
        return 10 <= left <= 99 and 10 <= right <= 99
    if operator == "-":
        return 10 <= left <= 198
    return 10 <= left <= 99 and 2 <= right <= 9


def could_be_trained(prompt: str) -> bool:
    """Whether nano-1's training text can have held this prompt."""
    bare, suffix = _without_suffix(prompt)
    if _fact_key(bare) is not None and suffix in ("", "Answer only."):
        return True
    keys = (_sum_key(bare), _word_key(bare), *(read(prompt) for read in _READERS))
    return any(key is not None and not is_test(key) for key in keys)


def question_key(question: str) -> str | None:
    """The key of a sum, a word problem or a fact in one of its trained wordings; None outside of them."""
    return _sum_key(question) or _word_key(question) or _fact_key(question)


# Each reader below takes a whole prompt and returns its key, or None where the program cannot write it.


def _comparison(prompt: str) -> str | None:
    found = re.fullmatch(r"Is (\d+) (?:greater|less) than (\d+)\? Answer yes or no\.", prompt)
    # The second number is now and then the first one plus 1 or 10, or minus that.
    return f"{found[1]},{found[2]}" if found and int(found[1]) <= 999 and int(found[2]) <= 1009 else None


def _sorting(prompt: str) -> str | None:
    found = re.fullmatch(r"Sort ([\d, ]+) in (?:as|des)cending order\.", prompt)
    numbers = ast.literal_eval(f"[{found[1]}]") if found else []
    return str(numbers) if 3 <= len(numbers) <= 6 and max(numbers) <= 99 else None


def _rewriting(prompt: str) -> str | None:
    forms = (
        r"Write (\w+) in upper case\.",
        r"Repeat (\w+) [234] times, separated by commas\.",
        r"Spell (\w+) with dashes\.",
        r"Reverse (\w+)\.",
    )
    for kind, form in enumerate(forms):
        found = re.fullmatch(form, prompt)
        if found and re.fullmatch("[a-z]{3,6}", found[1]):
            return f"{kind}{found[1]}"
    return None


def _json(prompt: str) -> str | None:
    found = re.fullmatch(r'(.+) Reply as JSON with the key "answer"\.', prompt)
    key = question_key(found[1]) if found else None
    return None if key is None else f"4{key}"


def _bullets(prompt: str) -> str | None:
    found = re.fullmatch(r"Make a bullet list of (.+)\.", prompt)
    words = found[1].split(", ") if found else []
    known = 2 <= len(words) <= 4 and len(set(words)) == len(words) and set(words) <= set(WORDS)
    return f"5{','.join(words)}" if known else None


def _judging(prompt: str) -> str | None:
    asked = prompt.removesuffix(" Reason first, then answer.")
    pair = re.fullmatch(r"Question: (.+)\nA: .+\nB: .+\nWhich answer is better, A or B\?", asked)
    given = re.fullmatch(r"Question: (.+)\nGiven answer: .+\nIs the given answer correct\?", asked)
    found = pair or given
    return question_key(found[1]) if found else None


def _revision(prompt: str) -> str | None:
    found = re.fullmatch(r"(.+)\nOther agents said: .+\.\nReconsider and give your answer\.", prompt)
    return question_key(found[1]) if found else None


def _majority(prompt: str) -> str | None:
    """The question behind the answers does not show, so every list that is possible counts as trained."""
    found = re.fullmatch(r"Answers: (.+)\.\nWhich answer is most common\?", prompt)
    answers = found[1].split(", ") if found else []
    different = sorted(set(answers))
    if not answers or len(different) > 2:
        return None
    numbers = [int(answer) for answer in different if answer.isdigit()]
    if len(numbers) == 2 and abs(numbers[0] - numbers[1]) not in WRONG_BY:
        return None
    if len(numbers) == 1 and len(different) == 2:
        return None
    return _TRAINED


def _planning(prompt: str) -> str | None:
    found = re.fullmatch(r"Split into steps: (.+)", prompt)
    return _word_key(found[1]) if found else None


def _merging(prompt: str) -> str | None:
    found = re.fullmatch(r"What is (\d+\+\d+-\d+)\?\nWorker result: .+\nGive the final answer\.", prompt)
    return found[1] if found else None


_READERS = (
    _comparison,
    _sorting,
    _rewriting,
    _json,
    _bullets,
    _judging,
    _revision,
    _majority,
    _planning,
    _merging,
)


def _some_key_that_was_trained() -> str:
    return next(str(number) for number in range(100) if not is_test(str(number)))


_TRAINED = _some_key_that_was_trained()


def _without_suffix(prompt: str) -> tuple[str, str]:
    for suffix in SUFFIXES:
        if prompt.endswith(f" {suffix}"):
            return prompt.removesuffix(f" {suffix}"), suffix
    return prompt, ""


def _operands(expression: str) -> tuple[int, str, int]:
    found = re.fullmatch(r"(\d+)([-+*])(\d+)", expression)
    if not found:
        raise ValueError(f"a sum is two numbers joined by +, - or *; got {expression!r}")
    return int(found[1]), found[2], int(found[3])


def _sum_key(question: str) -> str | None:
    for form in SUM_QUESTIONS:
        found = re.fullmatch(form, question)
        if not found or not re.fullmatch(r"\d+[-+*]\d+", found[1]):
            continue
        left, operator, right = _operands(found[1])
        seen = left <= 99 and 2 <= right <= 9 if operator == "*" else max(left, right) <= 999
        return found[1] if seen else None
    return None


def _word_key(question: str) -> str | None:
    for form in WORD_QUESTIONS.values():
        found = re.fullmatch(form, question)
        if not found:
            continue
        # Only a bought-and-given amount has three digits, and that up to 198.
        numbers = [int(part) for part in found.groups() if part.isdigit()]
        words = {part for part in found.groups() if not part.isdigit()}
        seen = max(numbers[:2]) <= 99 and max(numbers) <= 198 and words <= {*PEOPLE, *THINGS}
        return question if seen else None
    return None


def _fact_key(question: str) -> str | None:
    for kind, forms in FACT_QUESTIONS.items():
        for number, form in enumerate(forms):
            found = re.fullmatch(form, question)
            if found:
                return f"{kind}{found[1]}{number}"
    return None
