r"""Finds the expression that an output gives as its answer, and parses it.

The answer is the last \boxed{}; else the last expression between $ … $, \( … \), \[ … \], or in
Markdown's emphasis or code; else the whole text if it is only notation; else the notation after
a cue ('the answer is'); else the last expression of LaTeX's commands; else the last number.
"""

from __future__ import annotations

import re
from typing import Any

from .latex_spelling import SPACELESS as _SPACELESS
from .latex_spelling import latex_spelling

_ATOM = (
    r"(?:[\s\d.,;:=<>+\-*/^()\[\]{}|!&_%~]|\\(?:begin|end)\{[a-z]+\*?\}(?:\{[clr|]+\})?|\\text\{[^{}]*\}"
    r"|\\[a-zA-Z]+|\\[\\{}%,;:!$ |]|[a-zA-Z](?![a-zA-Z])|sqrt|pi)"
)
_NOTATION = re.compile(rf"{_ATOM}+")
"""Text that is only notation: without a word of two or more letters, except `sqrt` and `pi`."""

_DELIMITED = re.compile(r"\$|\\boxed|\\\(|\\\[")
_FENCE = re.compile(r"^[ \t]*```+[^\n`]*$", re.MULTILINE)
_EMPHASIS = tuple(
    re.compile(
        rf"(?<![A-Za-z0-9)\]}}*^_\\{{$]){mark}(?=[^\s{inner}])((?:(?!{mark})[^\n])+?)(?<!\s){mark}(?![A-Za-z0-9(*{inner}])"
    )
    for mark, inner in (
        (r"\*\*\*", "*"),
        (r"\*\*", "*"),
        (r"\*", "*"),
        ("__", "_"),
        ("_", "_"),
        ("``", "`"),
        ("`", "`"),
    )
)
_QUOTED = re.compile(r"[\"“”„«]([-+−]?[\d\\][^\"“”„«»\n]*)[\"“”»]")
_JSON_VALUE = re.compile(r"(?<=:)\s?\"([-+]?[\d(\[\\][^\"$\n]*)\"(?=\s*[,}])")
_CONJUNCTION = re.compile(r",?\s+(?:and|or)\s+")
_TAGS = re.compile(r"<([a-z][a-z_]{0,20})>(?!\s)([^<>\n]+)(?<!\s)</\1>", re.IGNORECASE)  # <b>, <answer>
_BOLD_IN_BOX = re.compile(r"\\boxed\{\s?(\*{1,2})([^*{}\n]+)\1\s?\}")
_LABEL = re.compile(r"[\d\s]*[.):]|[a-zA-Z]?")  # '**1.**', '`x`'
_PRODUCTS = re.compile(
    r"(?=.*[-+*/^=])[^a-zA-Z\s]*(?:[a-zA-Z]{1,2}[^a-zA-Z\s]+)*[a-zA-Z]{0,2}|\d*[abxyz]{2,3}"
)  # ad-bc, 2xy
_QUANTITY = re.compile(r"([-+]?\d[\d.,]*)\s+[a-zA-Z][*/^{}\d\s\-a-zA-Z]*[/^][*/^{}\d\s\-a-zA-Z]*")  # 9.8 m/s^2
_CUE = re.compile(
    rf"(?:\b(?:answer|result|solution|value)\b|答案|答え|답|결과)[^\n]{{0,20}}?(?:\bis\b|:|=|\s)\s*({_ATOM}+?)[.\s]*$",
    re.IGNORECASE,
)
_BRACKETED = re.compile(
    rf"\b(?:is|are)\s+([(\[{{](?=[^()\[\]{{}}]*,){_ATOM}+[)\]}}])[.\s]*\Z"
)  # 'The point is (1, 2).'
_ENVIRONMENT = re.compile(
    r"(?:\\left\s*(?:[(\[|.]|\\\{)\s*)?\\begin\{(\w+\*?)\}.*?\\end\{\1\}(?:\s*\\right\s*(?:[)\]|.]|\\\}))?", re.DOTALL
)
_BRACED = r"\{(?:[^{}\n]|\{(?:[^{}\n]|\{[^{}\n]*\})*\})*\}"
_SYMBOL = rf"\\(?!text|boxed|times|cdot|div|pm)[a-zA-Z]+(?:\[\d\])?(?:{_BRACED})*"
_TERM = rf"(?:{_SYMBOL}|[\d.()^_!]|{_BRACED}|(?<![a-zA-Z])[a-zA-Z](?![a-zA-Z]))+"
_COMMANDS = re.compile(rf"-?{_TERM}(?:[ ]?(?:[-+*/=]|\\(?:times|cdot|div|pm)(?![a-zA-Z]))[ ]?{_TERM})*")
_COMMAND = re.compile(r"\\(?!circ|text|quad|left|right|boxed)[a-zA-Z]{2,}")


def read_expressions(text: str) -> list[Any]:
    """Returns what was parsed, first the expression, perhaps followed by its text; empty if nothing was."""
    latex = latex_spelling(_without_emphasis(text))
    boxed = latex.rfind(r"\boxed{")
    if boxed >= 0 and (last := _parse(latex[boxed:])):  # math-verify would take all of several boxes
        return last
    if not _DELIMITED.search(latex):
        for candidate in _undelimited(latex):
            if found := _parse(f"${candidate}$"):
                return found
    return _parse(latex)


def _undelimited(latex: str) -> list[str]:
    """The expressions to try, best first."""
    candidates = [whole for whole in (latex.strip(), _within_letters(latex)) if _NOTATION.fullmatch(whole)]
    listed = _CONJUNCTION.sub(", ", latex.strip())
    if _NOTATION.fullmatch(listed):
        candidates.append(listed)
    if cued := _CUE.search(latex.strip()):
        quantity = _QUANTITY.fullmatch(cued[1].strip())
        candidates.append(quantity[1] if quantity else cued[1].strip().rstrip("."))
    if bracketed := _BRACKETED.search(latex):
        inner = bracketed[1]
        candidates.append(rf"\{{{inner[1:-1]}\}}" if inner.startswith("{") else inner)
    candidates += [match[0] for match in _ENVIRONMENT.finditer(latex)][-1:]
    if _PRODUCTS.fullmatch(latex.strip()):
        candidates.append(latex.strip())
    runs = [match[0].rstrip(".=") for match in _COMMANDS.finditer(latex) if _COMMAND.search(match[0])]
    return list(dict.fromkeys(candidates + runs[-1:]))


def _within_letters(text: str) -> str:
    """'5' for '答案是 5 . ', where words are not separated by spaces."""
    outside = rf"[\s.,:;{_SPACELESS}]"
    return re.sub(rf"^{outside}*[{_SPACELESS}]{outside}*|{outside}+$", "", text)


def _without_emphasis(text: str) -> str:
    """Notation in emphasis or code becomes an expression between dollars; other emphasis only loses its marks."""
    if "`" in text:
        text = _FENCE.sub("", text)
    text = _QUOTED.sub(r"\1", _JSON_VALUE.sub(r" $\1$ ", text))
    text = _BOLD_IN_BOX.sub(r"\\boxed{\2}", _TAGS.sub(r"**\2**", text))
    for pattern in _EMPHASIS:
        text = pattern.sub(_unemphasize, text)
    return text


def _unemphasize(match: re.Match[str]) -> str:
    inner = match[1].strip()
    is_answer = _NOTATION.fullmatch(latex_spelling(inner)) and not _LABEL.fullmatch(inner)
    if not is_answer or _DELIMITED.search(inner):
        return match[1]
    return f" ${inner.rstrip('.')}$ "


def _parse(text: str) -> list[Any]:
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse

    rules = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    parsed = parse(text, extraction_config=rules, parsing_timeout=None)
    return [value for value in parsed if not isinstance(value, str)] and list(parsed)
