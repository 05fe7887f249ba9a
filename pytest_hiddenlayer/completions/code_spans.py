"""The parts of a text that are code in Markdown: fenced blocks and code between backticks."""

from __future__ import annotations

import re
from bisect import bisect_right

_RUN = re.compile(r"`+|~{3,}")
_BLANK_LINE = re.compile(r"\n[ \t]*\r?\n")


class CodeSpans:
    """`index in CodeSpans(text)` says whether a character of the text is code.

    A run of backticks or tildes ends with the next run of the same length. Code on one line does not
    go past a blank line. A run without an end is an ordinary character.
    """

    def __init__(self, text: str) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []
        runs = [(match[0], match.start(), match.end()) for match in _RUN.finditer(text)]
        positions: dict[str, list[int]] = {}
        for number, (run, _, _) in enumerate(runs):
            positions.setdefault(run, []).append(number)
        number = 0
        while number < len(runs):
            run, start, _ = runs[number]
            later = positions[run]
            index = bisect_right(later, number)
            end = runs[later[index]][2] if index < len(later) else None
            if end is None or (len(run) < 3 and _BLANK_LINE.search(text, start, end)):
                number += 1
                continue
            self._starts.append(start)
            self._ends.append(end)
            number = later[index] + 1

    def __contains__(self, index: object) -> bool:
        if not isinstance(index, int):
            return False
        span = bisect_right(self._starts, index) - 1
        return span >= 0 and index < self._ends[span]
