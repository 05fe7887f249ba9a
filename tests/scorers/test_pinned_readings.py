"""What parsers read in texts that are put together at random: a change of a line here is a change of scores.

Tests of each parser say what is right; these texts notice what those leave open. The file holds the texts too, so
that one may be corrected by hand. `PYTHONPATH=.:tests python THIS_FILE` writes it again; read the difference, and
say in the changelog what changed and why.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.pinned import plain

from pytest_hiddenlayer.completions.reasoning import split_reasoning
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.judge.scale import Scale
from pytest_hiddenlayer.scorers.judge.verdict_parser import VerdictFormat
from pytest_hiddenlayer.scorers.match.extract import Extract
from pytest_hiddenlayer.scorers.match.number_spelling import plain_spelling
from pytest_hiddenlayer.scorers.match.numbers import find_numbers
from pytest_hiddenlayer.scorers.match.text_match import has_word
from pytest_hiddenlayer.scorers.multiple_choice.answers import named_letters
from pytest_hiddenlayer.scorers.multiple_choice.options import mark_options, option_named, options_in

FILE = Path(__file__).with_name("pinned_readings.json")
COLOURS = {"A": "light red", "B": "dark blue", "C": "pale green", "D": "plain grey"}
ODD = {"A": "the sea", "B": "f(n)", "C": "12:30", "D": "I", "E": "(0, 1]"}
PROMPT = 'Rate it. Example: {"verdict": 3}. Write [[4]] or [[5]] at the end of your long and careful explanation.'

ANSWERS = (
    *"AB", "C", "D", "b", "I", "(A)", "(b)", "[C]", "B.", "B)", "A:", "D,", "**B**", "*C*", "dark blue",
    "Light red.", "pale green", "f(n)", "the sea", "12:30", "(0, 1]", "Answer:", "The answer is", "answer is not",
    "not", "Not", "or", "and", "is wrong", "is correct", "because", "since it fits.", "Option", "option", "I think",
    "I choose", "so", "?", "Is it", "Therefore", "\n", "\n\n", "- ", "1.", ". ", ", ", "\\boxed{B}",
    "\\boxed{\\text{C}}", "$", "✅", "[x]", "[ ]", "neither", "both", "except", "答案是B", "、", "the best choice",
    "final answer:", "Q: which?", "'A'", "<C>", "yes,",
)  # fmt: skip
REASONING = (
    "<think>", "</think>", "<thinking>", "</thinking>", "<think/>", "[THINK]", "[/THINK]", "a", "B.", "c d", "\n",
    "\n\n", " ", "`", "```", "```\n", "~~~\n", ".", ", then", "<|channel|>analysis<|message|>",
    "<|channel|>final<|message|>", "<|end|>", "<|start|>assistant", "<|START_THINKING|>", "<|END_THINKING|>",
    "<unused94>", "<unused95>", "<thought>", "</thoughts>", "<|START_RESPONSE|>", "<think id='1'>", "</ think>",
)  # fmt: skip
NUMBERS = (
    *"0123456789", "12", "100", "1,000", "1.000,5", "1 000", "3.50", ".5", "-", "+", "−", "%", " %", "$", "€", "/",
    "½", "3⁄4", "²", "^2", "10^", "e5", "E-3", "×10", "\\frac{1}{2}", "\\frac12", "\\times", "{,}", "\\,", " ", " ",
    " and ", "x", "v2", ".", ",", ":", "(", ")", "1st", "٣", "\n", "= ", "**", "minus ", "to", "per cent", "'",
    "million",
)  # fmt: skip
WORDS = (
    "Oslo", "oslo", "OSLO", "Bern", "Oslo's", "New", "York", "new york", "-", "'", "_", " ", " ", ".", ",", "!",
    "ß", "ss", "é", "e\u0301", "\u200b", "-based", "s", "1", "٣", "**", "*", "`", "\n", "not ", "answer: ",
    "Answer:", "ANSWER: ", "\t", "سلام", "東京", "日本", "(", ")", '"', "’s", "in ", "is ",
)  # fmt: skip
VERDICTS = (
    "[[3]]", "[[4]]", "[[ 5 ]]", "[[6]]", "[[3.5]]", "[[3/5]]", "[3]", "x[[1]]", "[[yes]]", "[[No]]",
    '{"verdict": 4}', '{"verdict": "4", "explanation": "a } b"}', '{"verdict": true}', "{'verdict': 2}",
    '{"verdict": 3}', "{", "}", '"', "3", "```json\n", "```", "\n", " ", "because", "Example: ",
    "Write [[4]] or [[5]] at the end of your long", "verdict: 4", '{"explanation": "good", "verdict": 5}',
    '{"a": {"verdict": 1}}', "[[", "]]", "of", "**[[2]]**", "<think>", "</think>",
)  # fmt: skip


def texts(tokens: tuple[str, ...], n: int, longest: int, joint: str = "") -> list[str]:
    """n texts of these parts."""
    draw = random.Random(f"{n} {longest} {joint}")
    found = dict.fromkeys(joint.join(draw.choices(tokens, k=draw.randint(1, longest))) for _ in range(n))
    return list(found)


def letters(options: dict[str, str]) -> Callable[[str], Any]:
    """The letters, the marked text and the named option of a text."""
    return lambda text: [
        "".join(named_letters(text, options)),
        option_named(text, options),
        mark_options(text, options),
    ]


def words(text: str) -> str:
    """The words that a text has as whole words, each with and without regard to case."""
    tried = ("Oslo", "oslo", "new york", "York", "ss", "é", "1", "京", "سلام", "-based", "s")
    return " ".join(
        f"{word}{'' if case else '!'}"
        for word in tried
        for case in (True, False)
        if has_word(text, word, ignore_case=case)
    )


def extracted(text: str) -> list[str | None]:
    """What rules cut out of a text."""
    return [
        Extract.from_param(written).apply(text)
        for written in (
            None, {"marker": "answer:"}, {"marker": "Answer:", "take": "first"}, {"pattern": r"([A-Z]\w+)"},
            {"pattern": r"(\w+)[.,!]", "take": "first", "strip_final_dot": True}, {"strip_final_dot": True},
            {"marker": "is ", "pattern": r"^(\S+)"},
        )
    ]  # fmt: skip


def verdicts(text: str) -> list[Any]:
    """What a judge's reply says on three scales."""
    formats = [VerdictFormat.from_param(Scale.from_param(scale), None) for scale in ([1, 5], "yes_no")]
    formats.append(VerdictFormat.from_param(Scale.from_param([1, 5]), r"verdict: (\d)"))
    return [plain(one.parse(text, prompt)) for one in formats for prompt in ("", PROMPT)]


READERS: dict[str, tuple[Callable[[str], Any], list[str]]] = {
    "letters": (letters(COLOURS), texts(ANSWERS, 420, 6, " ")),
    "letters of odd options": (letters(ODD), texts(ANSWERS, 300, 5, " ")),
    "letters without options": (lambda text: "".join(named_letters(text, {})), texts(ANSWERS, 250, 5, " ")),
    "joined letters": (letters(COLOURS), texts(ANSWERS, 250, 4)),
    "options": (options_in, texts((*ANSWERS, "A) x", "\nB) y", "\nC. z", "\n(D) w", "\nA. u"), 120, 7, " ")),
    "reasoning": (lambda text: list(plain(split_reasoning(text)).values()), texts(REASONING, 600, 8)),
    "numbers": (lambda text: [plain_spelling(text), *map(str, find_numbers(text))], texts(NUMBERS, 600, 6)),
    "words": (words, texts(WORDS, 300, 6)),
    "extract": (extracted, texts(WORDS, 120, 7)),
    "verdicts": (verdicts, texts(VERDICTS, 200, 5, " ")),
}  # fmt: skip


def outcome(reader: Callable[[str], Any], text: str) -> Any:
    """What is read, or the sentence of an error."""
    try:
        return plain(reader(text))
    except UsageError as error:
        return f"{type(error).__name__}: {error}"


@pytest.mark.parametrize("kind", READERS)
def test_readings_are_those_of_the_file(kind: str) -> None:
    """Every text of the file is read as it says."""
    reader, _ = READERS[kind]
    pinned = json.loads(FILE.read_text(encoding="utf-8"))[kind]
    assert {text: outcome(reader, text) for text in pinned} == pinned


if __name__ == "__main__":
    lines = [
        f"{json.dumps(kind)}: {{\n"
        + ",\n".join(
            f"{json.dumps(text, ensure_ascii=False)}: {json.dumps(outcome(reader, text), ensure_ascii=False)}"
            for text in found
        )
        + "\n}"
        for kind, (reader, found) in READERS.items()
    ]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
