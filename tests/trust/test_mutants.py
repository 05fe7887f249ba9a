"""The faults of `make mutants`: each changes the program, and can be taken out again."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"

SOURCE = '''
LIMIT = 3
def clamp(values, low=0, *, strict=False):
    """Text."""
    if not values or len(values) > LIMIT:
        raise ValueError(f"more than {LIMIT}")
    total = 0.5
    for value in [v for v in values if v is not None]:
        total += value * 2
        print(total)
    try:
        return min(total, -low) if strict else max(low, total)
    except TypeError:
        return divmod(low, total)
'''


@pytest.fixture(scope="module")
def mutations():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from mutation.operators import mutations
    finally:
        sys.path.remove(str(BENCHMARKS))
    return mutations


def test_every_fault_changes_the_program_and_is_taken_back(mutations):
    """With a fault the module compiles to something else; without it the tree is what it was."""
    tree = ast.parse(SOURCE)
    whole = ast.dump(tree)
    faults = mutations(tree)
    assert ast.dump(tree) == whole
    seen = set()
    for fault in faults:
        fault.apply()
        seen.add(ast.dump(tree))
        compile(tree, "m.py", "exec")
        fault.undo()
        assert ast.dump(tree) == whole
    assert len(seen) == len(faults)
    assert whole not in seen


def test_each_kind_of_fault_is_made(mutations):
    """Comparisons, boundaries, operators, constants, conditions, arguments, results, statements and errors change."""
    assert {fault.operator for fault in mutations(ast.parse(SOURCE))} == {
        "boundary", "comparison negated", "arithmetic", "and/or", "not removed", "condition negated", "constant",
        "minus removed", "filter removed", "arguments swapped", "return None", "statement removed",
        "error swallowed", "handler raises", "min to max", "max to min",
    }  # fmt: skip


def test_a_fault_names_the_function_that_it_is_in(mutations):
    """A fault in a body belongs to its function; one in a default or a constant of the module to none."""
    faults = {(fault.line, fault.operator): fault for fault in mutations(ast.parse(SOURCE))}
    assert faults[5, "boundary"].function == ("clamp", 3)
    assert faults[2, "constant"].function is None
    assert faults[2, "constant"].names == ("LIMIT",)
    assert faults[3, "constant"].function is None
