"""A reviewer's walk through items: each is shown, takes a failure mode and a note, and is on disk at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .terminal_input import complete_by_tab, read_line, utc_now

if TYPE_CHECKING:
    from ..analysis.annotation.reviews import Item, Review


@dataclass(kw_only=True, slots=True)
class Walk:
    """Where a reviewer stands."""

    folder: Path
    items: Sequence[Item]
    reviews: dict[str, Review]  # by record key, of the whole run
    reviewer: str
    said: set[str] = field(default_factory=set)  # keys labelled now
    _at: int = 0

    @property
    def left(self) -> int:
        """Items of this walk without a label."""
        return sum(item.record.key not in self.reviews for item in self.items)

    def go(self) -> None:
        """Ask item by item until all are seen or the reviewer quits."""
        while self._at < len(self.items):
            self._show(everything=False)
            if not self._answered():
                return

    def _show(self, *, everything: bool) -> None:
        from ..analysis.annotation.review_card import card

        item = self.items[self._at]
        print()
        place = f"[{self._at + 1}/{len(self.items)}]"
        for line in card(item, place, self.reviews.get(item.record.key), everything=everything):
            print(line)

    def _answered(self) -> bool:
        """Take one answer on the item shown; False to quit."""
        from ..analysis.annotation.review_card import mode_list

        while True:
            used = self._used()
            if used:
                print(f"modes: {mode_list(used)}")
            complete_by_tab(list(used))
            said = read_line("mode: ")
            if said is None or said == "q":
                return False
            if said == "a":
                self._show(everything=True)
            elif said in ("", "b"):
                self._at = self._at + 1 if not said else max(self._at - 1, 0)
                return True
            elif said == "-":
                self._take_back()
                return True
            elif (mode := _mode(said, list(used))) is None:
                print(f"there is no mode {said}; type a number from the list, or a word")
            else:
                return self._label(mode)

    def _used(self) -> dict[str, int]:
        """Mode → how often, the most frequent first."""
        return dict(Counter(review.mode for review in self.reviews.values() if review.mode).most_common())

    def _label(self, mode: str) -> bool:
        """Write the mode at once, and once more with the note; False at the end of input."""
        self._write(mode, "")
        note = read_line("note (Enter for none): ")
        if note:
            self._write(mode, note)
        self._at += 1
        return note is not None

    def _take_back(self) -> None:
        key = self.items[self._at].record.key
        if key in self.reviews:
            self._write(None, "")
        self._at += 1

    def _write(self, mode: str | None, note: str) -> None:
        from ..analysis.annotation.reviews import append_review, review_of

        item = self.items[self._at]
        review = review_of(item, mode, note=note, reviewer=self.reviewer, at=utc_now())
        append_review(self.folder, review)
        if mode is None:
            self.reviews.pop(review.key, None)
            self.said.discard(review.key)
        else:
            self.reviews[review.key] = review
            self.said.add(review.key)


def _mode(said: str, used: Sequence[str]) -> str | None:
    """The mode that a number of the list or a word means, in the spelling used before; None for a wrong number."""
    if said.isdecimal():
        return used[int(said) - 1] if 0 < int(said) <= len(used) else None
    word = " ".join(said.split())
    return next((mode for mode in used if mode.casefold() == word.casefold()), word)
