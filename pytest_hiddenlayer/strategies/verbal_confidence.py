"""Reads the confidence that a model states: `80`, `80 %`, `0.8`, `8/10`, `eighty`, `very likely`, `yes`.

The phrases and their probabilities are those of Tian et al. 2023, "Just Ask for Calibration",
arXiv:2305.14975, which takes them from a survey of how people understand such words
(Fagen-Ulmschneider 2015); `very likely`, `very unlikely`, `probable` and `improbable` are added as synonyms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PHRASES = {
    "almost certain": 0.95,
    "highly likely": 0.9,
    "very likely": 0.9,
    "very good chance": 0.8,
    "likely": 0.7,
    "probably": 0.7,
    "probable": 0.7,
    "better than even": 0.6,
    "about even": 0.5,
    "probably not": 0.25,
    "unlikely": 0.2,
    "improbable": 0.2,
    "little chance": 0.1,
    "chances are slight": 0.1,
    "highly unlikely": 0.05,
    "very unlikely": 0.05,
    "almost no chance": 0.02,
}
"""Phrase → probability. The survey has no probability for other words, such as `confident`."""
_UNITS = "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen"
_UNITS += " seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_NUMBER_WORDS = {word: value for value, word in enumerate(_UNITS.split())}
_NUMBER_WORDS |= {word: 10 * value for value, word in enumerate(_TENS.split(), 2)}
_SPELLED = re.compile(
    r"\b(?:(?P<hundred>(?:one |a )?hundred)"
    rf"|(?P<tens>{'|'.join(_TENS.split())})(?:[ -](?P<unit>{'|'.join(_UNITS.split()[1:10])}))?"
    rf"|(?P<small>{'|'.join(sorted(_UNITS.split(), key=len, reverse=True))}))\b"
)
_NUMBER = re.compile(
    r"(?<![\w.,])(?P<value>[-−–]?\d{1,6}(?:\.\d{1,6}|,\d{1,2}(?!\d))?|[-−–]?\.\d{1,6})"
    r"(?:\s*(?P<percent>%|per\s?cent\b)|\s*(?:/|out of)\s*(?P<whole>\d{1,4})(?![\w.]))?(?!\w|[.,]\d)"
)
_SCALE = re.compile(r"(?:(?:\bfrom|\bbetween|\bscale of|\(|\[)\s*)?\b0\s*(?:-|–|to|and)\s*100\b(?!\s*%)")
_PHRASE = re.compile(rf"\b(not )?({'|'.join(sorted(PHRASES, key=len, reverse=True))})\b")
_YES_OR_NO = re.compile(r"\W*+(?:answer\s*+[:=]\s*+)?\W*+(yes|true|correct|no|false|incorrect|wrong)\b")
_YES = frozenset({"yes", "true", "correct"})
_CONTRADICTED = re.compile(r"\W{0,20}(?:or|and|/)\W{0,20}(?:yes|true|correct|no|false|incorrect|wrong)\b")


def read_confidence(text: str) -> float | None:
    """Returns the confidence in [0, 1] that a reply on the scale 0 to 100 states; None if it cannot be read.

    A number is in percent, unless it is written as a fraction (`8/10`) or with decimals and at most 1
    (`0.8`). Several different numbers or phrases, a number outside its scale and a negated phrase (`not
    likely`) cannot be read.
    """
    plain = _SCALE.sub(" ", text.casefold().replace("*", "").replace("_", ""))
    values = set(_numbers(plain)) or set(_spelled(plain)) or set(_phrases(plain))
    value = values.pop() if len(values) == 1 else None
    return value if value is not None and 0 <= value <= 1 else None


def repeats_a_number(reply: str, answer: str) -> bool:
    """Returns whether a reply of several words has a plain number of the answer: `It is 7 days.` after `7 days`.

    A reply that is only a number, and a number in percent or out of a whole, are confidences whatever the answer is.
    """
    if not re.search(r"[^\W\d_]", reply):
        return False
    plain = {match["value"] for match in _NUMBER.finditer(reply) if not (match["percent"] or match["whole"])}
    return bool(plain & {match["value"] for match in _NUMBER.finditer(answer)})


def read_yes_or_no(text: str) -> float | None:
    """Returns 1.0 for a reply that begins with yes, true or correct, 0.0 for no, false or wrong, else None."""
    match = _YES_OR_NO.match(text.casefold())
    if match is None or _CONTRADICTED.match(text.casefold(), match.end()):
        return None
    return float(match[1] in _YES)


def _numbers(text: str) -> Iterator[float | None]:
    """Each number as a probability; None if it has none."""
    for match in _NUMBER.finditer(text):
        written = match["value"].replace(",", ".").replace("−", "-").replace("–", "-")
        value = float(written)
        if match["whole"]:
            yield value / int(match["whole"]) if int(match["whole"]) else None
        elif "." in written and value <= 1 and not match["percent"]:
            yield value
        else:
            yield value / 100


def _spelled(text: str) -> Iterator[float]:
    for match in _SPELLED.finditer(text):
        if match["hundred"]:
            yield 1.0
        else:
            words = filter(None, (match["tens"], match["unit"], match["small"]))
            yield sum(_NUMBER_WORDS[word] for word in words) / 100


def _phrases(text: str) -> Iterator[float | None]:
    for match in _PHRASE.finditer(text):
        yield None if match[1] else PHRASES[match[2]]
