"""Many short texts in one block of memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence

from .lazy_sequence import LazySequence, composed


class TextColumn(LazySequence[str]):
    """Texts in the order in which they were appended; each needs its UTF-8 bytes and 8 more."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("q", [0])

    def append(self, text: str) -> None:
        """Add a text at the end."""
        self._bytes += text.encode("utf-8", "surrogatepass")
        self._ends.append(len(self._bytes))

    def __len__(self) -> int:
        return len(self._ends) - 1

    def _part(self, indices: range) -> Sequence[str]:
        return TextSlice(self, indices)

    def _at(self, index: int) -> str:
        return self._bytes[self._ends[index] : self._ends[index + 1]].decode("utf-8", "surrogatepass")

    def __iter__(self) -> Iterator[str]:
        return map(self.__getitem__, range(len(self)))


class TextSlice(LazySequence[str]):
    """A part of a column, which is not copied."""

    def __init__(self, column: TextColumn, indices: range) -> None:
        self._column, self._indices = column, indices

    def __len__(self) -> int:
        return len(self._indices)

    def _at(self, index: int) -> str:
        return self._column[self._indices[index]]

    def _part(self, indices: range) -> Sequence[str]:
        return TextSlice(self._column, composed(self._indices, indices))

    def __iter__(self) -> Iterator[str]:
        return map(self._column.__getitem__, self._indices)
