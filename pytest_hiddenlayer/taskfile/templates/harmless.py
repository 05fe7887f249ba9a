"""Which templates are harmless: each of their operations takes time in proportion to the texts that it reads.

They are rendered where they are needed. All others are rendered in a process with limits, since no list of
dangerous operations is ever complete; this list is of the safe ones.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from jinja2 import Environment, TemplateError, nodes

MAX_TEMPLATE = 100_000
"""Characters; parsing a longer template may take seconds."""
MAX_LOOPS = 2
"""Loops inside each other."""
_MAX_CONST = 200  # characters of a text that an operation may repeat
_FILTERS = frozenset(
    [
        "abs",
        "capitalize",
        "count",
        "d",
        "default",
        "e",
        "escape",
        "first",
        "float",
        "int",
        "items",
        "join",
        "last",
        "length",
        "list",
        "lower",
        "replace",
        "reverse",
        "safe",
        "string",
        "tojson",
        "trim",
        "upper",
    ]
)
_METHODS = frozenset(
    [
        "items",
        "keys",
        "values",
        "strip",
        "lstrip",
        "rstrip",
        "lower",
        "upper",
        "capitalize",
        "startswith",
        "endswith",
        "get",
    ]
)
_TESTS = frozenset(
    [
        "boolean",
        "defined",
        "divisibleby",
        "even",
        "false",
        "float",
        "integer",
        "iterable",
        "mapping",
        "none",
        "number",
        "odd",
        "sequence",
        "string",
        "true",
        "undefined",
    ]
)
_PLAIN = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Concat,
    nodes.Pair,
    nodes.Keyword,
)


@lru_cache(maxsize=512)
def is_harmless(text: str) -> bool:
    """Return whether a template can be rendered without a process; true if it is no template at all."""
    if len(text) > MAX_TEMPLATE:
        return False
    try:
        return _is_harmless(Environment().parse(text), 0)
    except (TemplateError, RecursionError, OverflowError, ValueError):
        return True  # compiling it fails in the same way


def _is_harmless(node: nodes.Node, loops: int) -> bool:
    if isinstance(node, nodes.For):
        loops += 1
        if node.recursive or loops > MAX_LOOPS:
            return False
    elif not _is_allowed(node):
        return False
    return all(_is_harmless(child, loops) for child in node.iter_child_nodes())


def _is_allowed(node: nodes.Node) -> bool:
    match node:
        case nodes.Const(value=value):
            return _is_small(value)
        case nodes.Filter(name=name, args=arguments, kwargs=keywords, dyn_args=None, dyn_kwargs=None):
            return name in _FILTERS and _all_small([*arguments, *(keyword.value for keyword in keywords)])
        case nodes.Call(node=nodes.Getattr(attr=name), args=arguments, kwargs=[], dyn_args=None, dyn_kwargs=None):
            return name in _METHODS and _all_small(arguments)
        case nodes.Test(name=name, args=arguments):
            return name in _TESTS and _all_small(arguments)
        case nodes.Add(left=left, right=right) | nodes.Sub(left=left, right=right):
            return _all_small([left]) or _all_small([right])
        case nodes.Assign(target=nodes.Name()):
            return True
        case nodes.Tuple(ctx="store"):
            return True
    return isinstance(node, _PLAIN)


def _all_small(values: Iterable[nodes.Node]) -> bool:
    return all(isinstance(value, nodes.Const) and _is_small(value.value) for value in values)


def _is_small(value: object) -> bool:
    if isinstance(value, str):
        return len(value) <= _MAX_CONST
    return value is None or (isinstance(value, (bool, int, float)) and abs(value) < 1_000_000)
