"""Builds samples from inline entries or data rows: maps columns, extracts targets, assigns and checks ids."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from tempfile import gettempdir
from typing import Any

from pydantic import ValidationError

from ..errors import TaskError, did_you_mean, shorten
from ..io.writable import reason
from ..regular_expressions import Regex, compile_regex
from ..types import Sample
from .document import MAX_FAULTS, Document, format_path, merge
from .error_messages import faults
from .paths import Source
from .rows import get_path
from .scalar import resolve
from .schema import FieldMap, SampleRow, TaskForm
from .streamed.spool import SampleList
from .streamed.unique_rows import RowOrigin, UniqueRows
from .tables.row import Row


@dataclass(frozen=True, slots=True)
class SampleEntry:
    """A checked row with its file and line."""

    number: int  # from 0
    line: int | None
    source: Source
    row: SampleRow
    inline: bool = False

    @property
    def location(self) -> str:
        """The file, and the line if it is known."""
        return self.source.display_path if self.line is None else f"{self.source.display_path}:{self.line}"

    def error(self, field: str, message: str) -> TaskError:
        """Return the error for a fault in this row."""
        location = f"samples[{self.number}].{field}" if self.inline else f"row {self.number}: {field}"
        return self.source.error(message, line=self.line, field=location)


def inline_entries(rows: Iterable[SampleRow], document: Document, source: Source) -> Iterator[SampleEntry]:
    """Yield the samples that are written in the task file itself."""
    for number, row in enumerate(rows):
        yield SampleEntry(number, document.line(("samples", number)), source, row, inline=True)


def file_entries(rows: Iterable[Row], source: Source, fields: FieldMap) -> Iterator[SampleEntry | TaskError]:
    """Yield a data file's rows as entries; for a faulty row, its errors."""
    try:
        for row in rows:
            try:
                yield SampleEntry(row.number, row.line, source, _checked(row, source, fields))
            except ValidationError as error:
                for field_path, message in faults(error, SampleRow):
                    yield _row_error(row, source, format_path(field_path), message)
            except TaskError as error:
                yield error
    except TaskError as error:  # the rest of the file cannot be read
        yield error


def build_samples(
    entries: Iterable[SampleEntry | TaskError], form: TaskForm, *, in_memory: int | None = None
) -> Sequence[Sample]:
    """Return samples with unique ids and the targets that `target_pattern` extracts.

    If they are more than `in_memory`, they are on disk: see `SpooledSamples`. Raises one TaskError for all faults.
    """
    pattern = compile_regex(form.target_pattern) if form.target_pattern is not None else None
    samples, rows = SampleList(in_memory), UniqueRows()
    errors: list[TaskError] = []
    for entry in entries:
        try:
            if isinstance(entry, TaskError):
                raise entry
            sample = _sample(entry, form, pattern)
            origin = RowOrigin(number=entry.number, numbered=entry.row.id is None)
            if (first := rows.add(sample.id, origin)) is not None:
                raise _duplicate_id(entry, origin, first, sample.id)
            _keep(samples, sample, entry.source)
        except TaskError as error:
            errors.append(error)
            if len(errors) > MAX_FAULTS:
                break
    if errors:
        raise merge(errors)
    return samples.all()


def _keep(samples: SampleList, sample: Sample, source: Source) -> None:
    try:
        samples.append(sample)
    except OSError as error:
        raise source.error(
            f"has too many samples for the memory, and {gettempdir()} cannot hold them: {reason(error)}; "
            "free space there, or name another folder by the environment variable TMPDIR"
        ) from error


def _checked(row: Row, source: Source, fields: FieldMap) -> SampleRow:
    return SampleRow.model_validate(_map_columns(row, source, fields))


def _map_columns(row: Row, source: Source, fields: FieldMap) -> dict[str, Any]:
    """Return a row's values by field name; unmapped columns become metadata."""
    columns = {field: column for field, column in fields.model_dump().items() if column is not None}
    values = {field: _column(row, source, field, column) for field, column in columns.items()}
    if "input" not in {**row.values, **values}:
        names = shorten(", ".join(row.values), 200)
        message = f"there is no such column; name yours: `fields: {{input: NAME}}` (columns: {names})"
        raise _row_error(row, source, "input", message)
    used = {column if column in row.values else column.partition(".")[0] for column in columns.values()}
    rest = {name: value for name, value in row.values.items() if name not in used}
    for field in [name for name in rest if name in SampleRow.model_fields and name not in columns]:
        values[field] = rest.pop(field)
    if source.path.suffix.lower() in (".csv", ".tsv") and isinstance(switch := values.get("must_pass"), str):
        values["must_pass"] = resolve(switch)  # a CSV cell is always text
    metadata = values.pop("metadata", None)
    if metadata is None or isinstance(metadata, dict):
        metadata = {**rest, **(metadata or {})}
    # A null means that the row lacks the field; only a missing input is an error.
    return {"input": None, **{k: v for k, v in values.items() if v is not None}, "metadata": metadata}


def _column(row: Row, source: Source, field: str, column: str) -> Any:
    try:
        return get_path(row.values, column)
    except KeyError as error:
        suggestion = did_you_mean(error.args[0], row.values)
        names = shorten(", ".join(row.values), 200)
        message = f"there is no column {column!r}{suggestion} (`fields: {{{field}: {column}}}`; columns: {names})"
        raise _row_error(row, source, field, message) from error


def _row_error(row: Row, source: Source, field: str, message: str) -> TaskError:
    return source.error(message, line=row.line, field=f"row {row.number}: {field}")


def _sample(entry: SampleEntry, form: TaskForm, pattern: Regex | None) -> Sample:
    row = entry.row
    if form.system is not None and not isinstance(row.input, str) and row.input[0].role == "system":
        raise entry.error("input", "has its own system message, but the task sets `system:`; keep one")
    return Sample(
        id=row.id if row.id is not None else f"{form.id_prefix}{entry.number}",
        input=row.input,
        target=_target(entry, pattern),
        choices=row.choices,
        group=row.group,
        must_pass=row.must_pass,
        metadata=row.metadata,
        location=entry.location,
    )


def _target(entry: SampleEntry, pattern: Regex | None) -> str | tuple[str, ...] | None:
    target = entry.row.target
    if pattern is None or target is None:
        return target
    if isinstance(target, str):
        return _extract(entry, pattern, target)
    return tuple(_extract(entry, pattern, text) for text in target)


def _extract(entry: SampleEntry, pattern: Regex, text: str) -> str:
    try:
        match = pattern.search(text)
    except TimeoutError as error:
        raise entry.error("target", f"target_pattern: {error}") from error
    if match is None or match[1] is None:
        raise entry.error("target", f"target_pattern {pattern.pattern!r} finds nothing in {shorten(text)!r}")
    return match[1]


def _duplicate_id(entry: SampleEntry, origin: RowOrigin, first: RowOrigin, sample_id: str) -> TaskError:
    def numbered(origin: RowOrigin) -> str:
        return " (its row number)" if origin.numbered else ""

    message = (
        f"{sample_id!r}{numbered(origin)} is already the id of row {first.number}{numbered(first)}; ids are unique"
    )
    return entry.error("id", message)
