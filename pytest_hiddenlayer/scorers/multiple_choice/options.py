"""The options of a question, and an output in which each named option is one character.

Each option's text is replaced by one private character. A letter inside the text ('vitamin B') is
then not an answer, and the text after a cue ('the answer is Paris') is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..match.text_match import whole_spans
from ..match.text_normalization import one_line, strip_emphasis, unify_characters

MAX_OPTIONS = 26
FIRST_MARK, LAST_MARK = "\ue000", "\ue019"
_LISTED = re.compile(r"^[ \t]*\(?([A-Z])[).:][ \t]+(\S.*)$", re.MULTILINE)
_MARKS = f"[{FIRST_MARK}-{LAST_MARK}]"
_STRUCK = re.compile(r"~~[^~\n]+~~|<(?:s|del|strike)>[^<\n]*</(?:s|del|strike)>", re.IGNORECASE)
_LATEX_TEXT = re.compile(
    r"\\(?:text(?:bf|rm|it|sf|tt)?|math(?:rm|bf|sf|it|tt|bb)|boldsymbol|bm|mbox|operatorname)\s*\{([^{}]*)\}"
)
_LATEX_SIGNS = re.compile(r"\\[()\[\]]|\\(?:left|right|bf|rm|displaystyle)(?![A-Za-z])|\\[,;:! ]")
_INLINE_MATH = re.compile(r"\$\$?(?=\S)([^$\n]*?\S)\$\$?(?!\d)")
# An emphasized letter is a stronger sign than a bare one: it becomes '(B)'. A single star or bar around a
# small letter may also emphasize the article 'a' or a variable.
_EMPHASIZED = (
    re.compile(r"(?<![\w*\\])(\*{1,3}|_{1,3})[(\[]?([A-Z])[)\].:]{0,2}\1(?![\w*])"),
    re.compile(r"(?<![\w*`\\])(\*\*|`)[(\[]?([A-Za-z])[)\].:]{0,2}\1(?![\w*`])"),
)
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S)")
_EDGES = " \t.,;:!?\"'()[]{}"


def options_in(text: str) -> dict[str, str]:
    """Returns letter → text of the last list of options in `text` ('(A) one', 'B. two'); empty below two options."""
    options: dict[str, str] = {}
    for letter, content in _LISTED.findall(text):
        if letter == "A":
            options = {}
        if letter == chr(ord("A") + len(options)):
            options[letter] = content.strip()
    return options if len(options) > 1 else {}


def same_text(left: str, right: str) -> bool:
    """Returns whether two spellings of an option are equal, apart from typography, case and outer punctuation."""
    return left.strip().casefold() == right.strip().casefold() or _content(left) == _content(right) != ""


def option_named(text: str, options: Mapping[str, str]) -> str | None:
    """Returns the letter of the only option that has exactly this text, or None."""
    letters = [letter for letter, content in options.items() if same_text(text, content)]
    return letters[0] if len(letters) == 1 else None


def mark_options(text: str, options: Mapping[str, str]) -> str:
    """Returns the text in plain spelling with each option's text as the option's private character."""
    text = plain_spelling(re.sub(_MARKS, " ", text))
    # The longest text is tried first, so that 'go' is not found in "don't go".
    for content, letter in sorted(_contents(options).items(), key=lambda item: -len(item[0])):
        for start, end in reversed(list(whole_spans(text, content, ignore_case=True))):
            text = text[:start] + to_mark(letter) + text[end:]
    for letter in options:
        text = _join_letter_and_text(text, letter)
    return text


def plain_spelling(text: str) -> str:
    """Returns the text without emphasis, struck text and LaTeX commands; an emphasized letter becomes '(B)'."""
    text = _STRUCK.sub(" ", unify_characters(text))
    if "\\" in text:
        for _ in range(3):  # nested commands
            text = _LATEX_TEXT.sub(r"\1", text)
        text = _LATEX_SIGNS.sub(" ", text)
    text = _INLINE_MATH.sub(r"\1", text)
    for emphasized in _EMPHASIZED:
        text = emphasized.sub(r"(\2)", text)
    return strip_emphasis(text)


def to_mark(letter: str) -> str:
    """Returns the private character of an option."""
    return chr(ord(FIRST_MARK) + ord(letter) - ord("A"))


def to_letter(character: str) -> str:
    """Returns the letter of an option's private character or of a letter in any case."""
    return chr(ord(character) - ord(FIRST_MARK) + ord("A")) if character >= FIRST_MARK else character.upper()


def _contents(options: Mapping[str, str]) -> dict[str, str]:
    """Spelling → letter. A spelling without its article counts if no other option contains it."""
    spellings = {letter: _content(text) for letter, text in options.items()}
    repeated = {text for text in spellings.values() if list(spellings.values()).count(text) > 1}
    for letter, text in spellings.items():
        if text in repeated:  # '[0, 1)' and '(0, 1]' differ in their outer punctuation only
            spellings[letter] = one_line(plain_spelling(options[letter])).casefold()
    # An option 'A' cannot be distinguished from the letter; other single characters occur in other words.
    contents = {text: letter for letter, text in spellings.items() if len(text) > 1 or text.isdigit()}
    for letter, text in spellings.items():
        short = _ARTICLE.sub("", text, count=1) if _ARTICLE.match(text) else ""
        if len(short) > 1 and not any(f" {short} " in f" {other} " for other in spellings.values() if other != text):
            contents[short] = letter
    return contents


def _content(text: str) -> str:
    """An option's text as it is looked for: plain, on one line, in lower case, without outer punctuation."""
    plain = one_line(plain_spelling(text)).casefold()
    stripped = plain.strip(_EDGES)
    signed = re.match(r"[\"'(\[{]*(\.\d)", plain)  # '.5' is not 5
    return f".{stripped}" if signed and stripped[:1].isdigit() else stripped


def _join_letter_and_text(text: str, letter: str) -> str:
    """'B. ten days' and 'ten days (B)' name one option: '(B)'."""
    mark = to_mark(letter)
    label = rf"(?:{letter}[)\].:,]{{0,2}}|{letter.lower()}[)\].:]{{1,2}})"
    text = re.sub(rf"(?<![A-Za-z0-9_])[(\[]?{label}\s?[-=]?\s?[\"'(]?{mark}[\"')]?", f"({letter})", text)
    return re.sub(rf"{mark}\s?\(\s?(?:option\s)?{letter}\s?\)", f"({letter})", text)
