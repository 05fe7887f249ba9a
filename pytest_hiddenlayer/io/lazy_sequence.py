"""Sequences whose elements are made when they are asked for."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class LazySequence(Sequence[T]):
    """A sequence that makes one element at a time: a subclass has `__len__`, `_at` and `_part`."""

    @abstractmethod
    def _at(self, index: int) -> T:
        """The element at an index from 0."""

    @abstractmethod
    def _part(self, indices: range) -> Sequence[T]:
        """The elements at these indices."""

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[T]: ...
    def __getitem__(self, index: int | slice) -> T | Sequence[T]:
        indices = range(len(self))
        return self._part(indices[index]) if isinstance(index, slice) else self._at(indices[index])


def composed(outer: range, inner: range) -> range:
    """The indices at the places `inner` of `outer`: `outer[i]` for each i in `inner`."""
    step = outer.step * inner.step
    start = outer.start + outer.step * inner.start
    return range(start, start + len(inner) * step, step)
