"""Parses YAML from parser events: no tags, no Python objects, no recursion.

PyYAML's loaders would turn `no` into False and `1.10` into 1.1, keep the last of two equal
keys, and expand aliases without a limit. Building from events controls all of that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from ..errors import shorten
from .document import MAX_DEPTH, Document, FieldPath
from .paths import Source
from .scalar import lone_surrogate, resolve

MAX_ALIAS_NODES = 10_000  # values that aliases may add in one file
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times faster, if libyaml is installed
_TEXT_TAGS = {None, "!", "tag:yaml.org,2002:str"}


@dataclass(frozen=True, slots=True)
class Tagged:
    """A scalar with a tag, such as `!function utils.process_docs`, as text: nothing is looked up."""

    tag: str
    text: str


def parse_yaml(text: str, source: Source, *, foreign: bool = False) -> Document:
    """Return the only document of a YAML text. Raises TaskError with the line of the fault.

    With `foreign`, the text belongs to another tool: scalars with unknown tags become `Tagged`, `<<` merges
    mappings, and the last of two equal keys counts.
    """
    builder = _Builder(source, foreign)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        reason = f"{error.problem}{f' ({error.context})' if error.context else ''}"
        raise source.error(f"this is not YAML: {reason}", line=mark.line + 1 if mark else None) from error
    except yaml.reader.ReaderError as error:  # a forbidden character; this error has no mark
        line = text.encode().count(b"\n", 0, error.position) + 1
        raise source.error(f"this is not YAML: {str(error).splitlines()[0]}", line=line) from error
    return Document(builder.root, builder.lines)


@dataclass(frozen=True, slots=True)
class _Node:
    """A complete value with its number of values and its depth, aliases expanded."""

    value: Any
    size: int = 1
    depth: int = 0


@dataclass(slots=True)
class _Container:
    """A mapping or list whose end event has not arrived yet."""

    value: dict[str, Any] | list[Any]
    path: FieldPath
    anchor: str | None
    key: str | None = None  # of a mapping: the key whose value has not arrived yet
    size: int = 1
    depth: int = 1


@dataclass(slots=True)
class _Builder:
    source: Source
    foreign: bool = False
    root: Any = None
    lines: dict[FieldPath, int] = field(default_factory=dict)
    _open: list[_Container] = field(default_factory=list)
    _anchors: dict[str, _Node] = field(default_factory=dict)
    _documents: int = 0
    _alias_nodes: int = 0
    _line: int = 1

    def take(self, event: yaml.Event) -> None:
        """Process one parser event."""
        if event.start_mark is not None:
            self._line = event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise self._error("a second YAML document starts here (`---`); write one task per file")
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._start(event, {} if isinstance(event, yaml.MappingStartEvent) else [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                done = self._open.pop()
                self._insert(_Node(done.value, done.size, done.depth), done.anchor)
            case yaml.ScalarEvent():
                self._scalar(event)
            case yaml.AliasEvent():
                self._alias(event.anchor)

    def _start(self, event: yaml.CollectionStartEvent, value: dict[str, Any] | list[Any]) -> None:
        if event.tag not in {None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"} and not self.foreign:
            raise self._tag_error(event.tag)
        if self._awaits_key():
            raise self._error('a mapping or list cannot be a key (quote a template: "{{ input }}")')
        if len(self._open) >= MAX_DEPTH:
            raise self._error(f"is nested more than {MAX_DEPTH} levels deep")
        self._open.append(_Container(value, self._next_path(), event.anchor))

    def _scalar(self, event: yaml.ScalarEvent) -> None:
        is_tagged = event.tag not in _TEXT_TAGS
        if is_tagged and not self.foreign:
            raise self._tag_error(event.tag)
        if surrogate := lone_surrogate(event.value):
            raise self._error(f"{surrogate} is a lone surrogate, half a character; remove it")
        if self._awaits_key():
            self._key(event.value)
        else:
            value: Any = resolve(event.value) if event.implicit[0] else event.value
            if is_tagged:
                value = Tagged(event.tag or "", event.value)
            self._insert(_Node(value), event.anchor)

    def _key(self, key: str) -> None:
        top = self._open[-1]
        if key in top.value and not self.foreign:
            first = self.lines[(*top.path, key)]
            raise self._error(f"key {shorten(key)!r} appears twice (first on line {first}); keep one")
        top.key = key
        self.lines[(*top.path, key)] = self._line

    def _alias(self, name: str | None) -> None:
        node = self._anchors.get(name or "")
        if node is None or self._awaits_key():
            raise self._error(f"alias *{name} has no complete anchor &{name} before it, or is used as a key")
        self._alias_nodes += node.size
        if self._alias_nodes > MAX_ALIAS_NODES or len(self._open) + node.depth > MAX_DEPTH:
            raise self._error(
                f"aliases expand to more than {MAX_ALIAS_NODES} values or {MAX_DEPTH} levels; write them out"
            )
        self._insert(node, None)

    def _insert(self, node: _Node, anchor: str | None) -> None:
        """Add a complete value to the innermost open container."""
        if anchor is not None:
            self._anchors[anchor] = node
        if not self._open:
            self.root = node.value
            return
        top = self._open[-1]
        top.size += node.size
        top.depth = max(top.depth, node.depth + 1)
        if isinstance(top.value, list):
            self.lines.setdefault((*top.path, len(top.value)), self._line)
            top.value.append(node.value)
        elif top.key is not None:
            if self.foreign and top.key == "<<" and isinstance(node.value, dict):
                top.value.update({**node.value, **top.value})
            else:
                top.value[top.key] = node.value
            top.key = None

    def _awaits_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1].value, dict) and self._open[-1].key is None

    def _next_path(self) -> FieldPath:
        """Return the path of the value that starts now, and record its line."""
        if not self._open:
            self.lines[()] = self._line
            return ()
        top = self._open[-1]
        path = (*top.path, len(top.value) if isinstance(top.value, list) else str(top.key))
        self.lines.setdefault(path, self._line)
        return path

    def _tag_error(self, tag: str | None) -> Exception:
        return self._error(f"tag {shorten(tag or '')!r} is not allowed; write plain YAML")

    def _error(self, message: str) -> Exception:
        return self.source.error(message, line=self._line)
