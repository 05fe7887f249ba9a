"""Checks quotations of debaters against the task's text."""

from __future__ import annotations

import re
import unicodedata

_QUOTE = re.compile(
    r"<(?:[vu]_)?quote>((?:(?!<(?:[vu]_)?quote>).)*?)</(?:[vu]_)?quote>"  # no mark inside: one pass
    r"|</?[vu]_quote>",
    re.DOTALL | re.IGNORECASE,
)


def mark_quotes(text: str, passage: str) -> tuple[str, int, int]:
    """Returns the text with its quotations marked, and how many are verified and unverified.

    `<quote>…</quote>` becomes `<v_quote>…</v_quote>` if the passage has these words in this order,
    else `<u_quote>…</u_quote>`. Case, punctuation and line breaks do not matter; a mark that the debater wrote
    itself is not believed, and removed if nothing is quoted.
    """
    counts = {"v": 0, "u": 0}
    words = f" {_words(passage)} "

    def mark(match: re.Match[str]) -> str:
        if match[1] is None:
            return ""
        quoted = _words(match[1])
        kind = "v" if quoted and f" {quoted} " in words else "u"
        counts[kind] += 1
        return f"<{kind}_quote>{match[1].strip()}</{kind}_quote>"

    return _QUOTE.sub(mark, text), counts["v"], counts["u"]


def _words(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))
