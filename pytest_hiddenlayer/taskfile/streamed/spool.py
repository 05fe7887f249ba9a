"""Checked samples in a temporary file, compressed, for data files that are too large for the memory."""

from __future__ import annotations

import pickle
import tempfile
import threading
import zlib
from array import array
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from ...io.lazy_sequence import LazySequence, composed
from ...io.text_column import TextColumn, TextSlice
from ...types import Sample

CHUNK = 128  # samples that are compressed together, and read at once
_FIELDS = (
    "id", "input", "target", "choices", "group", "must_pass", "metadata", "prompt", "location", "recording"
)  # fmt: skip


class SpooledSamples(LazySequence[Sample]):
    """Samples of which only the ids are in memory. May be read from any thread, and by several readers at once.

    The temporary file has no name and ends with this object. A later change of the data file does not reach it.
    """

    def __init__(self) -> None:
        self.ids = TextColumn()
        self._file = tempfile.TemporaryFile()  # noqa: SIM115
        self._starts = array("q", [0])  # of each chunk; the last one is the end
        self._pending: list[tuple[Any, ...]] = []
        self._last: tuple[int, list[Sample]] = (-1, [])  # number of the chunk that was read last, its samples
        self._lock = threading.Lock()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            with suppress(OSError):  # what a full disk did not take is written again by `close`
                self._file.close()

    def append(self, sample: Sample) -> None:
        """Add a sample at the end. Raises OSError if the disk is full."""
        self.ids.append(sample.id)
        self._pending.append(tuple(getattr(sample, name) for name in _FIELDS))
        if len(self._pending) == CHUNK:
            data = zlib.compress(pickle.dumps(self._pending, protocol=5), 1)
            with self._lock:
                self._file.seek(self._starts[-1])
                self._file.write(data)
            self._starts.append(self._starts[-1] + len(data))
            self._pending = []

    def __len__(self) -> int:
        return len(self.ids)

    def _at(self, index: int) -> Sample:
        number, place = divmod(index, CHUNK)
        return self._chunk(number)[place]

    def _part(self, indices: range) -> Sequence[Sample]:
        return SampleSlice(self, indices)

    def __iter__(self) -> Iterator[Sample]:
        return self.part(0, len(self))

    def part(self, start: int, stop: int) -> Iterator[Sample]:
        """Yield the samples from index `start` to before `stop`, each chunk read once."""
        for number in range(start // CHUNK, -(-stop // CHUNK)):
            first = number * CHUNK
            yield from self._chunk(number)[max(0, start - first) : stop - first]

    def _chunk(self, number: int) -> list[Sample]:
        last, samples = self._last
        if last != number:
            samples = [Sample(**dict(zip(_FIELDS, values, strict=True))) for values in self._values(number)]
            self._last = (number, samples)
        return samples

    def _values(self, number: int) -> list[tuple[Any, ...]]:
        if number == len(self._starts) - 1:
            return self._pending
        with self._lock:
            self._file.seek(self._starts[number])
            data = self._file.read(self._starts[number + 1] - self._starts[number])
        values: list[tuple[Any, ...]] = pickle.loads(zlib.decompress(data))  # written here, to a file without a name
        return values


class SampleSlice(LazySequence[Sample]):
    """Some of the samples, such as the first ones under --limit."""

    def __init__(self, samples: SpooledSamples, indices: range) -> None:
        self._samples, self._indices = samples, indices

    @property
    def ids(self) -> Sequence[str]:
        """The ids of these samples."""
        return TextSlice(self._samples.ids, self._indices)

    def __len__(self) -> int:
        return len(self._indices)

    def _at(self, index: int) -> Sample:
        return self._samples[self._indices[index]]

    def _part(self, indices: range) -> Sequence[Sample]:
        return SampleSlice(self._samples, composed(self._indices, indices))

    def __iter__(self) -> Iterator[Sample]:
        if self._indices.step == 1:
            return self._samples.part(self._indices.start, self._indices.stop)
        return map(self._samples.__getitem__, self._indices)


class SampleList:
    """Takes samples one by one, and moves them to disk if they are more than `in_memory`; None: never."""

    def __init__(self, in_memory: int | None) -> None:
        self._in_memory = in_memory
        self._samples: list[Sample] = []
        self._spooled: SpooledSamples | None = None

    def append(self, sample: Sample) -> None:
        """Add a sample. Raises OSError if the disk is full."""
        if self._spooled is not None:
            self._spooled.append(sample)
            return
        self._samples.append(sample)
        if self._in_memory is not None and len(self._samples) > self._in_memory:
            self._spooled = SpooledSamples()
            for one in self._samples:
                self._spooled.append(one)
            self._samples = []

    def all(self) -> Sequence[Sample]:
        """All samples."""
        return tuple(self._samples) if self._spooled is None else self._spooled


def must_pass_ids(samples: Sequence[Sample]) -> tuple[str, ...]:
    """The ids of the samples that must be right; those of a large data file are not listed, which is read once."""
    if isinstance(samples, SpooledSamples | SampleSlice):
        return ()
    return tuple(sample.id for sample in samples if sample.must_pass)


def sample_ids(samples: Sequence[Sample]) -> Sequence[str]:
    """The ids of samples; those of a large data file are not copied."""
    if isinstance(samples, SpooledSamples | SampleSlice):
        return samples.ids
    return tuple(sample.id for sample in samples)
