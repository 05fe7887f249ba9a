"""Where a registry's samples are: in its folder `data`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...taskfile.paths import Source
from ..draft import At, Work
from ..files import text_of


def samples_file(args: At, work: Work, key: str = "samples_jsonl") -> Source:
    """Return the file of samples, relative to the registry's folder `data`. Raises TaskError."""
    written = args.get(key)
    name = text_of(written.value) if written is not None else None
    if written is None or not name:
        raise work.source.error(f"has no {key}", line=args.line)
    if "://" in name:
        raise work.source.error(f"{key} is an address, {name!r}; nothing is downloaded", line=written.line)
    if not name.endswith(".jsonl"):
        raise work.source.error(f"{key} {name!r} is not a .jsonl file", line=written.line)
    for folder in _data_folders(work):
        if (folder / name).is_file():
            anchor = Source(folder / "samples", work.source.display_path)
            return work.files.resolve(anchor, name, line=written.line)
    raise work.source.error(f"{key} names {name!r}, which is not below the registry's `data`", line=written.line)


def _data_folders(work: Work) -> Iterator[Path]:
    for parent in list(work.source.path.absolute().parents)[:6]:
        if not work.files.contains(parent):
            return
        yield parent / "data"
        yield parent
