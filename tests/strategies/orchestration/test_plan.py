"""Plans are read in the forms in which models write them."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.strategies.orchestration.plan import parse_plan

STEPS = ["Add six and seven.", "Double the sum."]


@pytest.mark.parametrize(
    "text",
    [
        "1. Add six and seven.\n2. Double the sum.",
        "1) Add six and seven.\n2) Double the sum.",
        "(1) Add six and seven.\n(2) Double the sum.",
        "Plan:\n  1: Add six and seven.\n\n  2: Double the sum.\nDone",
        "Step 1: Add six and seven.\nStep 2: Double the sum.",
        "Step 1 - Add six and seven.\nStep 2 - Double the sum.",
        "**Step 1:** Add six and seven.\n\n**Step 2:** Double the sum.",
        "**Step 1**: Add six and seven.\n**Step 2**: Double the sum.",
        "**1.** Add six and seven.\n**2.** Double the sum.",
        "1. **Add six and seven.**\n2. **Double the sum.**",
        "### Step 1: Add six and seven.\nThis is easy.\n### Step 2: Double the sum.",
        "## 1. Add six and seven.\n## 2. Double the sum.",
        "**Step 1**\nAdd six and seven.\n\n**Step 2**\nDouble the sum.",
        "- Add six and seven.\n- Double the sum.",
        "* Add six and seven.\n* Double the sum.",
        "• Add six and seven.\n• Double the sum.",
        "- **Step 1:** Add six and seven.\n- **Step 2:** Double the sum.",
        "# Add six and seven.\n# Double the sum.",
        '["Add six and seven.", "Double the sum."]',
        '```json\n["Add six and seven.", "Double the sum."]\n```',
        'Here it is:\n```json\n{"steps": [{"id": 1, "description": "Add six and seven."},'
        ' {"id": 2, "description": "Double the sum."}]}\n```\nDone.',
        '{"plan": {"step_1": "Add six and seven.", "step_2": "Double the sum."}}',
        '{"tasks": [{"task": "Add six and seven."}, {"task": "Double the sum."}]}',
        "Plan: 1) Add six and seven. 2) Double the sum.",
        "Add six and seven. Double the sum.",
        "Add six and seven.\nDouble the sum.",
    ],
)
def test_the_steps_of_a_plan_are_found(text: str) -> None:
    """Numbers, bullets, headings, JSON and instructions in sentences are steps; emphasis is removed."""
    assert parse_plan(text) == STEPS


def test_sentences_that_say_their_order_are_steps() -> None:
    """'First' and 'then' make steps of statements."""
    text = "First, I will add six and seven. Then I will double the sum."
    assert parse_plan(text) == ["First, I will add six and seven.", "Then I will double the sum."]


def test_what_is_below_a_step_belongs_to_it() -> None:
    """Bullets below a numbered step are no steps of their own; a step that ends in a colon includes them."""
    text = "1. Collect the prices:\n   - of apples\n   - of pears\n2. Add them.\n   - carefully"
    assert parse_plan(text) == ["Collect the prices: of apples; of pears", "Add them."]


@pytest.mark.parametrize(
    "text",
    [
        "I would rather not.",
        "I am sorry. I cannot help with that.",
        "The answer is 26. It is even.",
        "26",
        "",
        "3.5 is a number",
        "{}",
        '{"answer": 26}',
        "[1, 2]",
    ],
)
def test_an_answer_or_a_refusal_is_no_plan(text: str) -> None:
    """A text without instructions has no steps."""
    assert parse_plan(text) == []


@pytest.mark.parametrize(
    "text", ["- a" + " " * 100_000 + "b", "1. " * 50_000, "**" * 50_000, "[" * 50_000, "a. " * 50_000]
)
def test_a_plan_is_read_in_linear_time(text: str) -> None:
    """A hundred thousand characters do not hang."""
    assert isinstance(parse_plan(text), list)
