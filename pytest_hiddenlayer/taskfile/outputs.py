"""Recorded outputs: a model's earlier answers by sample id, one text per epoch."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import TaskError, did_you_mean
from .document import MAX_FAULTS, merge
from .paths import Source
from .rows import Row, read_rows
from .scalar import as_written, describe, shorten
from .validators import read_output


def read_outputs_file(source: Source, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return outputs by sample id, from rows `{id, output}` or `{id, outputs: [...]}`; other keys are ignored.

    A sample may have no output. Raises one TaskError for up to `MAX_FAULTS` faulty rows,
    which include unknown and repeated ids.
    """
    outputs: dict[str, tuple[str, ...]] = {}
    rows: dict[str, int] = {}
    errors: list[TaskError] = []
    try:
        for row in read_rows(source):
            try:
                name, texts = _output(row)
                _check_new(name, rows)
                check_known(name, ids)
                outputs[name], rows[name] = texts, row.number
            except ValueError as error:
                errors.append(source.error(str(error), line=row.line, field=f"row {row.number}"))
            if len(errors) > MAX_FAULTS:
                break
    except TaskError as error:  # the rest of the file cannot be read
        errors.append(error)
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


def _output(row: Row) -> tuple[str, tuple[str, ...]]:
    name = as_written(row.values.get("id"))
    if name is None:
        raise ValueError(f"needs the `id` of its sample, got {describe(row.values.get('id'))}")
    if ("output" in row.values) == ("outputs" in row.values):
        suggestion = did_you_mean("output", row.values)
        keys = shorten(", ".join(row.values))
        raise ValueError(f"needs either `output` or `outputs`{suggestion} (it has {keys})")
    key = "output" if "output" in row.values else "outputs"
    return name, read_output(f"`{key}`", row.values[key])
