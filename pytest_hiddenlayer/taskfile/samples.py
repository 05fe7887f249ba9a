"""Samples from inline entries or data rows: columns found, answers cut out, ids given and checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..errors import TaskError, did_you_mean
from ..types import Sample
from .document import MAX_FAULTS, Document, format_path, merge
from .error_messages import faults
from .paths import Source
from .rows import Row, get_path
from .scalar import resolve, shorten
from .schema import FieldMap, SampleRow, TaskForm


@dataclass(frozen=True, slots=True)
class Entry:
    """A checked row and where it stands."""

    number: int  # from 0
    line: int | None
    source: Source
    row: SampleRow
    inline: bool = False

    def error(self, field: str, message: str) -> TaskError:
        """A fault of this row."""
        place = f"samples[{self.number}].{field}" if self.inline else f"row {self.number}: {field}"
        return self.source.error(message, line=self.line, field=place)


def inline_entries(rows: Iterable[SampleRow], document: Document, source: Source) -> Iterator[Entry]:
    """The samples that stand in the task file itself."""
    for number, row in enumerate(rows):
        yield Entry(number, document.line(("samples", number)), source, row, inline=True)


def file_entries(rows: Iterable[Row], source: Source, fields: FieldMap) -> Iterator[Entry | TaskError]:
    """The rows of a data file as samples; for a wrong row, its faults."""
    try:
        for row in rows:
            try:
                yield Entry(row.number, row.line, source, _checked(row, source, fields))
            except ValidationError as error:
                for place, why in faults(error, SampleRow):
                    yield _row_error(row, source, format_path(place), why)
            except TaskError as error:
                yield error
    except TaskError as error:  # the file cannot be read any further
        yield error


def build_samples(entries: Iterable[Entry | TaskError], form: TaskForm) -> tuple[Sample, ...]:
    """The samples, ids unique, targets cut out by `target_pattern`. Raises one TaskError for all faults."""
    pattern = re.compile(form.target_pattern) if form.target_pattern is not None else None
    samples: dict[str, Sample] = {}
    taken: dict[str, Entry] = {}
    wrong: list[TaskError] = []
    for entry in entries:
        try:
            if isinstance(entry, TaskError):
                raise entry
            sample = _sample(entry, form, pattern)
            if sample.id in taken:
                raise _twice(entry, taken[sample.id], sample.id)
            samples[sample.id], taken[sample.id] = sample, entry
        except TaskError as error:
            wrong.append(error)
            if len(wrong) > MAX_FAULTS:
                break
    if wrong:
        raise merge(wrong)
    return tuple(samples.values())


def _checked(row: Row, source: Source, fields: FieldMap) -> SampleRow:
    return SampleRow.model_validate(_our_fields(row, source, fields))


def _our_fields(row: Row, source: Source, fields: FieldMap) -> dict[str, Any]:
    """A row under our names; columns that nothing names become metadata."""
    foreign = {ours: theirs for ours, theirs in fields.model_dump().items() if theirs is not None}
    found = {ours: _column(row, source, ours, theirs) for ours, theirs in foreign.items()}
    if "input" not in {**row.values, **found}:
        columns = shorten(", ".join(row.values), 200)
        why = f"there is no such column; name yours: `fields: {{input: NAME}}` (columns: {columns})"
        raise _row_error(row, source, "input", why)
    used = {theirs if theirs in row.values else theirs.partition(".")[0] for theirs in foreign.values()}
    rest = {name: value for name, value in row.values.items() if name not in used}
    for ours in [name for name in rest if name in SampleRow.model_fields and name not in foreign]:
        found[ours] = rest.pop(ours)
    if source.path.suffix.lower() == ".csv" and isinstance(switch := found.get("must_pass"), str):
        found["must_pass"] = resolve(switch)  # CSV has only texts
    metadata = found.pop("metadata", None)
    if metadata is None or isinstance(metadata, dict):
        metadata = {**rest, **(metadata or {})}
    # A null means that the row has none of it, except where the input is missing.
    return {"input": None, **{k: v for k, v in found.items() if v is not None}, "metadata": metadata}


def _column(row: Row, source: Source, ours: str, theirs: str) -> Any:
    try:
        return get_path(row.values, theirs)
    except KeyError as error:
        near = did_you_mean(error.args[0], row.values)
        columns = shorten(", ".join(row.values), 200)
        why = f"there is no column {theirs!r}{near} (`fields: {{{ours}: {theirs}}}`; columns: {columns})"
        raise _row_error(row, source, ours, why) from error


def _row_error(row: Row, source: Source, field: str, why: str) -> TaskError:
    return source.error(why, line=row.line, field=f"row {row.number}: {field}")


def _sample(entry: Entry, form: TaskForm, pattern: re.Pattern[str] | None) -> Sample:
    row = entry.row
    if form.system is not None and not isinstance(row.input, str) and row.input[0].role == "system":
        raise entry.error("input", "has a system message of its own while the task sets `system:`; keep one")
    return Sample(
        id=row.id if row.id is not None else f"{form.id_prefix}{entry.number}",
        input=row.input,
        target=_target(entry, pattern),
        choices=row.choices,
        group=row.group,
        must_pass=row.must_pass,
        metadata=row.metadata,
    )


def _target(entry: Entry, pattern: re.Pattern[str] | None) -> str | tuple[str, ...] | None:
    target = entry.row.target
    if pattern is None or target is None:
        return target
    if isinstance(target, str):
        return _cut_out(entry, pattern, target)
    return tuple(_cut_out(entry, pattern, text) for text in target)


def _cut_out(entry: Entry, pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    if found is None or found[1] is None:
        raise entry.error("target", f"target_pattern {pattern.pattern!r} finds nothing in {shorten(text)!r}")
    return found[1]


def _twice(entry: Entry, first: Entry, name: str) -> TaskError:
    def kind(of: Entry) -> str:
        return "" if of.row.id is not None else " (its row number)"

    return entry.error(
        "id", f"{name!r}{kind(entry)} is already the id of row {first.number}{kind(first)}; ids are unique"
    )
