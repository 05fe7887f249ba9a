"""The records of one cell as columns: one slot per sample and epoch, about 60 bytes each."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

from ...io.text_column import TextColumn
from ...types import OUTCOMES, OWN_PROMPTS, Outcome, Record, Usage
from ...types.record import ELICITED
from ...usage import costs_of
from ..log.lean_records import without_texts
from ..log.run_chain import RESUMED_FROM
from ..metrics.confidence import confidence_and_kind
from .number_column import NumberColumn

MAX_ANSWER = 200
"""Characters of an answer that is kept in memory; a longer one is read from the log again."""
_HASH_BYTES = 6
_MUST_PASS, _RESUMED, _LONG_ANSWER = 1, 2, 4
_USAGE = tuple(part.name for part in fields(Usage))


class AnswerColumns:
    """What metrics, gates and snapshots read of the records of one cell.

    A slot is a sample and an epoch: `position * epochs + epoch - 1`, in the order of the selection. Records
    with more than numbers to measure (judges' details, measures of confidence, warnings) are kept without their
    texts, in `whole`.
    """

    def __init__(self, ids: Sequence[str], epochs: int) -> None:
        size = len(ids) * epochs
        self.ids, self.epochs, self.size = ids, epochs, size
        self.outcomes = bytearray(size)  # 0: no record; else 1 + its place in `OUTCOMES`
        self.score = NumberColumn(size)  # the headline score
        self.scores: dict[str, NumberColumn] = {}  # by name of the score
        self.unscored: dict[str, Counter[str]] = {}  # name of a score → explanations of answers without it
        self.costs = NumberColumn(size)
        self.offsets = array("q", bytes(8 * size))  # of the line in the log, plus 1; 0: it is not there
        self.not_logged: dict[int, Record] = {}  # of a full disk, without texts
        self.whole: dict[int, Record] = {}
        self.confidence: NumberColumn | None = None
        self.confidence_kinds: set[str] = set()
        self.usage: dict[str, int | None] = {}  # sums; None: unknown for a record. Empty: no record has calls
        self.started_s, self.ended_s = math.inf, -math.inf
        self.n_calls = self.n_cached = self.n_repeated = 0
        self.prompts: dict[str, str] = {}
        self.resumed_from: Counter[str] = Counter()
        self.known_cost_usd, self.n_unknown_costs = 0.0, 0
        self._flags = bytearray(size)
        self._hashes = bytearray(_HASH_BYTES * size)
        self._odd_hashes: dict[int, str] = {}
        self._answers, self._answer_at = TextColumn(), array("i", [-1]) * size
        self._group_at: array[int] | None = None
        self._groups: dict[str, int] = {}
        self._group_names: list[str | None] = [None]

    def slot(self, position: int, epoch: int) -> int:
        """The slot of a sample's epoch; epochs count from 1."""
        return position * self.epochs + epoch - 1

    def has(self, position: int, epoch: int) -> bool:
        """Whether the sample has a record of this epoch."""
        return bool(self.outcomes[self.slot(position, epoch)])

    def add(self, position: int, record: Record, offset: int | None) -> None:
        """Add the record of the sample at this position.

        `offset` is the byte of its line in the log; None: it is not there. Raises ValueError if the sample has a
        record of this epoch already.
        """
        slot = self.slot(position, record.epoch)
        if self.outcomes[slot]:
            raise ValueError(f"{record.cell}, sample {record.sample_id!r}, epoch {record.epoch}: a second record")
        self.outcomes[slot] = 1 + OUTCOMES.index(record.outcome)
        if offset is None:
            self.not_logged[slot] = without_texts(record, explained=True)
        else:
            self.offsets[slot] = offset + 1
        self._add_scores(slot, record)
        self._add_sample(slot, record)
        self._add_spending(slot, record)
        if _needs_whole(record):
            self.whole[slot] = without_texts(record)

    def _add_scores(self, slot: int, record: Record) -> None:
        if (score := record.score) is not None:
            self.score.set(slot, score)
        for name, values in record.scores.items():
            column = self.scores.get(name)
            if column is None:
                column = self.scores[name] = NumberColumn(self.size)
            column.set(slot, values["value"])
            if values["value"] is None:
                self.unscored.setdefault(name, Counter())[values["explanation"] or "no reason given"] += 1
        if (confidence := confidence_and_kind(record)) is not None:
            if self.confidence is None:
                self.confidence = NumberColumn(self.size)
            self.confidence.set(slot, confidence[0])
            if record.score is not None:
                self.confidence_kinds.add(confidence[1])

    def _add_sample(self, slot: int, record: Record) -> None:
        if record.answer is not None and len(record.answer) <= MAX_ANSWER:
            self._answer_at[slot] = len(self._answers)
            self._answers.append(record.answer)
        digest = _digest(record.sample_hash)
        if digest is None:
            self._odd_hashes[slot] = record.sample_hash
        else:
            self._hashes[slot * _HASH_BYTES : (slot + 1) * _HASH_BYTES] = digest
        if record.group is not None:
            self._set_group(slot, record.group)
        self._flags[slot] = (
            _MUST_PASS * record.must_pass
            | _RESUMED * (RESUMED_FROM in record.answer_metadata)
            | _LONG_ANSWER * (record.answer is not None and len(record.answer) > MAX_ANSWER)
        )

    def _set_group(self, slot: int, group: str) -> None:
        if self._group_at is None:
            self._group_at = array("i", bytes(4 * self.size))
        number = self._groups.setdefault(group, len(self._group_names))
        if number == len(self._group_names):
            self._group_names.append(group)
        self._group_at[slot] = number

    def _add_spending(self, slot: int, record: Record) -> None:
        for cost in costs_of([record]):
            self.costs.set(slot, cost)
        self.known_cost_usd += record.cost_usd or 0.0
        self.n_unknown_costs += record.cost_usd is None
        if record.usage["calls"]:
            for name in _USAGE:
                total, count = self.usage.get(name, 0), record.usage.get(name)
                self.usage[name] = None if total is None or count is None else total + count
        start_s = datetime.fromisoformat(record.started_at).timestamp()
        self.started_s = min(self.started_s, start_s)
        self.ended_s = max(self.ended_s, start_s + record.latency_s)
        self.n_calls += len(record.transcript)
        for call in record.transcript:
            self.n_cached += bool(call.get("cached"))
            self.n_repeated += call.get("attempts", 1) > 1
        prompts = record.answer_metadata.get(OWN_PROMPTS)
        if isinstance(prompts, dict):
            self.prompts.update({name: str(value) for name, value in prompts.items()})
        if RESUMED_FROM in record.answer_metadata:
            self.resumed_from[str(record.answer_metadata[RESUMED_FROM])] += 1

    @property
    def n_records(self) -> int:
        """The number of records."""
        return self.size - self.outcomes.count(0)

    def outcome(self, slot: int) -> Outcome:
        """The outcome of the record in a slot, which must have one."""
        return OUTCOMES[self.outcomes[slot] - 1]

    def slots(self, position: int) -> list[int]:
        """The slots of a sample that have a record, in the order of its epochs."""
        return [slot for slot in range(position * self.epochs, (position + 1) * self.epochs) if self.outcomes[slot]]

    def in_order(self) -> Iterator[int]:
        """Yield the slots with a record in the order of the run: all samples of an epoch, then of the next."""
        for epoch in range(self.epochs):
            yield from (slot for slot in range(epoch, self.size, self.epochs) if self.outcomes[slot])

    def known_scores(self, name: str, slots: Sequence[int]) -> list[float]:
        """The scores of one scorer in these slots, without the unknown ones."""
        column = self.scores[name]
        return [score for slot in slots if (score := column.get(slot)) is not None]

    def must_pass(self, slot: int) -> bool:
        """Whether the sample must pass."""
        return bool(self._flags[slot] & _MUST_PASS)

    def resumed(self, slot: int) -> bool:
        """Whether the answer was reused from another run."""
        return bool(self._flags[slot] & _RESUMED)

    def sample_hash(self, slot: int) -> str:
        """The record's `sample_hash`."""
        if slot in self._odd_hashes:
            return self._odd_hashes[slot]
        return self._hashes[slot * _HASH_BYTES : (slot + 1) * _HASH_BYTES].hex()

    def group(self, slot: int) -> str | None:
        """The sample's group."""
        return None if self._group_at is None else self._group_names[self._group_at[slot]]

    def answer(self, slot: int, read: Callable[[int], Record]) -> str | None:
        """The extracted answer; `read` gives the record of a slot, for an answer that is too long for a column."""
        if self._answer_at[slot] >= 0:
            return self._answers[self._answer_at[slot]]
        return read(slot).answer if self._flags[slot] & _LONG_ANSWER else None


def _needs_whole(record: Record) -> bool:
    """Whether metrics read more of a record than the columns hold."""
    return bool(
        record.confidence
        or ELICITED in record.answer_metadata
        or any(score.get("details") for score in record.scores.values())
        or any(call.get("warnings") for call in record.transcript)
    )


def _digest(text: str) -> bytes | None:
    """The bytes of 12 hex digits in lower case; None for another text."""
    try:
        digest = bytes.fromhex(text)
    except ValueError:
        return None
    return digest if len(digest) == _HASH_BYTES and digest.hex() == text else None


def counts_of(outcomes: bytearray) -> Counter[Any]:
    """Outcome → records, in order of first appearance."""
    return Counter({OUTCOMES[code - 1]: count for code, count in Counter(outcomes).items() if code})
