"""English text as sentences, and sentences as the stems of their content words."""

from __future__ import annotations

import re
import unicodedata

_ENDS = re.compile(r"(?<=[.!?…。！？])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\W\d_a-z]|[\"'“‘(\[]*\d)|(?<=[。！？])|\n+")
_SHORT = re.compile(r"(?:\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|vs|etc|e\.g|i\.e|cf|approx)|\b[A-Z])\.$")
_BEFORE_NUMBER = re.compile(r"\b(?:No|Nos|Fig|Eq|Sec|Ch|vol|pp?)\.$")
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_BULLET = re.compile(r"^\s*(?:[-*•#>]+|\d+[.)])\s+")
_FUNCTION_WORDS = """
    a about above across after again against all almost along already also although always am among an and
    another any anyone anything are around as at away back be became because become been before behind being below
    between both but by can cannot could did do does doing done down during each either else enough even ever every
    few first for from further get gets give given go goes got had has have having here how however i if in indeed
    instead into is it its itself just last least less let like made make makes many may me might mine more most
    much must my myself near neither never next no nor not nothing now of off often on once one only onto or other
    others our ours out over own perhaps quite rather really same say says second see seem seems several shall
    should since so some something sometimes soon still such take than that the then there therefore these they
    this those though three through thus to together too toward two under until up upon us use used very was way we
    well were what whatever when where whether which while who whole whom whose why will with within without would
    yet you your yours yourself he him his himself she her hers herself them their theirs themselves"""
FUNCTION_WORDS = frozenset(_FUNCTION_WORDS.split())


def sentences(text: str) -> list[str]:
    """The sentences, split after . ! ? before a capital or digit, and at line breaks; bullets are dropped."""
    found: list[str] = []
    for piece in _ENDS.split(unicodedata.normalize("NFC", text)):
        part = _BULLET.sub("", piece or "").strip()
        if found and part and _goes_on(found[-1], part):
            found[-1] = f"{found[-1]} {part}"
        elif _WORD.search(part):
            found.append(part)
    return found


def _goes_on(before: str, part: str) -> bool:
    """Whether a dot ended no sentence: after an abbreviation or an initial."""
    return bool(_SHORT.search(before) or (part[0].isdigit() and _BEFORE_NUMBER.search(before)))


def words(sentence: str) -> list[str]:
    """Its words in order, in lower case, without a possessive 's."""
    return [re.sub(r"['’]s$", "", match.casefold()) for match in _WORD.findall(sentence)]


def content(sentence: str) -> set[str]:
    """The stems of its words that are no function words: what a sentence is about, roughly."""
    return {
        stem(word) for word in words(sentence) if word not in FUNCTION_WORDS and (len(word) > 2 or word.isdigit())
    }


def stem(word: str) -> str:
    """The word without its commonest endings; as crude as it needs to be for `shops`, `shopped` and `shopping`."""
    for ending, put in (
        ("ies", "y"),
        ("sses", "ss"),
        ("ing", ""),
        ("edly", ""),
        ("ed", ""),
        ("ly", ""),
        ("es", ""),
        ("s", ""),
    ):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and not word.endswith("ss"):
            word = word.removesuffix(ending) + put
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word
