"""Any text as LaTeX that prints it and does nothing else, with pdflatex, xelatex and lualatex."""

from __future__ import annotations

import unicodedata

_ASCII = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
    "-": "{-}",  # two of them would become a dash
    "[": "{[}",  # after a line break of a table it would begin a length
    "]": "{]}",
    "*": "{*}",
    ",": "{,}",
    "!": "{!}",
    "?": "{?}",
}
"""ASCII characters that do something, alone or in pairs (`--`, `,,`, `?`+backquote), in font encoding T1."""
_SYMBOLS = {
    "\u00a0": "~",
    "–": "{--}",
    "—": "{---}",
    "‘": "{`}",
    "’": "{'}",
    "“": "{``}",
    "”": "{''}",
    "…": r"\ldots{}",
    "•": r"\textbullet{}",
    "€": r"\texteuro{}",
    "£": r"\pounds{}",
    "§": r"\S{}",
    "©": r"\textcopyright{}",
    "°": r"\textdegree{}",
    "−": r"\ensuremath{-}",
    "±": r"\ensuremath{\pm}",
    "×": r"\ensuremath{\times}",
    "÷": r"\ensuremath{\div}",
    "·": r"\ensuremath{\cdot}",
    "≤": r"\ensuremath{\leq}",
    "≥": r"\ensuremath{\geq}",
    "≠": r"\ensuremath{\neq}",
    "≈": r"\ensuremath{\approx}",
    "∞": r"\ensuremath{\infty}",
    "√": r"\ensuremath{\surd}",
    "→": r"\ensuremath{\rightarrow}",
    "←": r"\ensuremath{\leftarrow}",
    "↑": r"\ensuremath{\uparrow}",
    "↓": r"\ensuremath{\downarrow}",
    "⇒": r"\ensuremath{\Rightarrow}",
    "µ": r"\textmu{}",
}
_GREEK = frozenset("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ")
"""Greek letters that mathematics has a command for."""
_LETTERS = frozenset(
    "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞßàáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ"
    "ĂăĄąĆćČčĎďĐđĘęĚěĞğĹĺĽľŁłŃńŇňŐőŔŕŘřŚśŞşŠšŤťŰűŮůŸŹźŻżŽž"
)
"""Letters outside ASCII that font encoding T1 has."""


def escape(text: str) -> str:
    r"""LaTeX that prints this text on one line. It needs `\usepackage[T1]{fontenc}` and `textcomp`.

    A character that pdflatex's usual fonts lack is printed as its code point, such as `[U+65E5]`.
    """
    return "".join(map(_character, " ".join(unicodedata.normalize("NFC", text).split())))


def _character(character: str) -> str:
    if character in _ASCII:
        return _ASCII[character]
    if (character.isascii() and character.isprintable()) or character in _LETTERS:
        return character
    if character in _SYMBOLS:
        return _SYMBOLS[character]
    if character in _GREEK:
        return rf"\ensuremath{{\{_greek(character)}}}"
    return f"{{[}}U+{ord(character):04X}{{]}}"


def _greek(letter: str) -> str:
    """`alpha` or `Gamma`, from the letter's name."""
    name = unicodedata.name(letter).rsplit(" ", 1)[-1].replace("LAMDA", "LAMBDA")
    return name.lower() if letter.islower() else name.capitalize()
