"""Detects task files by their top-level keys, mostly without parsing them.

Task files and data files share folders, so a check reads at most `HEAD` bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from .document import MAX_DEPTH

SUFFIXES = (".yaml", ".yml", ".json")
HEAD = 5 * 2**20  # bytes read of a file; loading refuses a longer one
JSON_HEAD = 64 * 2**10  # bytes read first from a JSON file, because most JSON files hold data

_YAML_KEY = re.compile(rb"""^(?:\xef\xbb\xbf)?(["']?)([A-Za-z_]+)\1[ \t]*:(?=[ \t\r\n]|\Z)""", re.MULTILINE)
_MENTION = re.compile(rb"""\b(?:tasks?|scorers)\b["']?\s*:|\?\s+["']?task""", re.IGNORECASE)
_FIRST_KEY = re.compile(rb"""\A(?:\s|#.*\n|---(?=\s))*+["']?task["']?[ \t]*:""")  # perhaps indented with tabs
_COMMENT_OR_MARK = re.compile(rb"^(?:\s*#.*|\s*(?:---|\.\.\.)\s*(?:#.*)?|%.*)$", re.MULTILINE)
_JSON_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*(:)?|[{}\[\]]', re.DOTALL)
_TASK_KEYS = {"samples", "scorers", "description", "system", "prompt", "outputs", "strategies", "generate", "judge"}
_HARNESS_KEYS = {
    "dataset_path",
    "dataset_name",
    "doc_to_text",
    "doc_to_target",
    "doc_to_choice",
    "output_type",
    "task_alias",
    "test_split",
    "fewshot_split",
    "metric_list",
    "generation_kwargs",
    "process_docs",
}


def is_task_file(path: Path) -> bool:
    """Return whether a .yaml, .yml or .json file is a task file. The file may still contain errors.

    It is one if its top-level keys include `task`; in JSON, but not `schema` (snapshots and
    records have both). An unreadable file counts as a task file, so that loading it reports
    the reason.
    """
    try:
        keys = _top_keys(path)
    except OSError:
        return True
    return "task" in keys and not (path.suffix.lower() == ".json" and "schema" in keys)


def is_foreign_harness(path: Path) -> bool:
    """Return whether a .yaml or .yml file is an lm-evaluation-harness task (has keys such as `doc_to_text`)."""
    if path.suffix.lower() == ".json":
        return False
    try:
        keys = _top_keys(path)
    except OSError:
        return False
    return bool(keys & _HARNESS_KEYS) and "samples" not in keys


def is_collected(path: Path) -> bool:
    """Return whether a file is loaded as a task: a task file, or one of another harness, which is an error."""
    return path.suffix.lower() in SUFFIXES and (is_task_file(path) or is_foreign_harness(path))


def is_nearly_task_file(path: Path) -> bool:
    """Return whether a file lacks only the key `task`: it has `Task`, `tasks` or `scorers`, or nothing at all."""
    try:
        keys = _top_keys(path)
        empty = path.suffix.lower() in SUFFIXES and path.is_file() and _is_empty(_head(path, JSON_HEAD))
    except OSError:
        return False
    nearly = "scorers" in keys or any(key.lower() in {"task", "tasks"} for key in keys)
    return empty or (nearly and not keys & {"task", "schema"} and not is_foreign_harness(path))


def _top_keys(path: Path) -> set[str]:
    """Return the top-level keys; of a file without the suffix of a task file, none."""
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES or not path.is_file():
        return set()
    if suffix != ".json":
        return _yaml_keys(_head(path, HEAD))
    head = _head(path, JSON_HEAD)
    keys = set(_json_keys(head))
    if len(head) == JSON_HEAD and "task" not in keys and keys & _TASK_KEYS:  # `task` may come last
        keys = set(_json_keys(_head(path, HEAD)))
    return keys


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        head = file.read(size)
    # Loading refuses UTF-16; without its zero bytes, the keys are still detected.
    return head.replace(b"\0", b"")[2:] if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else head


def _is_empty(text: bytes) -> bool:
    return len(text) < JSON_HEAD and not _COMMENT_OR_MARK.sub(b"", text.removeprefix(b"\xef\xbb\xbf")).strip()


def _yaml_keys(text: bytes) -> set[str]:
    keys = {match[2].decode() for match in _YAML_KEY.finditer(text)}
    if "task" in keys or not _MENTION.search(text):
        return keys
    if _FIRST_KEY.match(text):
        return {*keys, "task"}
    return keys | set(_parsed_keys(text))  # in flow style or indented, or the key of a nested mapping


def _parsed_keys(text: bytes) -> Iterator[str]:
    """Yield the keys of a YAML document's top-level mapping, up to the first error.

    libyaml's time grows with the square of the depth. A document that is nested more deeply than any task file
    counts as one, so that loading says so.
    """
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    depth, is_key = 0, True
    try:
        for event in yaml.parse(text.decode("utf-8", "replace"), Loader=loader):
            if isinstance(event, yaml.CollectionStartEvent):
                if depth == 0 and not isinstance(event, yaml.MappingStartEvent):
                    return
                depth += 1
                if depth > MAX_DEPTH:
                    yield "task"
                    return
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
            elif depth == 1 and is_key and isinstance(event, yaml.ScalarEvent):
                yield event.value
            if depth == 1 and isinstance(event, yaml.NodeEvent | yaml.CollectionEndEvent):
                is_key = isinstance(event, yaml.MappingStartEvent) or not is_key
    except yaml.YAMLError:
        return


def _json_keys(text: bytes) -> Iterator[str]:
    """Yield the top-level keys of an object; none for a list. Broken JSON yields its readable keys."""
    if not text.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{"):
        return
    depth = 0
    for match in _JSON_TOKEN.finditer(text):
        token = match[0]
        if token in b"{[":
            depth += 1
        elif token in b"}]":
            depth -= 1
        elif depth == 1 and match[2]:
            yield match[1].decode("utf-8", "replace")
