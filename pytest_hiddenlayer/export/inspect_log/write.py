"""Writes one Inspect log per cell of a run."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...identifiers import file_name
from ...types import Record
from ..exported_run import ExportedRun, checked_cells, key_of, latest_records
from ..portable_json import portable_json
from ..writing import attempt, check_target, write_file
from .header import header_json, start_json
from .samples import sample_id_of, sample_json, summary_json

_SUFFIX = ".eval"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # of every member, so that equal runs give equal files


def write_inspect_logs(run: ExportedRun, output: Path, *, force: bool) -> list[Path]:
    """Write TASK-STRATEGY-PROVIDER-MODEL.eval per cell into the folder `output`; returns the paths.

    An `output` that ends in `.eval` is the file of a run with one cell. Raises UsageError if it has several,
    or if a file exists (without `force`) or cannot be written.
    """
    cells = latest_records(run)
    if output.suffix == _SUFFIX and len(cells) != 1:
        raise UsageError(
            f"--output {output}: an Inspect log holds one task and model, and this run has {len(cells)} cells; "
            "name a folder"
        )
    known = {key_of(cell): cell for cell in checked_cells(run)}
    targets = [output if output.suffix == _SUFFIX else output / log_name(records[0]) for records in cells]
    if output.suffix != _SUFFIX:
        attempt(output, lambda: output.mkdir(parents=True, exist_ok=True))
    for path in targets:
        check_target(path, force=force)
    for path, records in zip(targets, cells, strict=True):
        write_file(path, log_bytes(run, records, known.get(records[0].cell, {})), force=force)
    return targets


def log_name(record: Record) -> str:
    """The name of the log of a record's cell."""
    return file_name("-".join(record.cell)) + _SUFFIX


def log_bytes(run: ExportedRun, records: Sequence[Record], cell: Mapping[str, Any]) -> bytes:
    """The log of one cell."""
    buffer = io.BytesIO()
    summaries = [summary_json(record) for record in records]
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        _add(archive, "_journal/start.json", start_json(run, records, cell))
        for record in records:
            _add(archive, f"samples/{sample_id_of(record)}_epoch_{record.epoch}.json", sample_json(record))
        _add(archive, "_journal/summaries/1.json", summaries)
        _add(archive, "summaries.json", summaries)
        _add(archive, "header.json", header_json(run, records, cell))
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, value: Any) -> None:
    member = zipfile.ZipInfo(name, _EPOCH)
    member.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(member, portable_json(value))
