"""Converts other tools' tasks and outputs to task files: nothing in them is run, nothing is downloaded."""

from .formats import FORMATS
from .report import FileReport, Remark, Report, WrittenTask
from .run import Options, convert

__all__ = ["FORMATS", "FileReport", "Options", "Remark", "Report", "WrittenTask", "convert"]
