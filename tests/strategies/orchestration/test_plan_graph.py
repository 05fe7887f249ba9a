"""Dependencies of a plan's steps are read in the forms in which models write them."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.orchestration.plan_graph import read_plan


@pytest.mark.parametrize(
    "text",
    [
        "1. Take six.\n2. Take seven.\n3. Add them. (after 1, 2)",
        "1. Take six.\n2. Take seven.\n3. Add them. [After steps 1 and 2].",
        "1. Take six. (after none)\n2. Take seven.\n3. Add them. (depends on: step 1 and step 2)",
        "1. Take six.\n2. Take seven.\n3. Add them. (needs steps #1; 2)",
        '[{"step": "Take six."}, {"step": "Take seven."}, {"step": "Add them.", "depends_on": [1, 2]}]',
        '{"steps": [{"id": 1, "task": "Take six."}, {"id": 2, "task": "Take seven."},'
        ' {"id": 3, "task": "Add them.", "after": ["1", "step 2"]}]}',
        '```json\n[{"id": "a", "task": "Take six.", "depends_on": []}, {"id": "b", "task": "Take seven."},'
        ' {"id": "c", "task": "Add them.", "dependencies": "a, B"}]\n```',
    ],
)
def test_dependencies_are_found_and_are_no_part_of_the_step(text):
    """Numbers in brackets at the end, and the fields of JSON, say what a step waits for."""
    graph = read_plan(text)
    assert graph.steps == ("Take six.", "Take seven.", "Add them.")
    assert graph.after == ((), (), (0, 1))
    assert not graph.fault
    assert graph.ready(frozenset()) == [0, 1]
    assert graph.ready(frozenset({0, 1})) == [2]


@pytest.mark.parametrize(
    "step",
    ["Add 2 to the result after 1", "Buy eggs (needs 2)", "Boil (after 2 minutes)", "(after 1)", "Wait (later)"],
)
def test_other_text_is_no_dependency(step):
    """Only a bracket of numbers at the end of a step is a dependency."""
    graph = read_plan(f"1. Take six.\n2. {step}")
    assert graph.steps == ("Take six.", step)
    assert not graph.has_dependencies


def test_other_fields_of_json_are_no_dependencies():
    """Only fields that say so are dependencies: `requires` may name a tool."""
    graph = read_plan('[{"id": 1, "task": "a", "requires": "calculator"}, {"id": 2, "task": "b", "needs": 3}]')
    assert graph.steps == ("a", "b")
    assert not graph.has_dependencies
    assert not graph.fault
