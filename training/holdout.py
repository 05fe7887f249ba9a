"""Decides which problems the training text of nano-1 may contain.

nano-1 was trained on generated chats: fifteen families of problems with random numbers and words.
Every problem has a key. Problems whose key's MD5 starts with a byte below 20 (7.8 %) were left out
of the training text, separately in each family. There are two exceptions: no facts were left out,
because the model should memorize them, and a sum that was left out may still be a step of a word
problem (`is_step`).

`could_be_trained` decides from the prompt alone and conservatively: a prompt that the generator
cannot write is new, whatever its key; a prompt that it can write is new only if its key was held
out.
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
FACT_QUESTIONS = {  # kind → its wordings; the key contains their index
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
WRONG_BY = {1, 2, 3, 10, 100}  # differences of generated wrong answers from the correct one


def is_test(key: str) -> bool:
    """Return whether the problem with this key was left out of the training text."""
    return hashlib.md5(key.encode()).digest()[0] < HELD_OUT_BELOW


def is_step(expression: str) -> bool:
    """Return whether this sum may be a written step of a word problem."""
    left, operator, right = _operands(expression)
    if operator == "+":
        return 10 <= left <= 99 and 10 <= right <= 99
    if operator == "-":
        return 10 <= left <= 198
    return 10 <= left <= 99 and 2 <= right <= 9


def could_be_trained(prompt: str) -> bool:
    """Return whether nano-1's training text may contain this prompt."""
    bare, suffix = _without_suffix(prompt)
    if _fact_key(bare) is not None and suffix in ("", "Answer only."):
        return True
    keys = (_sum_key(bare), _word_key(bare), *(read(prompt) for read in _READERS))
    return any(key is not None and not is_test(key) for key in keys)


def question_key(question: str) -> str | None:
    """Return the key of a sum, a word problem or a fact in a trained wording; None for any other question."""
    return _sum_key(question) or _word_key(question) or _fact_key(question)


# Each reader below takes a whole prompt and returns its key, or None if the generator cannot write it.


def _comparison(prompt: str) -> str | None:
    match = re.fullmatch(r"Is (\d+) (?:greater|less) than (\d+)\? Answer yes or no\.", prompt)
    # The second number is sometimes the first one plus or minus 1 or 10.
    return f"{match[1]},{match[2]}" if match and int(match[1]) <= 999 and int(match[2]) <= 1009 else None


def _sorting(prompt: str) -> str | None:
    match = re.fullmatch(r"Sort ([\d, ]+) in (?:as|des)cending order\.", prompt)
    numbers = ast.literal_eval(f"[{match[1]}]") if match else []
    return str(numbers) if 3 <= len(numbers) <= 6 and max(numbers) <= 99 else None


def _rewriting(prompt: str) -> str | None:
    forms = (
        r"Write (\w+) in upper case\.",
        r"Repeat (\w+) [234] times, separated by commas\.",
        r"Spell (\w+) with dashes\.",
        r"Reverse (\w+)\.",
    )
    for kind, form in enumerate(forms):
        match = re.fullmatch(form, prompt)
        if match and re.fullmatch("[a-z]{3,6}", match[1]):
            return f"{kind}{match[1]}"
    return None


def _json(prompt: str) -> str | None:
    match = re.fullmatch(r'(.+) Reply as JSON with the key "answer"\.', prompt)
    key = question_key(match[1]) if match else None
    return None if key is None else f"4{key}"


def _bullets(prompt: str) -> str | None:
    match = re.fullmatch(r"Make a bullet list of (.+)\.", prompt)
    words = match[1].split(", ") if match else []
    known = 2 <= len(words) <= 4 and len(set(words)) == len(words) and set(words) <= set(WORDS)
    return f"5{','.join(words)}" if known else None


def _judging(prompt: str) -> str | None:
    request = prompt.removesuffix(" Reason first, then answer.")
    pair = re.fullmatch(r"Question: (.+)\nA: .+\nB: .+\nWhich answer is better, A or B\?", request)
    single = re.fullmatch(r"Question: (.+)\nGiven answer: .+\nIs the given answer correct\?", request)
    match = pair or single
    return question_key(match[1]) if match else None


def _revision(prompt: str) -> str | None:
    match = re.fullmatch(r"(.+)\nOther agents said: .+\.\nReconsider and give your answer\.", prompt)
    return question_key(match[1]) if match else None


def _majority(prompt: str) -> str | None:
    """The prompt does not contain the question, so every possible list of answers counts as trained."""
    match = re.fullmatch(r"Answers: (.+)\.\nWhich answer is most common\?", prompt)
    answers = match[1].split(", ") if match else []
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
    match = re.fullmatch(r"Split into steps: (.+)", prompt)
    return _word_key(match[1]) if match else None


def _merging(prompt: str) -> str | None:
    match = re.fullmatch(r"What is (\d+\+\d+-\d+)\?\nWorker result: .+\nGive the final answer\.", prompt)
    return match[1] if match else None


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


_TRAINED = next(str(number) for number in range(100) if not is_test(str(number)))
"""Any key that was in the training text."""


def _without_suffix(prompt: str) -> tuple[str, str]:
    for suffix in SUFFIXES:
        if prompt.endswith(f" {suffix}"):
            return prompt.removesuffix(f" {suffix}"), suffix
    return prompt, ""


def _operands(expression: str) -> tuple[int, str, int]:
    match = re.fullmatch(r"(\d+)([-+*])(\d+)", expression)
    if not match:
        raise ValueError(f"{expression!r} is not a sum; write two numbers joined by +, - or *")
    return int(match[1]), match[2], int(match[3])


def _sum_key(question: str) -> str | None:
    for form in SUM_QUESTIONS:
        match = re.fullmatch(form, question)
        if not match or not re.fullmatch(r"\d+[-+*]\d+", match[1]):
            continue
        left, operator, right = _operands(match[1])
        seen = left <= 99 and 2 <= right <= 9 if operator == "*" else max(left, right) <= 999
        return match[1] if seen else None
    return None


def _word_key(question: str) -> str | None:
    for form in WORD_QUESTIONS.values():
        match = re.fullmatch(form, question)
        if not match:
            continue
        # Only an amount that was bought and given away has three digits, up to 198.
        numbers = [int(part) for part in match.groups() if part.isdigit()]
        words = {part for part in match.groups() if not part.isdigit()}
        seen = max(numbers[:2]) <= 99 and max(numbers) <= 198 and words <= {*PEOPLE, *THINGS}
        return question if seen else None
    return None


def _fact_key(question: str) -> str | None:
    for kind, forms in FACT_QUESTIONS.items():
        for number, form in enumerate(forms):
            match = re.fullmatch(form, question)
            if match:
                return f"{kind}{match[1]}{number}"
    return None
