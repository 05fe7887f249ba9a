"""Numbers of a fixed count of answers: a number, None for an unknown one, or nothing at all."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

_NOTHING, _UNKNOWN, _FLOAT, _INT = range(4)


class NumberColumn:
    """One value per answer in 9 bytes; whole numbers stay whole."""

    def __init__(self, size: int) -> None:
        self._values = array("d", bytes(8 * size))
        self._kinds = bytearray(size)

    def set(self, index: int, value: float | None) -> None:
        """Set a value; None is unknown."""
        if value is None:
            self._kinds[index] = _UNKNOWN
        else:
            self._values[index] = value
            self._kinds[index] = _INT if isinstance(value, int) else _FLOAT

    def get(self, index: int) -> float | None:
        """The value; None if it is unknown, or was never set."""
        kind = self._kinds[index]
        if kind == _FLOAT:
            return self._values[index]
        return int(self._values[index]) if kind == _INT else None

    def has(self, index: int) -> bool:
        """Whether a value was set, known or not."""
        return self._kinds[index] != _NOTHING

    def __iter__(self) -> Iterator[float | None]:
        """Yield the values that were set, in order."""
        return (self.get(index) for index, kind in enumerate(self._kinds) if kind != _NOTHING)

    @property
    def n_known(self) -> int:
        """The number of values that are known."""
        return len(self._kinds) - self._kinds.count(_NOTHING) - self._kinds.count(_UNKNOWN)
