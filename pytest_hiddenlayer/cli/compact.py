"""`hiddenlayer compact RUN...`: the records of large runs as Parquet."""

from __future__ import annotations

import argparse
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ..errors import UsageError
from ..io.writable import reason
from .argument_types import named_run

HELP = "compact the records of runs to Parquet, which is smaller and read faster; nothing is lost"
EPILOG = """examples:
  hiddenlayer compact last                   writes records.parquet, and keeps records.jsonl
  hiddenlayer compact last --remove-jsonl    removes records.jsonl once records.parquet was read back
  hiddenlayer compact last --restore         writes records.jsonl again, byte by byte

exit status: 0 success; 4 no such run, a damaged log, a full disk, or no pyarrow
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The runs, and what to do with their records."""
    parser.add_argument("runs", nargs="+", metavar="RUN", help="run id, folder, or `last`")
    parser.add_argument(
        "--remove-jsonl",
        action="store_true",
        help="remove records.jsonl after every line of it was read back from records.parquet",
    )
    parser.add_argument(
        "--restore", action="store_true", help="write records.jsonl from records.parquet, if it was removed"
    )
    parser.add_argument(
        "--unfinished", action="store_true", help="also compact a run that has not ended, such as a killed one"
    )


def run(arguments: argparse.Namespace) -> int:
    """Compact or restore each run, and print one line on it. Returns 0."""
    from ..results.columns.compaction import compact
    from ..results.log.parquet_file import RECORDS_PARQUET
    from ..results.log.record_file import RECORDS, record_lines, restore_lines

    if arguments.restore and (arguments.remove_jsonl or arguments.unfinished):
        raise UsageError("--restore only writes records.jsonl again; leave out --remove-jsonl and --unfinished")
    for folder in [named_run(name) for name in arguments.runs]:
        if arguments.restore:
            record_lines(folder)  # raises if there are no records in either form
            with _named_if_full(folder / RECORDS):
                done = restore_lines(folder)
            print(f"run {folder.name}: records.jsonl " + ("was written again" if done else "is there already"))
        else:
            with _named_if_full(folder / RECORDS_PARQUET):
                compaction = compact(folder, remove_jsonl=arguments.remove_jsonl, unfinished=arguments.unfinished)
            print(compaction.sentence())
    return 0


@contextmanager
def _named_if_full(path: Path) -> Iterator[None]:
    """Raises UsageError with the file's path instead of OSError if the disk is full."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise UsageError(
            f"{path}: cannot be written: {reason(error)}; the run is as before; free space there"
        ) from error
