"""The faults that can be put into a module: one changed, swapped or removed node of its syntax tree."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass

BOUNDARY = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt}
NEGATED = {
    ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
}  # fmt: skip
ARITHMETIC = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
NAMES = {"min": "max", "max": "min", "any": "all", "all": "any"}
NOT_SWAPPED = {"isinstance", "issubclass", "getattr", "setattr", "hasattr", "cast", "TypeVar", "zip"}
NOT_ENTERED = (ast.Raise, ast.Assert, ast.JoinedStr, ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal)
"""Their inside is a text for people, or nothing that a test could notice; `raise` itself is removed."""


@dataclass(frozen=True)
class Mutation:
    """One fault. `apply` puts it into the tree, `undo` takes it out again."""

    operator: str
    line: int
    reach: range
    """The lines of the statement: a test that runs one of them may notice."""
    function: tuple[str, int] | None
    """Qualified name and first line of the outermost function that contains it; None: it runs at import."""
    names: tuple[str, ...]
    """What a statement that runs at import assigns."""
    before: str
    after: str
    apply: Callable[[], None]
    undo: Callable[[], None]


def mutations(tree: ast.Module) -> list[Mutation]:
    """Return all faults of a module, in the order of its source."""
    return list(_Walk(tree).found())


@dataclass
class _Place:
    statement: ast.stmt
    function: tuple[str, int] | None
    names: tuple[str, ...]


class _Walk:
    def __init__(self, tree: ast.Module) -> None:
        self._tree = tree

    def found(self) -> Iterator[Mutation]:
        for statement in self._tree.body:
            yield from self._statement(statement, self._tree.body, (), None, ())

    def _statement(
        self, node: ast.stmt, siblings: list[ast.stmt], scope: tuple[str, ...], function: tuple[str, int] | None,
        names: tuple[str, ...],
    ) -> Iterator[Mutation]:  # fmt: skip
        if isinstance(node, (ast.Import, ast.ImportFrom, ast.Global, ast.Nonlocal, ast.Assert)) or _is_typing(node):
            return
        names = names or _assigned(node)
        place = _Place(node, function, names)
        yield from self._removed(node, siblings, place)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            for part in (*node.args.defaults, *filter(None, node.args.kw_defaults)):
                yield from self._expressions(part, place)
            first = node.decorator_list[0].lineno if node.decorator_list else node.lineno
            inside = function or (".".join((*scope, node.name)), first)
            for child in node.body:
                yield from self._statement(child, node.body, (*scope, node.name, "<locals>"), inside, ())
            return
        if isinstance(node, ast.ClassDef):
            for child in node.body:
                yield from self._statement(child, node.body, (*scope, node.name), function, (node.name,))
            return
        if isinstance(node, ast.Raise):
            return
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "type_params"}:
                continue
            if isinstance(value, list) and value and isinstance(value[0], ast.stmt):
                for child in value:
                    yield from self._statement(child, value, scope, function, names)
            elif name == "handlers":
                for handler in value:
                    yield from self._handler(handler, scope, function, place)
            elif name == "cases":
                for case in value:
                    for child in case.body:
                        yield from self._statement(child, case.body, scope, function, names)
            elif isinstance(value, ast.expr):
                yield from self._expressions(value, place)
            elif isinstance(value, list):
                for part in value:
                    if isinstance(part, (ast.expr, ast.withitem)):
                        yield from self._expressions(part, place)
        yield from self._whole(node, place)

    def _handler(
        self, node: ast.ExceptHandler, scope: tuple[str, ...], function: tuple[str, int] | None, place: _Place
    ) -> Iterator[Mutation]:
        inner = _Place(node.body[0], function, place.names)
        if not isinstance(node.body[0], ast.Raise):
            yield self._list("handler raises", node.body, 0, len(node.body), [ast.Raise()], inner, node)
        for child in node.body:
            yield from self._statement(child, node.body, scope, function, place.names)

    def _removed(self, node: ast.stmt, siblings: list[ast.stmt], place: _Place) -> Iterator[Mutation]:
        index = siblings.index(node)
        constant = isinstance(node, ast.Expr) and isinstance(node.value, (ast.Constant, ast.Yield, ast.YieldFrom))
        if isinstance(node, (ast.Expr, ast.AugAssign, ast.Continue, ast.Delete)) and not constant:
            yield self._list("statement removed", siblings, index, index + 1, [ast.Pass()], place, node)
        elif isinstance(node, ast.Raise):
            yield self._list("error swallowed", siblings, index, index + 1, [ast.Pass()], place, node)
        elif isinstance(node, ast.Break):
            yield self._list("break removed", siblings, index, index + 1, [ast.Pass()], place, node)

    def _whole(self, node: ast.stmt, place: _Place) -> Iterator[Mutation]:
        match node:
            case ast.Return(value=ast.expr() as value) if not _is_none(value):
                yield self._field("return None", node, "value", ast.copy_location(ast.Constant(None), value), place)
            case ast.If(test=test) | ast.While(test=test) if not _is_simple_comparison(test):
                yield self._field("condition negated", node, "test", _negated(test), place)
            case ast.AugAssign(op=op) if type(op) in ARITHMETIC and not _is_text(node.value):
                yield self._field("arithmetic", node, "op", ARITHMETIC[type(op)](), place)

    def _expressions(self, root: ast.AST, place: _Place) -> Iterator[Mutation]:
        """Faults inside an expression, its own operator and constants included."""
        if isinstance(root, NOT_ENTERED):
            return
        for parent, name, index, node in _nodes(root, place.statement):
            for operator, field, new in _changes(node):
                yield self._field(operator, node, field, new, place)
            for operator, replacement in _replacements(node):
                if index is None:
                    yield self._field(operator, parent, name, replacement, place)
                else:
                    yield self._item(operator, parent, name, index, replacement, place)

    def _field(self, operator: str, node: ast.AST, field: str, new: object, place: _Place) -> Mutation:
        old = getattr(node, field)
        return self._mutation(
            operator, node, place, lambda: setattr(node, field, new), lambda: setattr(node, field, old)
        )

    def _item(self, operator: str, parent: ast.AST, field: str, index: int, new: ast.AST, place: _Place) -> Mutation:
        values = getattr(parent, field)
        return self._list(operator, values, index, index + 1, [new], place, values[index])

    def _list(
        self, operator: str, values: list[ast.AST] | list[ast.stmt], start: int, end: int, new: list[ast.AST],
        place: _Place, node: ast.AST,
    ) -> Mutation:  # fmt: skip
        old = list(values)
        for part in new:
            ast.copy_location(part, node)

        def apply() -> None:
            values[start:end] = new  # type: ignore[assignment]

        def undo() -> None:
            values[:] = old  # type: ignore[assignment]

        removed = isinstance(new[0], (ast.Pass, ast.Raise))
        return self._mutation(operator, node, place, apply, undo, text=ast.unparse(new[0]) if removed else None)

    def _mutation(
        self, operator: str, node: ast.AST, place: _Place, apply: Callable[[], None], undo: Callable[[], None],
        text: str | None = None,
    ) -> Mutation:  # fmt: skip
        statement = place.statement
        before = _first_lines(statement)
        apply()
        after = text if text is not None else _first_lines(statement)
        undo()
        body = getattr(statement, "body", None)
        last = statement.end_lineno or statement.lineno
        if isinstance(body, list) and body:
            last = max(statement.lineno, body[0].lineno - 1)
        line = getattr(node, "lineno", statement.lineno)
        reach = range(statement.lineno, last + 1)
        return Mutation(operator, line, reach, place.function, place.names, before, after, apply, undo)


def _nodes(root: ast.AST, statement: ast.AST) -> Iterator[tuple[ast.AST, str, int | None, ast.AST]]:
    """(parent, field, index in the field's list, node) of an expression and all that it contains."""
    holders = [statement, *filter(None, [getattr(statement, "args", None)])]
    for holder in holders:
        for name, value in ast.iter_fields(holder):
            if value is root:
                yield holder, name, None, root
            elif isinstance(value, list):
                yield from ((holder, name, index, root) for index, part in enumerate(value) if part is root)
    waiting = [root]
    while waiting:
        parent = waiting.pop()
        for name, value in ast.iter_fields(parent):
            for index, node in enumerate(value) if isinstance(value, list) else [(None, value)]:
                if isinstance(node, ast.AST) and not isinstance(node, (*NOT_ENTERED, ast.expr_context)):
                    yield parent, name, index, node
                    waiting.append(node)


def _changes(node: ast.AST) -> Iterator[tuple[str, str, object]]:
    """(operator, field, new value of the field)"""
    match node:
        case ast.Compare(ops=[op]):
            if type(op) in BOUNDARY:
                yield "boundary", "ops", [BOUNDARY[type(op)]()]
            if type(op) in NEGATED:
                yield "comparison negated", "ops", [NEGATED[type(op)]()]
        case ast.Compare(ops=[first, *others]) if type(first) in BOUNDARY:
            yield "boundary", "ops", [BOUNDARY[type(first)](), *others]
            if type(others[0]) in BOUNDARY:
                yield "boundary", "ops", [first, BOUNDARY[type(others[0])](), *others[1:]]
        case ast.BinOp(op=op) if type(op) in ARITHMETIC and not (_is_text(node.left) or _is_text(node.right)):
            yield "arithmetic", "op", ARITHMETIC[type(op)]()
        case ast.BoolOp(op=op):
            yield "and/or", "op", ast.Or() if isinstance(op, ast.And) else ast.And()
        case ast.IfExp(test=test):
            yield "condition negated", "test", _negated(test)
        case ast.comprehension(ifs=[_, *_]):
            yield "filter removed", "ifs", []
        case ast.Call(func=ast.Name(id=name)) if name in NAMES:
            yield f"{name} to {NAMES[name]}", "func", ast.copy_location(ast.Name(NAMES[name], ast.Load()), node)
        case ast.Call(args=[first, second, *others]) if _called(node) not in NOT_SWAPPED:
            if not isinstance(first, ast.Starred) and ast.dump(first) != ast.dump(second):
                yield "arguments swapped", "args", [second, first, *others]


def _replacements(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    """(operator, what replaces the node)"""
    match node:
        case ast.Constant(value=bool(value)):
            yield "constant", ast.copy_location(ast.Constant(not value), node)
        case ast.Constant(value=int(value)):
            yield "constant", ast.copy_location(ast.Constant(value + 1), node)
        case ast.Constant(value=float(value)):
            yield "constant", ast.copy_location(ast.Constant(value * 2 + (value == 0)), node)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield "not removed", operand
        case ast.UnaryOp(op=ast.USub(), operand=ast.expr() as operand):
            yield "minus removed", operand


def _first_lines(statement: ast.stmt) -> str:
    """The source of a simple statement, or the head of a compound one, at most 300 characters."""
    text = ast.unparse(statement)
    if hasattr(statement, "body"):
        lines = text.splitlines()
        start = next((i for i, line in enumerate(lines) if not line.startswith("@")), 0)
        text = "\n".join(lines[: start + 1])
    return text[:300]


def _negated(test: ast.expr) -> ast.expr:
    return ast.fix_missing_locations(ast.copy_location(ast.UnaryOp(ast.Not(), test), test))


def _is_simple_comparison(test: ast.expr) -> bool:
    negation = isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not)
    return negation or (isinstance(test, ast.Compare) and len(test.ops) == 1)


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _is_typing(node: ast.stmt) -> bool:
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return True
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "__all__" for t in node.targets)


def _called(node: ast.Call) -> str:
    return node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")


def _assigned(node: ast.stmt) -> tuple[str, ...]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return tuple(t.id for t in targets if isinstance(t, ast.Name))
