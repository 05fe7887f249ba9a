"""Recorded outputs: a model's earlier answers by sample id, one text per epoch, or whole recordings."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import TaskError, did_you_mean, shorten
from ..types import Recording
from .document import MAX_FAULTS, merge
from .paths import Source
from .recordings.reader import has_recording, read_recording
from .rows import read_rows
from .scalar import as_written, describe
from .tables.row import Row
from .validators import read_output


def read_outputs_file(
    source: Source, ids: Collection[str], recordings: dict[str, Recording] | None = None
) -> dict[str, tuple[str, ...]]:
    """Return outputs by sample id, from rows `{id, output}` or `{id, outputs: [...]}`; other keys are ignored.

    With `recordings`, rows may also be those of docs/recordings.md, which are added there.
    A sample may have no output. An output that is null, or that its row lacks, is an empty answer.
    Raises one TaskError for up to `MAX_FAULTS` faulty rows, which include unknown and repeated ids.
    """
    outputs: dict[str, tuple[str, ...]] = {}
    rows: dict[str, int] = {}
    errors: list[TaskError] = []
    lacking: list[TaskError] = []
    answered = False  # whether a row has an output
    try:
        for row in read_rows(source, pad=True):
            try:
                name, key = _id(row), _key(row)
                _check_new(name, rows)
                check_known(name, ids)
                rows[name] = row.number
                if key is None and recordings is not None and has_recording(row.values):
                    recordings[name], answered = read_recording(row.values), True
                    continue
                outputs[name] = ("",) if key is None else read_output(f"`{key}`", row.values[key])
                answered = answered or key is not None
                if key is None and len(lacking) <= MAX_FAULTS:
                    lacking.append(_row_error(source, row, _lacks_output(row)))
            except ValueError as error:
                errors.append(_row_error(source, row, str(error)))
            if len(errors) > MAX_FAULTS:
                break
    except TaskError as error:  # the rest of the file cannot be read
        errors.append(error)
    if not answered:  # another name in every row is a wrong file, not an empty answer
        errors += lacking
    if errors:
        raise merge(errors)
    return outputs


def check_known(name: str, ids: Collection[str]) -> None:
    """Raise ValueError if no sample has the id `name`."""
    if name not in ids:
        # Finding the closest of thousands of ids would take minutes.
        suggestion = did_you_mean(name, ids) if len(ids) <= 1000 else ""
        raise ValueError(f"no sample has the id {shorten(name)!r}{suggestion}")


def _check_new(name: str, rows: Mapping[str, int]) -> None:
    if name in rows:
        first = f"id {shorten(name)!r} is already in row {rows[name]}"
        raise ValueError(f"{first}; put epochs into `outputs: [...]`")


def _id(row: Row) -> str:
    name = as_written(row.values.get("id"))
    if name is None:
        raise ValueError(f"needs the `id` of its sample, got {describe(row.values.get('id'))}")
    return name


def _key(row: Row) -> str | None:
    """Return the key of the row's output; None if the row lacks it. Raises ValueError if it is misspelt or double."""
    keys = [key for key in ("output", "outputs") if key in row.values]
    if len(keys) == 2 or (not keys and did_you_mean("output", row.values)):
        raise ValueError(_lacks_output(row))
    return keys[0] if keys else None


def _lacks_output(row: Row) -> str:
    suggestion = "" if "output" in row.values else did_you_mean("output", row.values)
    return f"needs either `output` or `outputs`{suggestion} (it has {shorten(', '.join(row.values))})"


def _row_error(source: Source, row: Row, message: str) -> TaskError:
    return source.error(message, line=row.line, field=f"row {row.number}")
