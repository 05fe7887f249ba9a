r"""Respells an answer in LaTeX, for a parser of LaTeX.

'√2', 'x²', '½', '2**(1/4)', '5e3' and '12~500' become '\sqrt{2}', 'x^{2}', '\frac{1}{2}', '2^{1/4}',
'5\times10^{3}' and '12500'. Markdown's marks go. Words stay.
"""

from __future__ import annotations

import re
import unicodedata

from ..match.number_spelling import (
    LOWERED,
    RAISED,
    VULGAR_FRACTION,
    ascii_characters,
    plain_digits,
    vulgar_fraction,
    with_decimal_points,
    without_grouping,
)

_SYMBOLS = {
    "×": r"\times ",
    "÷": r"\div ",
    "·": r"\cdot ",
    "±": r"\pm ",
    "≤": r"\le ",
    "⩽": r"\le ",
    "≦": r"\le ",
    "≥": r"\ge ",
    "⩾": r"\ge ",
    "≧": r"\ge ",
    "≠": r"\ne ",
    "＜": "<",
    "＞": ">",
    "＝": "=",
    "∞": r"\infty ",
    "∪": r"\cup ",
    "∩": r"\cap ",
    "∈": r"\in ",
    "∅": r"\emptyset ",
    "⟨": r"\langle ",
    "⟩": r"\rangle ",
    "⌊": r"\lfloor ",
    "⌋": r"\rfloor ",
    "⌈": r"\lceil ",
    "⌉": r"\rceil ",
    "√": r"\sqrt",
    "°": r"^\circ",
    "º": r"^\circ",
    "∣": "|",
    "｛": r"\{",
    "｝": r"\}",
    "。": ". ",
    "、": ", ",
    "：": ": ",
    "；": "; ",
    "ℝ": r"\mathbb{R}",
    "ℤ": r"\mathbb{Z}",
    "ℕ": r"\mathbb{N}",
}
_GREEK = {
    "α": "alpha",
    "β": "beta",
    "γ": "gamma",
    "δ": "delta",
    "ε": "epsilon",
    "θ": "theta",
    "λ": "lambda",
    "μ": "mu",
    "µ": "mu",
    "π": "pi",
    "ρ": "rho",
    "σ": "sigma",
    "τ": "tau",
    "φ": "phi",
    "ω": "omega",
}
_REPLACEMENTS = str.maketrans(_SYMBOLS | {letter: rf"\{name} " for letter, name in _GREEK.items()})
# Letters of scripts that do not separate words by spaces, and Korean's, which attaches particles.
SPACELESS = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af\u0e00-\u0eff"
_BESIDE_SPACELESS = re.compile(rf"(?<=[{SPACELESS}])(?=[!-~])|(?<=[!-~])(?=[{SPACELESS}])")
_STYLED = re.compile("[\U0001d400-\U0001d7ff]")  # mathematical bold, italic, …
_RAISED_LETTERS = re.compile("[²³¹⁰-ⁿˣʸᵃᵇᵏᵐ]*[ⁱⁿˣʸᵃᵇᵏᵐ][²³¹⁰-ⁿˣʸᵃᵇᵏᵐ]*")
_LOWERED_LETTERS = re.compile("[₀-₎]*[ₐ-ₜᵢⱼ][₀-ₜᵢⱼ]*")
_MONEY = re.compile(r"[€£¥₹₩]\s?(?=[\d.])|(?<=\d)\s?[€£¥₹₩]")
_CODE = re.compile(r"\b(?:USD|EUR|GBP|JPY|CHF|INR|CNY)\s(?=\d)")
_PI = re.compile(r"(?:(?<=[\d({=*/+\-$^])|(?<=[\d(=*/+\-] )|\A)pi(?!\s?[a-zA-Z])")
_VARIANT = re.compile(r"\\var(?=(?:phi|epsilon|theta|rho|sigma|pi)(?![a-zA-Z]))")
_E_NOTATION = re.compile(r"(?:(?<![\w\\.}])|(?<=matrix\}))(\d+(?:\.\d+)?|\.\d+)[eE]([-+]?\d{1,4})(?!\w|\.\d)")
_LATEX_GROUPING = re.compile(
    r"(?<=\d)(?:\{\s?(?:\\?,|~|\\[:; ])\s?\}|\\[,;: ]|~|,\\!|\\(?:thin|med|thick)space\s?)(?=\d{3}(?!\d))"
)
_SHORT_ROOT = re.compile(r"\\sqrt\s*(\d+(?:\.\d+)?|[a-zA-Z](?![a-zA-Z]))")
_QUANTITY = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\{\s*([-+]?\d[\d.,]*(?:/\d+)?)\s+([A-Za-z][^{}]*)\}")
_ROW_END = re.compile(r"\\cr(?![a-zA-Z])")
_ROW_SPACING = re.compile(r"\\\\\[[-\d.]+\s?[a-z]{2}\]")
_LONG_EXPONENT = re.compile(r"\^(-?\d{2,}|[-+]\d|\\frac\{\d+\}\{\d+\})")
_ANGLE = re.compile(r"\\([lr])angle(?![a-zA-Z])")
_LABEL = re.compile(r"\\text\{[^{}]*(?:[:=]|\b(?:is|are|equals))\s*\}")
_FINAL_DOT = re.compile(r"(?<=[\d})\]])[.,](?=\s*(?:\}|\$|\\\)|\\\]))")
_BOX = re.compile(r"\\(?:fbox|boxed(?=\s))\s*(?=\{)")
_BARE_BOX = re.compile(r"\\boxed\s*([-+]?\d[\d.]*)")
_WORDED_BASE = re.compile(r"_\{\s?\\(?:text|mathrm)\{\s?(\w+)\s?\}\s?\}")
_REPEATING = re.compile(r"(\d*)\.(\d*)\\(?:overline|dot)\s?\{(\d{1,30})\}")
_UNIT = r"(?:[cdkmµnM]?(?:m|g|s|L|N|J|W|V|A|Pa|Hz|mol|eV)|K|h|hr|min|sec|ft|in|mi|yd|lb|oz|mph|C|F|T)"
_POWER = r"(?:\^(?:\{-?\d\}|-?\d))"
_COMPOUND_UNIT = re.compile(
    rf"(?:(?<=[\d}}])|(?<=\\pi))(?:\s|\\[,;: ])+(?:{_UNIT}{_POWER}|"
    rf"{_UNIT}{_POWER}?(?:\s?(?:/|\*|\\cdot)\s?{_UNIT}{_POWER}?)+)"
    r"(?=\s*(?:\}|\$|\.?\s*\Z))"
)
_WORD = r"\\(?:text|mathrm)\{[^{}]*\}"
_SET_UNIT = re.compile(
    rf"(?<=\d)(?:\s|~|\\[,;: ])*(?:\\[dt]?frac\{{{_WORD}\}}\{{{_WORD}{_POWER}?\}}|{_WORD}{_POWER})"
    r"(?=\s*(?:\}|\$|\.?\s*\Z))"
)
_MIXED_PERCENT = re.compile(r"(?<![\d.])(\d{1,9})\s?\\[dt]?frac\{(\d{1,9})\}\{(\d{1,9})\}(?=\s?\\?%)")
_MIXED = re.compile(r"(?<![\w.^/}])(\d{1,9})(?: |\\ )(\d{1,9})/(\d{1,9})(?![\d/]|\.\d)")
_LETTER_TIMES = re.compile(r"(?<=\d)\s?[xX]\s?(?=10\s?\^)")
_FUNCTION = re.compile(
    r"(?<![a-zA-Z])(?<!(?<!\\)\\)(sqrt(?=\s*\(|\s\d)|(?:(?:arc)?(?:sin|cos|tan)|cot|sec|csc|log|ln|exp)(?=[(_^])"
    r"|(?:(?:arc)?(?:sin|cos|tan)|cot|log|ln)(?=\s(?:\d|[a-zA-Z](?![a-zA-Z])|\\(?!text)[a-zA-Z])))"
)
_TEMPERATURE = re.compile(r"\^\{?\\circ\}?\s*[CF](?![a-zA-Z])")
_LETTER_D = re.compile(r"(?<![\\a-zA-Z{])d(?![a-zA-Z}])")
_OTHER_MATRIX = re.compile(r"\\(begin|end)\{(?:small|B)matrix\*?\}")


def latex_spelling(text: str) -> str:
    """Returns the text with its mathematics respelled in LaTeX; words and LaTeX stay unchanged."""
    if not text.isascii():
        text = _unicode_as_latex(text)
    if "\\" in text:
        text = _regular_commands(_CODE.sub("", text))
    text = _PI.sub(r"\\pi ", _COMPOUND_UNIT.sub("", with_decimal_points(text)))
    text = _LATEX_GROUPING.sub("~", text.replace("\\!", "") if "\\" in text or "~" in text else text)
    text = _E_NOTATION.sub(r"\1\\times10^{\2}", without_grouping(text))
    text = _FINAL_DOT.sub("", _LABEL.sub("", text.replace("\\$", "").replace("**", "^")))
    text = _ANGLE.sub(lambda m: "(" if m[1] == "l" else ")", _LONG_EXPONENT.sub(r"^{\1}", text))
    text = _MIXED.sub(_mixed_number, _LETTER_TIMES.sub(r"\\times ", _MIXED_PERCENT.sub(_improper_fraction, text)))
    text = text.replace(r"\varnothing", r"\emptyset")
    if r"\begin" in text:  # in an environment two backslashes end a row
        text = _LETTER_D.sub("{d}", _ROW_END.sub(r"\\\\", text))  # alone, the parser takes it for a differential
        text = _OTHER_MATRIX.sub(r"\\\1{pmatrix}", _ROW_SPACING.sub(r"\\\\", text))
    else:
        text = re.sub(r"\\\\(?=[a-zA-Z])", r"\\", text)
    text = _TEMPERATURE.sub(r"^\\circ", _FUNCTION.sub(r"\\\1", text))
    for opening in (r"\sqrt", "^"):
        text = _brace(text, opening)
    return _QUANTITY.sub(r"\1\\text{ \2}", _SHORT_ROOT.sub(r"\\sqrt{\1}", text))


def _regular_commands(text: str) -> str:
    r"""'\boxed 5' as '\boxed{5}', '_{\text{two}}' as '_{two}', repeating decimals as fractions; without units."""
    text = _BARE_BOX.sub(r"\\boxed{\1}", _BOX.sub(r"\\boxed", _WORDED_BASE.sub(r"_{\1}", text)))
    text = _VARIANT.sub(r"\\", text)
    return _SET_UNIT.sub("", _REPEATING.sub(_repeating_decimal, text))


def _unicode_as_latex(text: str) -> str:
    text = ascii_characters(_STYLED.sub(_compatible, _MONEY.sub("", text)))
    text = _RAISED_LETTERS.sub(lambda m: f"^{{{_compatible(m)}}}", text)
    text = _LOWERED_LETTERS.sub(lambda m: f"_{{{_compatible(m)}}}", text)
    text = VULGAR_FRACTION.sub(lambda m: r"\frac{{{}}}{{{}}}".format(*vulgar_fraction(m[0])), text)
    text = RAISED.sub(lambda m: f"^{{{plain_digits(m[0])}}}", text)
    text = LOWERED.sub(lambda m: f"_{{{plain_digits(m[0])}}}", text)
    text = text.replace("∛", r"\sqrt[3]").replace("∜", r"\sqrt[4]")
    text = re.sub(r"(\\sqrt\[\d\])\s*(\d+|[a-zA-Z])", r"\1{\2}", text)
    return _BESIDE_SPACELESS.sub(" ", text.translate(_REPLACEMENTS))


def _compatible(match: re.Match[str]) -> str:
    """The letters and signs in plain form: 'n-1' for 'ⁿ⁻¹'."""
    return unicodedata.normalize("NFKC", match[0]).replace("\u2212", "-")


def _improper_fraction(match: re.Match[str]) -> str:
    whole, top, bottom = map(int, match.groups())
    return rf"\frac{{{whole * bottom + top}}}{{{bottom}}}"


def _repeating_decimal(match: re.Match[str]) -> str:
    """The fraction that '0.1\\overline{6}' is."""
    whole, fixed, period = match.groups()
    shift, cycle = 10 ** len(fixed), 10 ** len(period) - 1
    return rf"\frac{{{int((whole or '0') + fixed) * cycle + int(period)}}}{{{shift * cycle}}}"


def _mixed_number(match: re.Match[str]) -> str:
    return _improper_fraction(match) if int(match[2]) < int(match[3]) else match[0]


def _brace(text: str, after: str) -> str:
    """Rewrites `after(…)` as `after{…}`, for balanced parentheses."""
    match = text.find(f"{after}(")
    while match >= 0:
        start = match + len(after)
        end = _closing(text, start)
        if end < 0:
            return text
        text = f"{text[:start]}{{{text[start + 1 : end]}}}{text[end + 1 :]}"
        match = text.find(f"{after}(", start)
    return text


def _closing(text: str, start: int) -> int:
    depth = 0
    for index in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[index], 0)
        if depth == 0:
            return index
    return -1
