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

from ...types import SCORER_FAILED, Record
from .placed_records import placed_records, record_at
from .record_file import RECORDS, check_manifest
from .run_log import read_records

RESUMED_FROM = "resumed_from"
"""Key of `Record.answer_metadata`: id of the run that the answer was first made in."""


def reusable_records(folder: Path) -> Mapping[str, Record]:
    """Key → record of the cases that a run answered and scored; errors and skipped cases are left out.

    `records.jsonl` is read once now, and each record again when it is asked for. Raises UsageError if the folder
    holds no readable log.
    """
    check_manifest(folder)
    path = folder / RECORDS
    if not path.is_file():
        return {record.key: _reused(record) for record in read_records(folder) if _is_reusable(record)}
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
        self._n_keys = int(different) + 1 if len(self._digests) else 0
        self._reading = threading.Lock()
        self._file = path.open("rb")

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self._file.close()

    def __getitem__(self, key: str) -> Record:
        for index in range(*self._range(key)[::-1], -1):
            record = self._read(int(self._offsets[index - 1]))
            if record.key == key:
                return _reused(record)
        raise KeyError(key)

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


def _digest(key: str) -> int:
    return int.from_bytes(blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def _lacks_a_score(record: Record) -> bool:
    """Whether a call of one of the scorers failed."""
    return any(score.get("details", {}).get(SCORER_FAILED) for score in record.scores.values())


Case = tuple[Any, ...]
"""What identifies a case, whatever its prompt and parameters are: its cell, sample and epoch."""


def reuse_message(records: Sequence[Record], folder: Path) -> str:
    """One sentence: how many answers of the run in `folder` were reused, and why the others were asked for."""
    reused = Counter(str(r.answer_metadata[RESUMED_FROM]) for r in records if RESUMED_FROM in r.answer_metadata)
    asked = ((*r.cell, r.sample_id, r.epoch) for r in records if RESUMED_FROM not in r.answer_metadata)
    return reuse_sentence(reused, len(records), asked, folder)


def reuse_sentence(reused: Mapping[str, int], total: int, asked: Iterable[Case], folder: Path) -> str:
    """As `reuse_message`, of runs with the number of their answers that were reused, and the cases asked for."""
    names = ", ".join(sorted(reused)) or folder.name
    message = f"{sum(reused.values()):,} of {total:,} answers reused from {names}"
    earlier: dict[int, str | None] = dict.fromkeys(map(hash, asked))
    if not earlier:
        return message
    for record in read_records(folder):
        if (case := hash((*record.cell, record.sample_id, record.epoch))) in earlier:
            earlier[case] = record.outcome
    reasons = Counter(map(_why_asked, earlier.values()))
    return f"{message}; asked for: " + ", ".join(f"{count:,} {why}" for why, count in reasons.most_common())


def _why_asked(outcome: str | None) -> str:
    if outcome is None:
        return "that it does not have"
    if outcome in ("error", "skipped"):
        return "that failed or were skipped there"
    return "with another prompt, target, model, parameter, scorer, judge or seed there"
