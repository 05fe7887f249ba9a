"""A review session in the terminal: shows items one by one and writes each failure mode to disk at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..analysis.annotation.review_card import card, mode_list
from ..analysis.annotation.reviews import Item, Review, append_review, review_of
from ..terminal_escape import one_line
from .terminal_input import complete_by_tab, read_line, utc_now


@dataclass(kw_only=True, slots=True)
class ReviewSession:
    """One reviewer's session over some items of a run."""

    folder: Path  # of the run
    items: Sequence[Item]
    reviews: dict[str, Review]  # by record key, of the whole run; kept up to date
    reviewer: str
    labelled: set[str] = field(default_factory=set)  # record keys labelled in this session
    position: int = 0

    @property
    def left(self) -> int:
        """How many items of this session have no label."""
        return sum(item.record.key not in self.reviews for item in self.items)

    def run(self) -> None:
        """Ask item by item until all are seen or the reviewer quits."""
        while self.position < len(self.items):
            self._show(full=False)
            if not self._ask():
                return

    def _show(self, *, full: bool) -> None:
        item = self.items[self.position]
        progress = f"[{self.position + 1}/{len(self.items)}]"
        print()
        for line in card(item, progress, self.reviews.get(item.record.key), full=full):
            print(line)

    def _ask(self) -> bool:
        """Take one answer about the current item. Returns False to quit."""
        while True:
            modes = self._modes()
            if modes:
                print(f"modes: {mode_list(modes)}")
            complete_by_tab(list(modes))
            answer = read_line("mode: ")
            if answer is None or answer == "q":
                return False
            if answer == "a":
                self._show(full=True)
            elif answer in ("", "b"):
                self.position = self.position + 1 if not answer else max(self.position - 1, 0)
                return True
            elif answer == "-":
                self._withdraw()
                return True
            elif (mode := _parse_mode(answer, list(modes))) is None:
                print(f"there is no mode {one_line(answer)}; type a number from the list, or a word")
            else:
                return self._label(mode)

    def _modes(self) -> dict[str, int]:
        """Mode → how often it was given, the most frequent first."""
        return dict(Counter(review.mode for review in self.reviews.values() if review.mode).most_common())

    def _label(self, mode: str) -> bool:
        """Write the mode at once, and again with its note. Returns False to quit, after the mode is written."""
        self._write(mode, "")
        note = read_line("note (Enter for none, q quits): ")
        quits = note is None or note == "q"
        if note and not quits:
            self._write(mode, note)
        self.position += 1
        return not quits

    def _withdraw(self) -> None:
        key = self.items[self.position].record.key
        if key in self.reviews:
            self._write(None, "")
        self.position += 1

    def _write(self, mode: str | None, note: str) -> None:
        item = self.items[self.position]
        review = review_of(item, mode, note=note, reviewer=self.reviewer, at=utc_now())
        append_review(self.folder, review)
        if mode is None:
            self.reviews.pop(review.key, None)
            self.labelled.discard(review.key)
        else:
            self.reviews[review.key] = review
            self.labelled.add(review.key)


def _parse_mode(answer: str, modes: Sequence[str]) -> str | None:
    """The mode with this number in `modes`, or the word as spelt in `modes`. None for a number out of range."""
    if answer.isdecimal():
        return modes[int(answer) - 1] if 0 < int(answer) <= len(modes) else None
    word = " ".join(answer.split())
    return next((mode for mode in modes if mode.casefold() == word.casefold()), word)
