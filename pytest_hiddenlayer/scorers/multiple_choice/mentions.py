"""Letters in a text, and groups of letters ('A, B and C') that one phrase names together."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .options import FIRST_MARK, LAST_MARK, to_letter

WORD = "A-Za-z0-9_\u00c0-\u024f\u0370-\u052f"
"""Characters of words in scripts with spaces. A letter may touch Chinese, Japanese and Korean characters."""
MARKS = f"{FIRST_MARK}-{LAST_MARK}"
# Not the 'B' of 'vitamin-B', 'U.S.B', "rock'n'B", 'B2', 'B-cell', 'C++', 'C#', "I'm".
NOT_AFTER = rf"(?<![{WORD}])(?<![{WORD}][.'-])"
NOT_BEFORE = rf"(?![{WORD}]|['.-](?!s\b|d[iıuü]r\b)[{WORD}]|\+\+|#)"
OPENING = r"""[("'\[{<]{0,4}"""
CLOSING = r"""[)"'\]}>]{0,4}"""

_MEMBER = re.compile(rf"{OPENING}{NOT_AFTER}([A-Za-z{MARKS}])(?:(?<=[{MARKS}])|{NOT_BEFORE})({CLOSING})")
_RUN = re.compile(rf"{OPENING}([A-Z]{{2,6}}(?![{WORD}'])|[A-Z](?: [A-Z]){{1,5}}(?=\s*(?:$|[\n.)\]}}])))")
_OR = r"\b(?:or|oder|ou|o|u|eller|of|или|lub|veya|atau|hoặc|sau)\b|[/或か]|或者|还是|還是|または|もしくは|또는|이나"
_AND = r"\b(?:and/or|and|as well as|und|et|y|e|ed|en|och|og|и|i|ve|dan|și)\b"
_AND += "|[&+、・]|和|与|與|及|以及|跟|と|や|와|과|나|하고|및"
_JOIN = re.compile(
    r"\s*(?:,?\s*\b(?:but|and)\s+(?:it\s+)?(?:could|might|may|can)\s+(?:also|equally)\s+be\b|[.;,]\s*\b[Aa]lternatively\b,?"
    rf"|(?:(?:[,;(-]|\.{{2,3}})\s*(?:{_OR}|{_AND})(?!\w{{2}})|{_OR}|{_AND}|\bthrough\b)"
    r"(?:\s*\b(?:the answer is|it is|it's|it could be|it might be|it may be)(?!\w))?"
    rf"|,|;(?=\s*{OPENING}[A-Z]{CLOSING}\s*(?:$|[;,.\n])))\s*"
    r"(?:\b(?:also|maybe|perhaps|possibly|either|both|even|probably|option|choice|answer)\b\s*)*"
)
_ALTERNATIVE = re.compile(_OR)
_SECOND_CLAUSE = re.compile(
    r"\s*(?:'s|\b(?:is|was|isn't|wasn't|has|does|doesn't|can|can't|cannot|could|would|will|seems|looks|means|"
    r"says|refers|too|"
    r"describes|fails|fits|works|ist|est|es|è|é)\b|[不错錯是太正が는은가])"
)
# Words that follow a letter and not an article.
_NOT_NOUNS = (
    r"because|since|as|is|was|are|and|or|but|not|for|due|in|on|from|with|by|to|of|at|about|than|vs|versus|given|"
    r"rather|over|through|"
    r"instead|which|that|would|will|should|must|could|can|cannot|may|might|has|does|both|only|also|too|here|if|"
    r"so|then|while|"
    r"whereas|though|although|however|best|fits|works|matches|holds|seems|looks|wins|"
    r"oder|und|ou|et|o|y|e|u|en|och|eller|ist|est|es|è|é|или|и|lub|i|veya|ve|atau|dan|hoặc|weil|car|porque|perché"
)
_AS_LETTER = re.compile(
    rf"""\s*(?:$|[^\w\s'"]|[\u1100-\uffef]|["'](?!\w))|\s+(?:(?:{_NOT_NOUNS})(?!\w)|[A-Z(\ue000-\ue019])"""
)
_PRONOUN = re.compile(r"""\s*(?:$|\n|[.;:!?)\]}"'](?![\w'])|,\s*(?:because|since|as)\b)|\s+(?:because|since|is)\b""")


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Letters that one phrase names together, with their place in the text."""

    letters: tuple[str, ...]
    start: int
    end: int


def group_at(text: str, start: int, options: Mapping[str, str], *, small: bool = True) -> Group | None:
    """Returns the group that begins at `start`, or None if no known letter does.

    `small`: small letters count too. With unknown options a letter is any capital, or a small one before
    punctuation or the end.
    """
    if run := _run_at(text, start, options):
        return run
    first = _member_at(text, start, options, small)
    if first is None:
        return None
    letters, end = [first[0]], first[1]
    is_small, separator = text[start:end].islower(), ""
    while (join := _JOIN.match(text, end)) and (member := _member_at(text, join.end(), options, small=is_small)):
        is_list = _ALTERNATIVE.search(join[0]) or "、" in join[0]
        is_list = is_list or (len(letters) > 1 and ("," not in join[0] or join[0].strip() == separator))
        if not is_list and _SECOND_CLAUSE.match(text, member[1]):
            break  # 'Answer: B, A is too short'
        letters.append(member[0])
        end, separator = member[1], join[0].strip()
    return Group(letters=tuple(dict.fromkeys(letters)), start=start, end=end)


def groups_in(text: str, options: Mapping[str, str]) -> Iterator[Group]:
    """Yields every group of capital letters and option texts, each letter once."""
    position = 0
    while match := _MEMBER.search(text, position):
        group = group_at(text, match.start(), options, small=False)
        if group is not None:
            yield group
        position = max(match.end(), group.end if group else 0)


def is_known(letter: str, options: Mapping[str, str]) -> bool:
    """Returns whether the letter is one of the options; any letter is if they are unknown."""
    return not options or letter in options


def _run_at(text: str, start: int, options: Mapping[str, str]) -> Group | None:
    """'AC': several letters without a separator, in order and all known."""
    match = _RUN.match(text, start)
    if match is None or not options:
        return None
    letters = match[1].replace(" ", "")
    if sorted(set(letters)) != list(letters) or not set(letters) <= set(options):
        return None
    return Group(letters=tuple(letters), start=start, end=match.end())


def _member_at(text: str, start: int, options: Mapping[str, str], small: bool) -> tuple[str, int] | None:
    match = _MEMBER.match(text, start)
    if match is None:
        return None
    letter = to_letter(match[1])
    if not is_known(letter, options) or not _is_letter(text, match, small, bool(options)):
        return None
    return letter, match.end()


def _is_letter(text: str, match: re.Match[str], small: bool, is_listed: bool) -> bool:
    """Whether the character is a letter of an option, not an article, a pronoun or a variable."""
    character, end = match[1], match.end()
    if character >= FIRST_MARK or _is_enclosed(match):
        return True
    if character == "I":
        return _PRONOUN.match(text, end) is not None
    if character == "A":
        return _AS_LETTER.match(text, end) is not None
    if character.isupper():
        return True
    if not small:
        return False
    if character in "aieoy" or not is_listed:  # words of some languages, or variables
        return re.match(r"\s*(?:$|\n|[).,;:*\]}\"'])|\s+(?:because|since|as|is)\b", text[end : end + 20]) is not None
    return True


def _is_enclosed(match: re.Match[str]) -> bool:
    """Whether brackets or quotes enclose the letter: '(a)'."""
    before = match.string[match.start() : match.start(1)]
    return any(o in before and c in match[2] for o, c in ("()", "[]", "{}", '""', "''", "<>"))
