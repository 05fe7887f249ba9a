"""Which row of a data file has an id first, in about 100 bytes per row."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

from ...io.text_column import TextColumn


@dataclass(frozen=True, kw_only=True, slots=True)
class RowOrigin:
    """The row that an id comes from."""

    number: int  # from 0
    numbered: bool  # whether the id is the row's number, because the row has none


class UniqueRows:
    """The rows by id, for as many as a data file has."""

    def __init__(self) -> None:
        self._ids, self._hashes = TextColumn(), array("q")
        self._known: set[int] = set()  # of the hashes
        self._origins = array("q")  # twice the number, plus 1 if the id is numbered

    def add(self, name: str, origin: RowOrigin) -> RowOrigin | None:
        """Note the row of an id; returns the earlier row with the same id, None if there is none."""
        digest = hash(name)
        if digest in self._known and (first := self._find(name, digest)) is not None:
            return first
        self._known.add(digest)
        self._hashes.append(digest)
        self._ids.append(name)
        self._origins.append(2 * origin.number + origin.numbered)
        return None

    def _find(self, name: str, digest: int) -> RowOrigin | None:
        """The row of an id; two different ids may have the same hash."""
        indices = (index for index, known in enumerate(self._hashes) if known == digest and self._ids[index] == name)
        index = next(indices, None)
        if index is None:
            return None
        return RowOrigin(number=self._origins[index] // 2, numbered=bool(self._origins[index] % 2))
