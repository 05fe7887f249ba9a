"""The modules that are mutated, their faults under stable names, and which tests may notice each."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mutation.operators import Mutation, mutations

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "pytest_hiddenlayer"

GROUPS = {
    "scorers": ("scorers/**/*.py", "completions/*.py", "confidence/*.py"),
    "statistics": ("stats/**/*.py",),
    "metrics": ("results/metrics/*.py", "results/pairs/*.py", "engine/scoring.py", "engine/round_scores.py"),
    "gates": (
        "results/regression/*.py", "session/policy.py", "session/gating.py", "session/conclusion.py",
        "plugin/gates.py",
    ),
}  # fmt: skip
"""A score is given for each; paths are below the package."""

TESTS = (
    "scorers", "stats", "confidence", "completions", "results", "session", "engine", "trust", "plugin", "interface",
    "analysis",
)  # fmt: skip
"""The folders of tests that are tried, those that reach most first."""


@dataclass(frozen=True)
class Mutant:
    """One fault in one module."""

    group: str
    path: Path
    index: int
    """Its place among the faults of the module."""

    @property
    def mutation(self) -> Mutation:
        """The fault itself."""
        return faults(self.path)[1][self.index]

    @property
    def name(self) -> str:
        """As scores/x.py:12:3, with the line and the place among the faults of the module."""
        return f"{self.path.relative_to(PACKAGE)}:{self.mutation.line}:{self.index}"

    def code(self) -> str | ast.Module:
        """The syntax tree of the module with the fault."""
        tree, all_faults = faults(self.path)
        all_faults[self.index].apply()
        return tree


def mutants() -> Iterator[Mutant]:
    """All faults of all modules, in a fixed order."""
    for group, patterns in GROUPS.items():
        for pattern in patterns:
            for path in sorted(PACKAGE.glob(pattern)):
                yield from (Mutant(group, path, index) for index in range(len(faults(path)[1])))


@cache
def faults(path: Path) -> tuple[ast.Module, list[Mutation]]:
    """The syntax tree of a module and its faults."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return tree, mutations(tree)


@dataclass(frozen=True)
class Reached:
    """What a test ran without a fault."""

    cpu_s: float
    lines: Mapping[str, frozenset[int]]
    """Path → lines."""


def choose(mutant: Mutant, tests: Mapping[str, Reached], cpu_s: float) -> list[str]:
    """The tests to run, until they would take this long together: first the module's own folder, then one of each
    file in turn, the quick ones first."""
    places = list(_places(mutant))
    reaching = [name for name, test in tests.items() if any(test.lines.get(p, frozenset()) & at for p, at in places)]
    if not reaching and mutant.mutation.function is None:
        reaching = [name for name, test in tests.items() if str(mutant.path) in test.lines]
    own = f"tests/{mutant.path.relative_to(PACKAGE).parent}/"
    reaching.sort(key=lambda name: (tests[name].cpu_s, name))
    turn: Counter[str] = Counter()
    rank = {}
    for name in reaching:
        rank[name] = turn[name.split("::")[0]]
        turn[name.split("::")[0]] += 1
    reaching.sort(key=lambda name: (not name.startswith(own), 0 if name.startswith(own) else rank[name]))
    chosen: list[str] = []
    spent = 0.0
    for name in reaching:
        spent += tests[name].cpu_s
        if chosen and spent > cpu_s:
            break
        chosen.append(name)
    return by_file(chosen)


def by_file(names: Sequence[str]) -> list[str]:
    """The tests of one file together, so that its fixtures are set up once; the order is kept otherwise."""
    files = {name.split("::")[0]: None for name in names}
    order = {file: i for i, file in enumerate(files)}
    return sorted(names, key=lambda name: order[name.split("::")[0]])


def _places(mutant: Mutant) -> Iterator[tuple[str, frozenset[int]]]:
    """(path, lines) that a test runs which may notice: the statement, or what uses the name that it assigns."""
    fault = mutant.mutation
    if fault.function is not None:
        yield str(mutant.path), frozenset(fault.reach)
        return
    for name in fault.names:
        yield from _uses().get(name, {}).items()


@cache
def _uses() -> dict[str, dict[str, frozenset[int]]]:
    """name → path → lines of the statements in functions that mention it."""
    uses: dict[str, dict[str, set[int]]] = {}
    for path in sorted({mutant.path for mutant in mutants()}):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        functions = [n for n in ast.walk(tree) if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef))]
        for function in functions:
            for node in ast.walk(function):
                name = getattr(node, "id", None) or getattr(node, "attr", None)
                if isinstance(node, (ast.Name, ast.Attribute)) and name:
                    uses.setdefault(name, {}).setdefault(str(path), set()).add(node.lineno)
    return {name: {p: frozenset(lines) for p, lines in places.items()} for name, places in uses.items()}
