"""Recorded outputs: for each sample id what a model once answered, one text an epoch."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ..errors import TaskError, did_you_mean
from .document import MAX_FAULTS, merge
from .paths import Source
from .rows import Row, read_rows
from .scalar import as_written, describe, shorten
from .validators import read_output


def read_outputs_file(source: Source, ids: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Outputs by sample id from rows `{id, output}` or `{id, outputs: [...]}`; other keys are left alone.

    A sample may be without output. Raises one TaskError for up to `MAX_FAULTS` wrong rows:
    unknown and repeated ids among them.
    """
    found: dict[str, tuple[str, ...]] = {}
    rows: dict[str, int] = {}
    wrong: list[TaskError] = []
    try:
        for row in read_rows(source):
            try:
                name, texts = _output(row)
                _check_new(name, rows)
                check_known(name, ids)
                found[name], rows[name] = texts, row.number
            except ValueError as error:
                wrong.append(source.error(str(error), line=row.line, field=f"row {row.number}"))
            if len(wrong) > MAX_FAULTS:
                break
    except TaskError as error:  # the file cannot be read any further
        wrong.append(error)
    if wrong:
        raise merge(wrong)
    return found


def check_known(name: str, ids: Collection[str]) -> None:
    """Raises ValueError where `name` is the id of no sample."""
    if name not in ids:
        # Comparing with thousands of ids to find the nearest would take minutes.
        near = did_you_mean(name, ids) if len(ids) <= 1000 else ""
        raise ValueError(f"id {shorten(name)!r} is no sample's{near}")


def _check_new(name: str, rows: Mapping[str, int]) -> None:
    if name in rows:
        first = f"id {shorten(name)!r} is already in row {rows[name]}"
        raise ValueError(f"{first}; put epochs into `outputs: [...]`")


def _output(row: Row) -> tuple[str, tuple[str, ...]]:
    name = as_written(row.values.get("id"))
    if name is None:
        raise ValueError(f"needs the `id` of its sample, got {describe(row.values.get('id'))}")
    if ("output" in row.values) == ("outputs" in row.values):
        near = did_you_mean("output", row.values)
        has = shorten(", ".join(row.values))
        raise ValueError(f"needs either `output` or `outputs`{near} (it has {has})")
    key = "output" if "output" in row.values else "outputs"
    return name, read_output(f"`{key}`", row.values[key])
