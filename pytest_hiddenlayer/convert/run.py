"""Converts a file, or every file of a folder."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import HiddenLayerError, TaskError, UsageError
from ..taskfile.paths import Source
from .draft import Draft, Work
from .files import Files, root_of
from .formats import FORMATS, OWN, RECORDINGS, SUFFIXES, TEMPLATE, detect, unknown
from .own_files import own_file
from .report import FileReport, Remark, Report, WrittenTask
from .write import DOES_NOT_LOAD, Output, OverwriteError, opened, replace_newlines

MAX_FILES = 100_000
_CONFIGS_FIRST = {".yaml": 0, ".yml": 0, ".json": 1, ".eval": 1, ".jsonl": 2, ".csv": 2, ".tsv": 2, ".parquet": 2}


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options of a conversion."""

    output: Path | None  # None: nothing is written
    format: str | None = None  # a name in FORMATS; None: detected
    data: Path | None = None  # local data of lm-evaluation-harness tasks; outputs to compare with for AlpacaEval
    columns: Mapping[str, str] = field(default_factory=dict)  # names of an Inspect dataset's fields
    scorer: str | None = None  # how the texts of recordings are read


def convert(path: Path, options: Options, on_file: Callable[[FileReport], None] | None = None) -> Report:
    """Return what became of the file, or of each file of the folder, at `path`; `on_file` is called as each ends.

    Nothing in the files is run, and no file outside their folder is read. Raises UsageError for a path
    that does not exist.
    """
    if not path.exists():
        raise UsageError(f"{path}: no such file or folder; name a file or folder of another tool")
    files = Files(root_of(path))
    reports: list[FileReport] = []
    ignored = 0
    with opened(options.output) as output:
        for report in _reports(path, files, options, output):
            if report is None:
                ignored += 1
                continue
            reports.append(report)
            if on_file is not None:
                on_file(report)
    return Report(files=reports, ignored=ignored)


def _reports(path: Path, files: Files, options: Options, output: Output) -> Iterator[FileReport | None]:
    if not path.is_dir():
        yield _converted(files.source(path), files, options, output, named=True)
        return
    for file in _walk(path, options.output):
        yield None if file.resolve() in files.used else _converted(files.source(file), files, options, output)


def _walk(folder: Path, output: Path | None) -> list[Path]:
    """Return the files of a folder in its formats' suffixes, configurations first: they name data files."""
    found: list[Path] = []
    skipped = output.resolve() if output is not None else None
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(
            n for n in folders if not n.startswith((".", "__")) and Path(parent, n).resolve() != skipped
        )
        found += [path for name in names if (path := Path(parent, name)).suffix.lower() in SUFFIXES]
        if len(found) > MAX_FILES:
            raise UsageError(f"{folder} has more than {MAX_FILES:,} files; convert its folders one by one")
    regular = (path for path in found if path.is_file() and not path.is_symlink())
    return sorted(regular, key=lambda path: (_CONFIGS_FIRST.get(path.suffix.lower(), 3), path.as_posix()))


def _converted(
    source: Source, files: Files, options: Options, output: Output, *, named: bool = False
) -> FileReport | None:
    """Return the report of one file; None for a file of a folder that is not a task by itself."""
    try:
        name = (
            options.format or detect(source, files) or ("inspect" if options.columns and _is_table(source) else None)
        )
    except TaskError as error:
        return _refused(source, "unknown", error)
    if named and name in _NO_TASK:
        raise _NO_TASK[name](source)
    if name is None or name in _NO_TASK:
        return None
    data = Source(options.data, str(options.data)) if options.data is not None else None
    work = Work(source=source, files=files, data=data, columns=options.columns, scorer=options.scorer)
    if options.scorer is not None and name != RECORDINGS:
        work.left_out(f"--scorer {options.scorer}: it applies to recordings only, and this file is {name}")
    tasks = list(_deliver(name, work, output))
    return FileReport(
        file=source.display_path,
        format=name,
        tasks=tasks,
        remarks=work.remarks,
        more_remarks=work.more_remarks,
        refused=work.refused,
    )


def _is_table(source: Source) -> bool:
    return source.path.suffix.lower() in (".jsonl", ".csv", ".tsv", ".parquet", ".json")


def _deliver(name: str, work: Work, output: Output) -> Iterator[WrittenTask]:
    """Yield each task that is written; a fault of the input becomes a reason in `work.refused`."""
    drafts = 0
    try:
        for draft in FORMATS[name].convert(work):
            drafts += 1
            written = _written(draft, work, output)
            if written is not None:
                yield written
    except TaskError as error:
        work.refuse(*_reason(error, work))
    except RecursionError:
        work.refuse("is nested too deeply to be converted")
    if not drafts and not work.refused:
        work.refuse(f"holds nothing that can be converted from {FORMATS[name].text}")


def _written(draft: Draft, work: Work, output: Output) -> WrittenTask | None:
    try:
        return output.deliver(draft, work)
    except OverwriteError:
        raise
    except (TaskError, UsageError) as error:
        work.refuse(f"{draft.name}: {DOES_NOT_LOAD}: {replace_newlines(str(error))}")
    return None


def _reason(error: TaskError, work: Work) -> tuple[str, int | None]:
    if error.file == work.source.display_path:
        return replace_newlines(error.message), error.line
    return replace_newlines(str(error)), None


def _refused(source: Source, name: str, error: TaskError) -> FileReport:
    remark = Remark(file=error.file, line=error.line, message=replace_newlines(error.message))
    return FileReport(file=source.display_path, format=name, refused=[remark])


def _template(source: Source) -> HiddenLayerError:
    return source.error("is a part that other files include or name, not a task by itself; convert those files")


_NO_TASK: dict[str | None, Callable[[Source], HiddenLayerError]] = {None: unknown, TEMPLATE: _template, OWN: own_file}
"""The error of a file that is no task of another tool, if it is named by itself."""
