"""Files of this project: task files, the data files that they name, and logs of runs. None is converted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import HiddenLayerError, TaskError
from ..taskfile.paths import Source
from .files import Files, text_of

_RECORD = {"run_id", "sample_id", "scores"}
MAX_NAME = 300  # characters of a file name; a longer text names no file


def is_own_task(data: Any) -> bool:
    """Whether a parsed YAML or JSON file is a task file of this project."""
    return isinstance(data, dict) and "task" in data and ("samples" in data or "scorers" in data)


def is_record(row: Mapping[str, Any]) -> bool:
    """Whether a row of a data file is the record of an answer in a run."""
    return row.keys() >= _RECORD


def mark_data_files(source: Source, data: Mapping[str, Any], files: Files) -> None:
    """Mark the files that a task file of this project names as used, so that they are not converted."""
    for name in _texts([data.get("samples"), data.get("outputs"), data.get("scorers")]):
        try:
            files.resolve(source, name)
        except TaskError:
            continue  # a text that names no file


def own_file(source: Source) -> HiddenLayerError:
    """Return the error for a file of this project that is named by itself."""
    if source.path.suffix.lower() in (".yaml", ".yml", ".json"):
        return source.error("is a task file of this project already; run it: hiddenlayer run FILE")
    return source.error("is the log of a run of this project; write it for other tools: hiddenlayer export RUN")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, list | dict):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _texts(item)
    elif (text := text_of(value)) and len(text) <= MAX_NAME:
        yield text
