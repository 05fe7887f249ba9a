"""The Jinja2 environment of prompts: a sandbox in which every operation counts against a budget.

Jinja2's sandbox restricts what a template can reach, not what it can compute: `{{ 'x' * 10**9 }}`
takes gigabytes. Here, everything that a template creates is counted: results of operators, calls
and filters, what it prints, lists that it writes, and passes through its loops.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

from jinja2 import Environment, StrictUndefined, nodes, pass_context
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from .budget import current
from .estimates import filter_size, method_size, operation_size

_REMOVED_GLOBALS = ("lipsum",)  # random: a sample's prompt must always be the same
_REMOVED_FILTERS = ("random",)
_REPEATED = (nodes.For, nodes.Macro, nodes.CallBlock)


class PromptEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose templates have limits of size, steps and time. Nothing is computed while compiling."""

    intercepted_binops = frozenset(ImmutableSandboxedEnvironment.default_binop_table)

    def __init__(self) -> None:
        super().__init__(
            undefined=StrictUndefined,
            keep_trailing_newline=True,
            autoescape=False,
            optimized=False,
            finalize=_printed,
        )
        for name in _REMOVED_GLOBALS:
            self.globals.pop(name)
        for name in _REMOVED_FILTERS:
            self.filters.pop(name)
        self.filters = {name: _counted(name, function) for name, function in self.filters.items()}

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Return the result of an operator that is not too large."""
        budget = current()
        budget.create(operation_size(operator, left, right))
        return budget.measured(super().call_binop(context, operator, left, right))

    def call(self, context: Context, obj: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Return what a function, method or macro returns."""
        budget = current()
        method = getattr(obj, "__wrapped__", obj)  # the sandbox wraps `format`
        budget.create(method_size(getattr(method, "__self__", None), getattr(method, "__name__", ""), args, kwargs))
        return budget.measured(super().call(context, obj, *args, **kwargs))

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        return _instrumented(super()._parse(source, name, filename), self)

    def count_step(self, size: int) -> str:
        """Count one pass through a loop or macro that prints `size` characters of its own."""
        budget = current()
        budget.step()
        budget.create(size)
        return ""

    def concatenated(self, *values: Any) -> str:
        """Return the values as one text."""
        budget = current()
        return "".join(str(budget.measured(value)) for value in values)

    def created(self, value: Any) -> Any:
        """Return a list, mapping or part of a text that the template made."""
        return current().measured(value)


@pass_context
def _printed(context: Context, value: Any) -> Any:
    return current().measured(value)


def _counted(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the filter, with its result counted; Jinja2 passes some filters its context or environment first."""
    offset = 1 if hasattr(function, "jinja_pass_arg") else 0

    @functools.wraps(function)
    def counted(*arguments: Any, **keywords: Any) -> Any:
        budget = current()
        value, rest = arguments[offset] if len(arguments) > offset else None, arguments[offset + 1 :]
        if name == "join" and isinstance(value, Iterator):
            value = budget.measured(list(value))
            arguments = (*arguments[:offset], value, *rest)
        budget.create(filter_size(name, value, rest, keywords))
        return budget.measured(function(*arguments, **keywords))

    return counted


def _instrumented(template: nodes.Template, environment: Environment) -> nodes.Template:
    """Return the tree with calls that count: in loops and macros, and around what operators do not create."""
    for node in list(template.find_all(_REPEATED)):
        assert isinstance(node, _REPEATED)
        printed = sum(len(text.data) for text in _own_texts(node))
        node.body.insert(0, nodes.Output([_call("count_step", nodes.Const(printed))]))
    _replace_in(template)
    template.set_lineno(1)
    template.set_environment(environment)
    return template


def _own_texts(node: nodes.Node) -> list[nodes.TemplateData]:
    """Return the literal texts of a loop or macro, without those of the loops and macros in it."""
    texts: list[nodes.TemplateData] = []
    waiting = list(node.iter_child_nodes())
    while waiting:
        child = waiting.pop()
        if isinstance(child, nodes.TemplateData):
            texts.append(child)
        if not isinstance(child, _REPEATED):
            waiting += child.iter_child_nodes()
    return texts


def _replace_in(node: nodes.Node) -> None:
    """Replace `~`, slices and literals of lists and mappings below `node` by calls that count them."""
    for name, value in list(node.iter_fields()):
        if isinstance(value, list):
            value[:] = [_replacement(item) if isinstance(item, nodes.Node) else item for item in value]
        elif isinstance(value, nodes.Node):
            setattr(node, name, _replacement(value))


def _replacement(node: nodes.Node) -> nodes.Node:
    _replace_in(node)
    if isinstance(node, nodes.Concat):
        return _call("concatenated", *node.nodes)
    is_slice = isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Slice)
    is_literal = isinstance(node, nodes.List | nodes.Dict) or (isinstance(node, nodes.Tuple) and node.ctx == "load")
    return _call("created", node) if is_slice or is_literal else node


def _call(method: str, *arguments: nodes.Node) -> nodes.Call:
    return nodes.Call(nodes.EnvironmentAttribute(method), list(arguments), [], None, None)
