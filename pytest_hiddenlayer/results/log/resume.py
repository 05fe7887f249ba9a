"""The answers of an earlier run that a resumed run reuses."""

from __future__ import annotations

import threading
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ...io.jsonl import ends_within_a_line
from ...io.regular_files import open_regular
from ...types import RESUMED_CALLS, SCORER_FAILED, Record
from .placed_records import placed_records, record_at
from .record_file import RECORDS, check_manifest, has_records
from .run_chain import RESUMED_FROM
from .run_log import read_records


def reusable_records(folder: Path) -> ReusableRecords | RecordsInMemory:
    """Key → record of the cases that a run answered and scored; errors and skipped cases are left out.

    `records.jsonl` is read once now, and each record again when it is asked for. Raises UsageError if the folder
    holds no readable log.
    """
    check_manifest(folder)
    path = folder / RECORDS
    if not path.is_file():
        return RecordsInMemory(_reused(record) for record in read_records(folder) if _is_reusable(record))
    return ReusableRecords(path, ((one.key, offset) for offset, one in placed_records(path) if _is_reusable(one)))


def _is_reusable(record: Record) -> bool:
    return record.outcome not in ("error", "skipped") and not _lacks_a_score(record)


def _reused(record: Record) -> Record:
    return replace(record, answer_metadata={RESUMED_FROM: record.run_id, **record.answer_metadata})


class ReusableRecords(Mapping[str, Record]):
    """Records of a log by key, in 16 bytes of memory each: a hash of the key and the byte of the line.

    Of several records with the same key, it is the last one. May be used from any thread.
    """

    def __init__(self, path: Path, places: Iterable[tuple[str, int]]) -> None:
        """`places` has the key and the byte of each record."""
        import numpy as np  # not at the top: most runs resume nothing

        digests, offsets = array("Q"), array("q")
        for key, offset in places:
            digests.append(_digest(key))
            offsets.append(offset)
        order = np.argsort(np.asarray(digests, dtype=np.uint64), kind="stable")
        self._digests = np.asarray(digests, dtype=np.uint64)[order]
        self._offsets = np.asarray(offsets, dtype=np.int64)[order]
        different = np.count_nonzero(self._digests[1:] != self._digests[:-1])
        self._taken = bytearray(len(self._digests))  # at the first record of a hash: see `count`
        self._n_keys = int(different) + 1 if len(self._digests) else 0
        self._reading = threading.Lock()
        self._file = open_regular(path)

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def __getitem__(self, key: str) -> Record:
        for record in self.records_of(key):
            return record
        raise KeyError(key)

    def records_of(self, key: str) -> Iterator[Record]:
        """Yield all records with a key, the last one first."""
        for index in range(*self._range(key)[::-1], -1):
            record = self._read(int(self._offsets[index - 1]))
            if record.key == key:
                yield _reused(record)

    def may_hold(self, key: str) -> bool:
        """Whether there is a record with this key, as its hash says; nothing is read."""
        start, end = self._range(key)
        return start < end

    def count(self, key: str) -> int:
        """How often this was called with a key that the log holds, before this call; at most 254."""
        start, end = self._range(key)
        if start == end:
            return 0
        self._taken[start] = min(self._taken[start] + 1, 255)
        return self._taken[start] - 1

    def _range(self, key: str) -> tuple[int, int]:
        """(first, end) of the records whose key has the same hash."""
        digest = self._digests.dtype.type(_digest(key))
        start = int(self._digests.searchsorted(digest, side="left"))
        return start, int(self._digests.searchsorted(digest, side="right"))

    def _read(self, offset: int) -> Record:
        with self._reading:
            return record_at(self._file, offset)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(self._read(int(offset)).key for offset in sorted(self._offsets)))

    def __len__(self) -> int:
        """The number of different keys."""
        return self._n_keys


class RecordsInMemory(Mapping[str, Record]):
    """As `ReusableRecords`, of a log that is not JSONL."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records: dict[str, list[Record]] = {}
        self._taken: Counter[str] = Counter()
        for record in records:
            self._records.setdefault(record.key, []).append(record)

    def __getitem__(self, key: str) -> Record:
        return self._records[key][-1]

    def records_of(self, key: str) -> Iterator[Record]:
        """Yield all records with a key, the last one first."""
        return reversed(self._records.get(key, ()))

    def may_hold(self, key: str) -> bool:
        """Whether there is a record with this key."""
        return key in self._records

    def count(self, key: str) -> int:
        """How often this was called with a key that the log holds, before this call."""
        self._taken[key] += key in self._records
        return max(self._taken[key] - 1, 0)

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        """The number of different keys."""
        return len(self._records)


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _lacks_a_score(record: Record) -> bool:
    """Whether a call of one of the scorers failed."""
    return any(score.get("details", {}).get(SCORER_FAILED) for score in record.scores.values())


Case = tuple[Any, ...]
"""What identifies a case, whatever its prompt and parameters are: its cell, sample and epoch."""


def left_out_suffix(folder: Path) -> str:
    """`; 1 incomplete line left out` if the log of a run ends within a line, else nothing."""
    return "; 1 incomplete line left out" if ends_within_a_line(folder / RECORDS) else ""


def reuse_message(records: Sequence[Record], folder: Path) -> str:
    """One sentence: how many answers of the run in `folder` were reused, and why the others were asked for."""
    reused = Counter(str(r.answer_metadata[RESUMED_FROM]) for r in records if RESUMED_FROM in r.answer_metadata)
    asked = [record for record in records if RESUMED_FROM not in record.answer_metadata]
    calls = [n for record in asked if isinstance(n := record.answer_metadata.get(RESUMED_CALLS), int)]
    cases = ((*record.cell, record.sample_id, record.epoch) for record in asked)
    return reuse_sentence(reused, len(records), cases, folder, calls)


def reuse_sentence(
    reused: Mapping[str, int], total: int, asked: Iterable[Case], folder: Path, calls: Sequence[int] = ()
) -> str:
    """As `reuse_message`, of runs with the number of their answers that were reused, and the cases asked for.

    `calls` has the number of reused calls of each answer that was half done.
    """
    names = ", ".join(sorted(reused)) or folder.name
    message = f"{sum(reused.values()):,} of {total:,} answers reused from {names}"
    if calls:
        message += f"; {_counted(sum(calls), 'call')} of {_counted(len(calls), 'half-done answer')} too"
    message += left_out_suffix(folder)
    earlier: dict[int, str | None] = dict.fromkeys(map(hash, asked))
    if not earlier:
        return message
    for record in read_records(folder) if has_records(folder) else ():
        if (case := hash((*record.cell, record.sample_id, record.epoch))) in earlier:
            earlier[case] = record.outcome
    reasons = Counter(map(_why_asked, earlier.values()))
    return f"{message}; asked for: " + ", ".join(f"{count:,} {why}" for why, count in reasons.most_common())


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _why_asked(outcome: str | None) -> str:
    if outcome is None:
        return "that it does not have"
    if outcome in ("error", "skipped"):
        return "that failed or were skipped there"
    return "with another prompt, target, model, parameter, scorer, judge or seed there"
