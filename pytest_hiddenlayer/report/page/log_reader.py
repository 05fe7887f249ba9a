"""Reads the log of a run for its page, line by line: what cannot be read is counted, and the rest is shown."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...io.codecs import record_from_json, record_to_json
from ...io.regular_files import open_regular
from ...results.log.parquet_file import RECORDS_PARQUET, parquet_lines
from ...results.log.record_file import RECORDS
from ...types import RECORD_SCHEMA, Record
from ..file_types.json_types import is_shallow
from .record_texts import MAX_RECORD, MAX_TEXT, with_short_texts
from .sections import json_bytes

MAX_DEPTH = 100  # of a record's lists and objects
MAX_NAMED = 3  # lines, or schema versions, that a notice names
OTHER = "of other numbers"

Notice = dict[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class LoggedRecord:
    """A record of a log, and its JSON as the page holds it: schema 3, UTF-8, without a line feed."""

    record: Record
    content: bytes


@dataclass(kw_only=True, slots=True)
class LogReader:
    """The records of a run's folder, in the order of the log; `notices` says what is wrong with it afterwards."""

    folder: Path
    _read: int = 0
    _incomplete: bool = False
    _refused: list[tuple[int, str]] = field(default_factory=list)  # (line, why), the first ones
    _n_refused: int = 0
    _schemas: Counter[str] = field(default_factory=Counter)  # schema → records of another one than ours
    _cut: list[int] = field(default_factory=list)  # lines with texts that the page cuts
    _fault: str | None = None
    _odd: list[str] = field(default_factory=list)  # of the last line: what JSON does not have, such as NaN
    _decoder: json.JSONDecoder = field(init=False)

    def __post_init__(self) -> None:
        self._decoder = json.JSONDecoder(parse_constant=self._odd.append)  # reads it as None

    def __iter__(self) -> Iterator[LoggedRecord]:
        """Yield the records. Holds one line in memory."""
        try:
            for number, line in enumerate(self._lines(), 1):
                if not line.isspace() and (logged := self.logged(number, line)) is not None:
                    yield logged
        except FileNotFoundError:
            self._fault = f"{RECORDS} is missing: this page has no samples."
        except OSError as error:
            self._fault = f"{RECORDS} could not be read further: {error.strerror or error}."
        except UsageError as error:
            self._fault = f"The records could not be read further: {error}."

    def _lines(self) -> Iterator[bytes]:
        """The lines of the log with their ends, or those of its Parquet file if there is no log."""
        if not (self.folder / RECORDS).exists() and (self.folder / RECORDS_PARQUET).is_file():
            yield from (line + b"\n" for line in parquet_lines(self.folder / RECORDS_PARQUET))
            return
        with open_regular(self.folder / RECORDS) as lines:
            yield from lines

    def logged(self, number: int, line: bytes) -> LoggedRecord | None:
        """The record of a line of the log, which has this number; None if it is none, as `notices` will say."""
        try:
            return self._read_line(number, line)
        except (ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
            self._refuse(number, line, error)
            return None

    def _read_line(self, number: int, line: bytes) -> LoggedRecord:
        self._odd.clear()
        values = self._decoder.decode(line.decode("utf-8", "surrogatepass"))
        if line.count(b"[") + line.count(b"{") > MAX_DEPTH and not is_shallow(values, MAX_DEPTH):
            raise ValueError("nested too deeply")
        record, schema = _record(values), values.get("schema")
        content = line.strip()
        if schema != RECORD_SCHEMA or self._odd:
            content = json_bytes(record_to_json(record))
        if len(content) > MAX_TEXT:
            content = self._shortened(number, content)
        self._read += 1
        if schema != RECORD_SCHEMA:
            self._count_schema(f"{schema}"[:20])
        return LoggedRecord(record=record, content=content)

    def _count_schema(self, schema: str) -> None:
        if schema not in self._schemas and len(self._schemas) == MAX_NAMED:
            schema = OTHER
        self._schemas[schema] += 1

    def _refuse(self, number: int, line: bytes, error: Exception) -> None:
        if not line.endswith(b"\n") and isinstance(error, ValueError):
            self._incomplete = True
            return
        self._n_refused += 1
        if len(self._refused) < MAX_NAMED:
            self._refused.append((number, _why(error)[:200]))

    def _shortened(self, number: int, content: bytes) -> bytes:
        """The record without what is too long for a page."""
        values, limit, whole = json.loads(content), MAX_TEXT, content
        while limit >= 1000 and (limit == MAX_TEXT or len(content) > MAX_RECORD):
            content = json_bytes(with_short_texts(values, limit, f"{RECORDS}, line {number}"))
            limit //= 10
        if len(content) < len(whole):
            self._cut.append(number)
        return content

    def notices(self) -> list[Notice]:
        """What is wrong with the log, once it was read to its end."""
        found = [
            _notice("error", self._fault),
            _notice("error", self._refusals()),
            _notice("warning", self._incomplete and f"The last line of {RECORDS} is incomplete and was left out: "
                    "its process was stopped while it wrote the line, or is writing it now."),
            *(_notice(*_schema_words(schema, count)) for schema, count in self._schemas.items()),
            _notice("info", self._cut_words()),
            _notice("warning", self._fault is None and not self._read and f"{RECORDS} holds no record."),
        ]  # fmt: skip
        return [notice for notice in found if notice is not None]

    def _refusals(self) -> str | None:
        if not self._n_refused:
            return None
        named = "; ".join(f"{RECORDS}:{number}: {why}" for number, why in self._refused)
        more = self._n_refused - len(self._refused)
        lines = (
            "1 line is not a record and was"
            if self._n_refused == 1
            else f"{self._n_refused:,} lines are not records and were"
        )
        return f"{lines} left out: {named}" + (f"; and {more:,} more." if more else ".")

    def _cut_words(self) -> str | None:
        if not self._cut:
            return None
        named = ", ".join(map(str, self._cut[:MAX_NAMED])) + (", …" if len(self._cut) > MAX_NAMED else "")
        return f"Very long texts are cut in this page; they are whole in {RECORDS}, line {named}."


def _record(values: Any) -> Record:
    """The record of a line. Raises TypeError, AttributeError or KeyError if it is none."""
    if not isinstance(values, dict):
        raise TypeError(f"a JSON object is needed, found {str(values)[:60]!r}")
    if _is_newer(values.get("schema")):
        values = {**values, "schema": RECORD_SCHEMA}
    return record_from_json(values)


def _is_newer(schema: Any) -> bool:
    return isinstance(schema, int | float) and schema > RECORD_SCHEMA


def _why(error: Exception) -> str:
    """Why a line is not a record."""
    if isinstance(error, json.JSONDecodeError):
        return f"not JSON: {error.msg} at character {error.pos + 1}"
    if isinstance(error, UnicodeDecodeError):
        return f"not UTF-8 at byte {error.start + 1}"
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _schema_words(schema: str, count: int) -> tuple[str, str]:
    records = "1 record has" if count == 1 else f"{count:,} records have"
    try:
        newer = float(schema) > RECORD_SCHEMA
    except ValueError:
        newer = False
    if newer:
        return "warning", (
            f"{records} schema {schema}, made by a newer version of pytest-hiddenlayer: what this version does "
            "not know is not shown. Install that version to see it."
        )
    return (
        "info",
        f"{records} schema {schema}, made by an earlier version of pytest-hiddenlayer, and read as schema 3.",
    )


def _notice(level: str, text: str | bool | None) -> Notice | None:
    return {"level": level, "text": text} if isinstance(text, str) else None
