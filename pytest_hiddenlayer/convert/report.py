"""What became of each file of a conversion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["converted", "partly", "refused"]
MAX_REMARKS = 50
"""Remarks kept per file; the rest are counted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Remark:
    """Something that the task file cannot express, or a decision that the reader should know."""

    file: str
    line: int | None
    message: str
    left_out: bool = True  # False: nothing is lost

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}"


@dataclass(frozen=True, kw_only=True, slots=True)
class WrittenTask:
    """One task file that a conversion wrote, or would write with `--check`."""

    name: str
    file: str  # the task file's name
    samples: int
    outputs: int  # samples with recorded outputs


@dataclass(frozen=True, kw_only=True, slots=True)
class FileReport:
    """The result of one input file."""

    file: str
    format: str
    tasks: Sequence[WrittenTask] = ()
    remarks: Sequence[Remark] = ()
    more_remarks: int = 0
    refused: Sequence[Remark] = ()  # why the file, or one of its evals, is refused

    @property
    def status(self) -> Status:
        """`refused` if nothing was converted, `partly` if something was left out."""
        if not self.tasks:
            return "refused"
        return "partly" if self.refused or any(remark.left_out for remark in self.remarks) else "converted"

    def to_json(self) -> dict[str, Any]:
        """Return the report as JSON values."""
        return {
            "file": self.file,
            "format": self.format,
            "status": self.status,
            "tasks": [
                {"name": task.name, "file": task.file, "samples": task.samples, "outputs": task.outputs}
                for task in self.tasks
            ],
            "left_out": [_remark(remark) for remark in self.remarks if remark.left_out],
            "notes": [_remark(remark) for remark in self.remarks if not remark.left_out],
            "more": self.more_remarks,
            "refused": [_remark(remark) for remark in self.refused],
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The results of all files, in the order of their names."""

    files: Sequence[FileReport]
    ignored: int = 0  # files of a folder in none of the formats, or that other files use

    @property
    def exit_status(self) -> int:
        """0 if every file was converted or partly converted, 1 if anything was refused, 4 without a usable file."""
        if not self.files:
            return 4
        return 1 if any(file.refused for file in self.files) else 0


def _remark(remark: Remark) -> dict[str, Any]:
    return {"file": remark.file, "line": remark.line, "message": remark.message}
