"""The tests of a promptfoo configuration: inline, in files, by scenario; each with its variables."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import TaskError
from ...taskfile.paths import MEGABYTE, Source
from ...taskfile.tables.row import Row
from ..draft import At, Work
from ..files import plain, text_of
from ..templates import render
from .assertions import from_cell

MAX_TESTS = 100_000
MAX_TEXT = 5 * MEGABYTE  # of a file that is a variable
_CODE = (".js", ".ts", ".mjs", ".cjs", ".py", ".rb", ".sh")
_TABLES = (".csv", ".tsv", ".jsonl")
_WORKBOOKS = (".xlsx", ".xls")


@dataclass(slots=True)
class Test:
    """One test: its assertions, its variables as written, and where it is."""

    line: int | None
    source: Source
    variables: dict[str, Any]
    assertions: list[At]
    threshold: float | None = None
    metadata: dict[str, Any] | None = None
    output: str | None = None


def entries_of(at: At | None, source: Source, work: Work) -> Iterator[tuple[At, Source]]:
    """Yield the tests that a value names: mappings, or files and patterns of files of them."""
    for item in at.items() if at is not None else ():
        if isinstance(item.value, dict) and "path" in item.value and "vars" not in item.value:
            item = item["path"]
        name = text_of(item.value)
        if name is None:
            yield item, source
            continue
        for file in _files(name, item, source, work):
            yield from _entries_in(file, item, work)


def _files(name: str, item: At, source: Source, work: Work) -> Iterator[Source]:
    name = name.removeprefix("file://")
    if "://" in name:
        work.left_out(f"tests at the address {name!r}: nothing is downloaded", item.line, source=source)
        return
    if name.partition(":")[0].endswith(_CODE):
        work.left_out(f"tests that the program {name!r} writes: nothing is run", item.line, source=source)
        return
    if any(mark in name for mark in "*?["):
        if ".." in name or name.startswith("/"):
            work.left_out(f"tests in {name!r}, outside the folder", item.line, source=source)
            return
        for path in sorted(source.path.parent.glob(name)):
            yield work.files.resolve(source, path.relative_to(source.path.parent).as_posix(), line=item.line)
        return
    try:
        yield work.files.resolve(source, name, line=item.line)
    except TaskError as error:
        work.left_out(f"tests: {error.message}", item.line, source=source)


def _entries_in(file: Source, item: At, work: Work) -> Iterator[tuple[At, Source]]:
    suffix = file.path.suffix.lower()
    if suffix in _WORKBOOKS:
        work.left_out(f"tests in the workbook {file.display_path}; save it as CSV", item.line)
    elif suffix in _TABLES:
        for row in work.files.rows(file):
            yield (as_test(row, file) if suffix != ".jsonl" else _as_value(row, file)), file
    else:
        document = work.files.document(file)
        for entry in At(document, document.data, (), file).items():
            if isinstance(entry.value, dict):
                yield entry, file


class _RowLines:
    """Stands for the document of a row: every value is on the row's line."""

    def __init__(self, line: int | None) -> None:
        self._line = line

    def line(self, path: object) -> int | None:
        return self._line


def _as_value(row: Row, source: Source) -> At:
    return At(_RowLines(row.line), row.values, (), source)  # type: ignore[arg-type]


def as_test(row: Row, source: Source) -> At:
    """Return the test of a row in CSV: columns are variables, those with `__` are assertions and options."""
    test: dict[str, Any] = {"vars": {}, "assert": [], "metadata": {}}
    for name, value in row.values.items():
        if not name.startswith("__"):
            test["vars"][name] = value or ""
        elif value is None:
            continue
        elif name.startswith("__expected"):
            test["assert"].append(from_cell(value))
        elif name.startswith("__metadata:"):
            test["metadata"][name.removeprefix("__metadata:").removesuffix("[]")] = value
        elif name == "__threshold":
            test["threshold"] = value
        elif name in ("__description", "__metric"):
            continue
        else:
            test.setdefault("options", {})[name.removeprefix("__")] = value
    return _as_value(Row(row.number, row.line, test), source)


def read_tests(top: At, source: Source, work: Work) -> Iterator[Test]:
    """Yield every test of a configuration, with the defaults and each combination of its variables."""
    default = _default(top, source, work)
    written: list[tuple[list[At], At, Source]] = [
        ([], at, file) for at, file in entries_of(top.get("tests"), source, work)
    ]
    written += list(_scenarios(top, source, work))
    if not written and default is not None and default.get("vars") is not None:
        written = [([], default, source)]
        default = None
    count = 0
    for before, at, file in written:
        for test in _expanded([*([default] if default is not None else []), *before, at], file, top, work):
            count += 1
            if count > MAX_TESTS:
                raise source.error(f"has more than {MAX_TESTS:,} tests; split it")
            yield test


def _default(top: At, source: Source, work: Work) -> At | None:
    at = top.get("defaultTest")
    if at is None or isinstance(at.value, dict):
        return at
    name = text_of(at.value)
    if not name:
        return None
    file = work.files.resolve(source, name.removeprefix("file://"), line=at.line)
    document = work.files.document(file)
    return At(document, document.data, (), file) if isinstance(document.data, dict) else None


def _scenarios(top: At, source: Source, work: Work) -> Iterator[tuple[list[At], At, Source]]:
    """Every configuration of a scenario with every test of it."""
    scenarios = top.get("scenarios")
    for scenario in scenarios.items() if scenarios is not None else ():
        if not isinstance(scenario.value, dict):
            work.left_out("a scenario in a file", scenario.line)
            continue
        tests = list(entries_of(scenario.get("tests"), source, work))
        for config, _ in entries_of(scenario.get("config"), source, work):
            for test, file in tests:
                yield [config], test, file


def _expanded(parts: list[At], source: Source, top: At, work: Work) -> Iterator[Test]:
    """Yield a test per combination of its variables that are lists."""
    at = parts[-1]
    variables: dict[str, Any] = {}
    assertions: list[At] = []
    for part in parts:
        assertions += list(_assertions(part, top))
    if not isinstance(at.value, dict):
        work.left_out("a test that is not a mapping", at.line, source=source)
        return
    for part in parts:
        written = part.get("vars")
        if written is not None and not isinstance(written.value, dict):
            work.left_out("vars in a file", written.line, source=written.source)
            return
        try:
            variables |= _variables(written, part.source or work.source, work)
        except (TaskError, ValueError) as error:
            work.left_out(f"a test whose variables cannot be read: {error}", at.line, source=source)
            return
    options = _options(parts, work)
    lists = (
        [] if options.get("disableVarExpansion") is True else [k for k, v in variables.items() if isinstance(v, list)]
    )
    for values in itertools.product(*(variables[name] for name in lists)):
        combined = {**variables, **dict(zip(lists, values, strict=True))}
        yield Test(
            line=at.line,
            source=source,
            variables=_nested(combined),
            assertions=assertions,
            threshold=_threshold(parts),
            metadata=plain(at.value.get("metadata")) if isinstance(at.value.get("metadata"), dict) else None,
            output=text_of(at.value.get("providerOutput")),
        )


def _assertions(part: At, top: At) -> Iterator[At]:
    written = part.get("assert")
    for item in written.items() if written is not None else ():
        reference = text_of(item.value.get("$ref")) if isinstance(item.value, dict) else None
        templates = top.get("assertionTemplates")
        name = (reference or "").rpartition("/")[2]
        if reference is not None and templates is not None and isinstance(templates.value.get(name), dict):
            item = templates[name]
        yield item


def _threshold(parts: list[At]) -> float | None:
    for part in reversed(parts):
        text = text_of(part.value.get("threshold")) if isinstance(part.value, dict) else None
        if text:
            try:
                return min(max(float(text), 0.0), 1.0)
            except ValueError:
                return None
    return None


def _options(parts: list[At], work: Work) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for part in parts:
        written = part.get("options")
        if written is None or not isinstance(written.value, dict):
            continue
        options |= plain(written.value)
        for key in written.value:
            if key not in ("disableVarExpansion", "provider", "runSerially"):
                work.left_out(f"options.{key} of tests", written.line, source=written.source)
        if "provider" in written.value:
            work.note("options.provider: the judge is named by --judge", written.line, source=written.source)
    return options


def _variables(at: At | None, source: Source, work: Work) -> dict[str, Any]:
    """Return variables, with the contents of text files. Raises TaskError, or ValueError if a value is not a text."""
    if at is None:
        return {}
    values: dict[str, Any] = {}
    for name in at.value:
        item = at[name]
        if isinstance(item.value, list):
            values[name] = [_value(part, source, work) for part in item.items()]
        else:
            values[name] = _value(item, source, work)
    return values


def _value(at: At, source: Source, work: Work) -> Any:
    text = text_of(at.value)
    if text is None or not text.startswith("file://"):
        return text if text is not None else plain(at.value)
    name = text.removeprefix("file://")
    suffix = f".{name.rpartition('.')[2].lower()}"
    if suffix in _CODE:
        raise ValueError(f"line {at.line}: {name!r} is a program, which is not run")
    file = work.files.resolve(source, name, line=at.line)
    if suffix in (".json", ".yaml", ".yml"):
        return plain(work.files.document(file).data)
    if suffix not in (".txt", ".md", ".html", ".csv", ".xml"):
        raise ValueError(f"line {at.line}: {name!r} is not a text")
    return file.text(MAX_TEXT).strip()


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Fill in variables that other variables use, once."""
    filled = dict(values)
    for name, value in values.items():
        if isinstance(value, str) and "{{" in value:
            try:
                filled[name] = render(value, values)
            except ValueError:
                continue
    return filled
