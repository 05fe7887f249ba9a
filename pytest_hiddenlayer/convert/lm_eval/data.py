"""Local data of a harness task: `--data FILE`, or a folder with a file per split."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...errors import TaskError
from ...taskfile.paths import Source
from ...taskfile.tables.row import Row
from ..files import text_of
from .config import Config

SUFFIXES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")
_SPLITS = ("test_split", "validation_split", "training_split")
NEEDS_DATA = "reads the hub dataset"


def rows_of(config: Config) -> Iterator[Row]:
    """Return the rows of the split that the harness evaluates. Raises TaskError if they are not local."""
    work = config.work
    split = next((text for key in _SPLITS if (text := _text(config, key))), None)
    written = _written_files(config, split)
    if written is not None:
        return work.files.rows(written)
    if work.data is None:
        raise _needs_data(config)
    return work.files.rows(_file(config, work.data.path, split or "test"))


def few_shot_rows(config: Config, number: int) -> list[Row] | None:
    """Return the first rows of the split of few-shot examples; None if they are not local."""
    split = _text(config, "fewshot_split") or _text(config, "training_split") or _text(config, "validation_split")
    data = config.work.data
    if split is None or data is None or not data.path.is_dir():
        return None
    try:
        file = _file(config, data.path, split)
    except TaskError:
        return None
    rows = []
    for row in config.work.files.rows(file):
        rows.append(row)
        if len(rows) == number:
            break
    return rows


def _text(config: Config, key: str) -> str | None:
    at = config.get(key)
    return text_of(at.value) if at is not None else None


def _needs_data(config: Config) -> TaskError:
    name = " ".join(filter(None, (_text(config, "dataset_path"), _text(config, "dataset_name")))) or "that it names"
    message = f"{NEEDS_DATA} {name!r}, which is not here; download it and name its file or folder with --data"
    if config.get("dataset_path") is None:
        return config.work.source.error(f"names no dataset; name a file or folder with --data ({NEEDS_DATA})")
    return config.error("dataset_path", message)


def _written_files(config: Config, split: str | None) -> Source | None:
    """Return the data file that `dataset_kwargs.data_files` names; None if it names none."""
    kwargs = config.get("dataset_kwargs")
    files = kwargs.get("data_files") if kwargs is not None else None
    if kwargs is None or files is None or config.work.data is not None:
        return None
    at = files.get(split) if isinstance(files.value, dict) and split else files
    name = text_of(at.items()[0].value) if at is not None and at.value else None
    if at is None or not name or "://" in name:
        return None
    _, source = config.fields["dataset_kwargs"]
    return config.work.files.resolve(source, name, line=at.line)


def _file(config: Config, data: Path, split: str) -> Source:
    """Return the file of a split: the file that is named, or SPLIT.jsonl, .json, ... in the folder."""
    if data.is_file():
        return Source(data, str(data))
    if not data.is_dir():
        raise config.work.source.error(f"--data {data}: no such file or folder")
    folders = [data / part for key in ("dataset_name", "dataset_path") if (part := _safe(_text(config, key)))]
    for folder in (*folders, data):
        for path in sorted(folder.iterdir()) if folder.is_dir() else ():
            is_split = path.stem == split or path.stem.startswith((f"{split}-", f"{split}_"))
            if is_split and path.suffix.lower() in SUFFIXES and path.resolve().is_relative_to(data.resolve()):
                return Source(path, str(path))
    raise config.work.source.error(f"--data {data} has no file {split}.jsonl, .json, .csv or .parquet")


def _safe(name: str | None) -> str | None:
    """A name that stays below the folder of data; `owner/name` is `name`."""
    last = (name or "").rpartition("/")[2]
    return last if last not in ("", ".", "..") and "\\" not in last else None
