"""The options of a question, and an output in which each named option is one character.

Each option's text is replaced by one private character. A letter inside the text ('vitamin B') is
then not an answer, and the text after a cue ('the answer is Paris') is.
"""

from __future__ import annotations

import re
import unicodedata
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
_LATEX_NAMES = re.compile(r"((?<=[\w)]))?\\(?=(?:log|ln|lg|exp|sin|cos|tan|min|max|gcd|mod|det|lim)(?![A-Za-z]))")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{([^{}]*)\}\s*\{([^{}]*)\}")
_LATEX_CHARACTERS = {
    r"\times": "×",
    r"\cdot": "·",
    r"\pi": "π",
    r"\infty": "∞",
    r"\leq": "≤",
    r"\le": "≤",
    r"\geq": "≥",
    r"\ge": "≥",
    r"\neq": "≠",
    r"\ne": "≠",
    r"\pm": "±",
    r"\%": "%",
    r"\$": "$",
    r"\&": "&",
    r"\_": "_",
}
_LATEX_CHARACTER = re.compile("|".join(rf"{re.escape(name)}(?![A-Za-z])" for name in _LATEX_CHARACTERS))
_EXPONENT = re.compile(r"\^\{\s*([^{}\s]+)\s*\}")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ", "0123456789-+n")
_SUPERSCRIPT = re.compile(r"(?<=[\w)\]])[⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺ⁿ]+")
# Letters in circles, squares and brackets, and the bold and sans-serif letters of mathematics.
_ENCLOSED_LETTER = re.compile(
    "[\u24b6-\u24e9\u249c-\u24b5\U0001f110-\U0001f149\U0001f150-\U0001f169\U0001f170-\U0001f189]"
)
_MATHEMATICAL_LETTER = re.compile("[\U0001d400-\U0001d6a3]")
_INLINE_MATH = re.compile(r"\$\$?(?=\S)([^$\n]*?\S)\$\$?(?!\d)")
# An emphasized letter is a stronger sign than a bare one: it becomes '(B)'. A single star or bar around a
# small letter may also emphasize the article 'a' or a variable.
_EMPHASIZED = (
    re.compile(r"(?<![\w*\\])(\*{1,3}|_{1,3})[(\[]?([A-Z])[)\].:]{0,2}\1(?![\w*])"),
    re.compile(r"(?<![\w*`\\])(\*\*|`)[(\[]?([A-Za-z])[)\].:]{0,2}\1(?![\w*`])"),
)
_ARTICLE = re.compile(r"(?:the|an?)\s+(?=\S)")
_EDGES = " \t.,;:!?\"'"
_BRACKETS = "()[]{}"
# 'no' before a noun ('no doubt') is not the option 'no'.
_DETERMINER = re.compile(
    r" (?!(?:because|since|as|it|this|that|these|those|they|he|she|the|there|i|we|you|is|would|was|for|due|and|or|"
    r"but)\b)[a-z]",
    re.IGNORECASE,
)
_EMPTY_BOX = re.compile(r"^[ \t]*(?:[-*][ \t]+)?(?:\[ ?\]|\( ?\))[ \t]+(?=\(?[A-Z])|[☐□⬜]\s*", re.MULTILINE)
_CHECKED_BOX = re.compile(
    r"^[ \t]*(?:[-*][ \t]+)?(?:\[[xX✓✔]\]|\([xX✓✔]\))[ \t]+(?=\(?[A-Z])|[☑☒✅]\s*", re.MULTILINE
)
_ARROW_AFTER = re.compile(
    r"\s*(?:←|⟵|⇐|<[-=]+)\s*(?:the\s+)?(?:correct|right|answer|this)\b(?:[ \t]+(?:answer|one))?", re.IGNORECASE
)
_LIST_ITEM = re.compile(r"^[ \t]*(?:[-*•][ \t]+)?[(\[]?[A-Z][)\].:]+[ \t]", re.MULTILINE)
_HIGHLIGHTED = re.compile(
    r"^[ \t]*(?:[-*•][ \t]+)?(?:\*\*|__|→|➡|=>|->|>>)[ \t]*(?=[(\[]?[A-Z][)\].:]+[ \t*_])", re.MULTILINE
)
_IDEOGRAPH = re.compile("[\u3400-\u9fff]")
_NOT_APPLICABLE = re.compile(r"(?<![\w/])n/a(?![\w/])", re.IGNORECASE)
_PAIRS = ("()", "[]", "{}")


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


_SPACED_GROUPS = re.compile(r"^\d{1,3}(?:[^\S\n]\d{3})+(?!\d)", re.MULTILINE)  # thousands, where a line begins
_TIME = re.compile(r"(?<![\w:.])\d{1,2}(?::[0-5]\d){1,2}(?![\w:])")


def mark_options(text: str, options: Mapping[str, str]) -> str:
    """Returns the text in plain spelling with each option's text as the option's private character."""
    text = plain_spelling(re.sub(_MARKS, " ", text))
    if not any(_SPACED_GROUPS.search(content) for content in options.values()):
        text = _SPACED_GROUPS.sub(lambda match: re.sub(r"\s", "", match[0]), text)  # '1 500' does not contain '500'
    if not any(_TIME.search(content) for content in options.values()):
        text = _TIME.sub(" ", text)  # '3:30' contains neither '3' nor '30'
    # The longest text is tried first, so that 'go' is not found in "don't go".
    for content, letter in sorted(_contents(options).items(), key=lambda item: -len(item[0])):
        for start, end in reversed(list(whole_spans(text, content, ignore_case=True, spaced_operators=True))):
            if content == "no" and _DETERMINER.match(text, end):
                continue
            text = text[:start] + to_mark(letter) + text[end:]
    text = _NOT_APPLICABLE.sub(" ", _mark_ideographs(text, options))
    for letter in options:
        text = _join_letter_and_text(text, letter)
    return text


def _mark_ideographs(text: str, options: Mapping[str, str]) -> str:
    """The text with options of one Chinese character marked where the character is a word: '答案是火。'."""
    for letter, content in options.items():
        if _IDEOGRAPH.fullmatch(content.strip()):
            text = re.sub(
                rf"(?:(?<!\w)|(?<=[是为為选選は])){content.strip()}(?=\W|$|です|だ|は)", to_mark(letter), text
            )
    return text


def plain_spelling(text: str) -> str:
    """Returns the text without emphasis, struck text and LaTeX commands; an emphasized letter becomes '(B)'."""
    text = _plain_characters(_STRUCK.sub(" ", unify_characters(text)))
    if "\\" in text:
        for _ in range(3):  # nested commands
            text = _LATEX_TEXT.sub(r"\1", text)
        text = _FRACTION.sub(_ratio, _LATEX_NAMES.sub(lambda match: "" if match[1] is None else " ", text))
        text = _LATEX_CHARACTER.sub(lambda match: _LATEX_CHARACTERS[match[0]], text)
        text = _LATEX_SIGNS.sub(" ", text)
    text = _mark_choices(_EXPONENT.sub(r"^\1", text))
    text = _INLINE_MATH.sub(r"\1", text)
    for emphasized in _EMPHASIZED:
        text = emphasized.sub(r"(\2)", text)
    return strip_emphasis(text)


def _mark_choices(text: str) -> str:
    """The text with '✅' and '❌' for checked and empty boxes; an arrow or bold type marks the only one of a list."""
    if _EMPTY_BOX.search(text):
        text = _EMPTY_BOX.sub("\n❌ ", _CHECKED_BOX.sub("\n✅ ", text))
    text = _ARROW_AFTER.sub(": correct", text)
    if len(_HIGHLIGHTED.findall(text)) == 1 and _LIST_ITEM.search(text):
        text = _HIGHLIGHTED.sub("✅ ", text)
    return text


def _plain_characters(text: str) -> str:
    """Enclosed letters as '(B)', the letters of mathematics as ASCII ones, exponents as '^2'."""
    if text.isascii():
        return text
    text = _ENCLOSED_LETTER.sub(lambda match: f"({_enclosed(match[0])})", text)
    text = _MATHEMATICAL_LETTER.sub(lambda match: unicodedata.normalize("NFKC", match[0]), text)
    return _SUPERSCRIPT.sub(lambda match: f"^{match[0].translate(_SUPERSCRIPTS)}", text)


def _enclosed(character: str) -> str:
    """The letter that the name of an enclosed one ends in: 'NEGATIVE SQUARED LATIN CAPITAL LETTER B'."""
    return unicodedata.name(character)[-1]


def _ratio(match: re.Match[str]) -> str:
    r"""'\frac{1}{2}' as '1/2'."""
    parts = (part.strip() for part in match.groups())
    return "/".join(part if re.fullmatch(r"[\w.]*", part) else f"({part})" for part in parts)


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
    stripped = _strip_edges(plain)
    signed = re.match(r"[\"'(\[{]*(\.\d)", plain)  # '.5' is not 5
    return f".{stripped}" if signed and stripped[:1].isdigit() else stripped


def _strip_edges(text: str) -> str:
    """The text without outer punctuation; brackets go in pairs, so that 'f(n)' keeps its own."""
    while True:
        stripped = text.strip(_EDGES)
        if len(text) > 1 and f"{text[0]}{text[-1]}" in _PAIRS and _is_balanced(text[1:-1]):
            stripped = text[1:-1]
        elif not _is_balanced(text):
            stripped = text.strip(_EDGES + _BRACKETS)
            stripped = stripped if _is_balanced(stripped) else text.strip(_EDGES)
        if stripped == text:
            return text
        text = stripped


def _is_balanced(text: str) -> bool:
    depth = 0
    for character in text:
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            return False
    return depth == 0


def _join_letter_and_text(text: str, letter: str) -> str:
    """'B. ten days' and 'ten days (B)' name one option: '(B)'."""
    mark = to_mark(letter)
    label = rf"(?:{letter}[)\].:,]{{0,2}}|{letter.lower()}[)\].:]{{1,2}})"
    text = re.sub(rf"(?<![A-Za-z0-9_])[(\[]?{label}\s?[-=|]?\s?[\"'(]?{mark}[\"')]?", f"({letter})", text)
    return re.sub(rf"{mark}\s?\(\s?(?:option\s)?{letter}\s?\)", f"({letter})", text)
