"""Detects task files by their first bytes, without parsing them.

Task files and data files share folders, so a check reads at most `HEAD` bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

SUFFIXES = (".yaml", ".yml", ".json")
HEAD = 5 * 2**20  # bytes read from a YAML file; loading refuses a longer file
JSON_HEAD = 64 * 2**10  # bytes read from a JSON file, because most JSON files hold data

_YAML_KEY = re.compile(rb"""^(?:\xef\xbb\xbf)?(["']?)([A-Za-z_]+)\1[ \t]*:(?=[ \t\r\n]|\Z)""", re.MULTILINE)
_JSON_TOKEN = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*(:)?|[{}\[\]]', re.DOTALL)
_HARNESS_KEYS = frozenset(
    b"dataset_path dataset_name doc_to_text doc_to_target doc_to_choice output_type task_alias "
    b"test_split fewshot_split metric_list generation_kwargs process_docs".split()
)


def is_task_file(path: Path) -> bool:
    """Return whether a .yaml, .yml or .json file is a task file. The file may still contain errors.

    YAML: a line starts with `task:`. JSON: an object whose top-level keys within the first
    64 KB include `task` but not `schema` (snapshots and records have both). An unreadable
    file counts as a task file, so that loading it reports the reason.
    """
    suffix = path.suffix.lower()
    if suffix not in {".yaml", ".yml", ".json"} or not path.is_file():
        return False
    try:
        if suffix == ".json":
            keys = set(_json_keys(_head(path, JSON_HEAD)))
            return b"task" in keys and b"schema" not in keys
        return b"task" in _yaml_keys(_head(path, HEAD))
    except OSError:
        return True


def is_foreign_harness(path: Path) -> bool:
    """Return whether a .yaml or .yml file is an lm-evaluation-harness task (has keys such as `doc_to_text`)."""
    if path.suffix.lower() not in {".yaml", ".yml"} or not path.is_file():
        return False
    try:
        keys = _yaml_keys(_head(path, HEAD))
    except OSError:
        return False
    return bool(keys & _HARNESS_KEYS) and b"samples" not in keys


def is_collected(path: Path) -> bool:
    """Return whether a file is loaded as a task: a task file, or one of another harness, which is an error."""
    return path.suffix in SUFFIXES and (is_task_file(path) or is_foreign_harness(path))


def _head(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        head = file.read(size)
    # Loading refuses UTF-16; without its zero bytes, the keys are still detected.
    return head.replace(b"\0", b"")[2:] if head[:2] in {b"\xff\xfe", b"\xfe\xff"} else head


def _yaml_keys(text: bytes) -> set[bytes]:
    return {match[2] for match in _YAML_KEY.finditer(text)}


def _json_keys(text: bytes) -> Iterator[bytes]:
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
            yield match[1]
