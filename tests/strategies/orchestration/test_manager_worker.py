"""`manager_worker`: how plans are read, assigned and merged."""

from __future__ import annotations

import pytest
from support.strategies import QUESTION, FakeProvider, plan_reply

from pytest_hiddenlayer.strategies.orchestration.manager_worker import deal


def test_manager_plans_workers_work_together_manager_merges(answer):
    """Workers run at the same time, each on its own step, and the merge reads every result."""
    fake = FakeProvider(plan_reply("1. take six\n2. take seven\n3. multiply"), overlapping={1: 3})
    record = answer("manager_worker", fake)
    for step, prompt in zip(("take six", "take seven", "multiply"), fake.prompts("worker-."), strict=True):
        assert step in prompt
        assert QUESTION in prompt
    (merge,) = fake.prompts("manager", 2)
    assert all(f"{step}: {i}" in merge for i, step in enumerate(("take six", "take seven", "multiply"), 1))
    assert record.outcome == "correct"


def test_a_plan_without_steps_is_an_outcome(answer):
    """A plan without steps is `unscored` with the plan as the reason, without a call of a worker."""
    fake = FakeProvider(plan_reply("I would rather not."))
    record = answer("manager_worker", fake)
    assert record.outcome == "unscored"
    assert "its reply has none" in record.error
    assert "I would rather not." in record.error
    assert len(fake.requests) == 1


def test_more_steps_than_workers_are_dealt():
    """Two workers get every other one of five steps."""
    assert deal(["a", "b", "c", "d", "e"], 2) == ["a; c; e", "b; d"]


def test_no_more_workers_than_asked_for(answer):
    """Five steps for two workers are two calls that cover all steps."""
    fake = FakeProvider(plan_reply("\n".join(f"{i}. step {i}" for i in range(1, 6))))
    record = answer("manager_worker:n_workers=2", fake)
    assert [r.role for r in fake.requests] == ["manager", "worker-1", "worker-2", "manager"]
    assert record.answer_metadata["plan"] == ["step 1; step 3; step 5", "step 2; step 4"]


DEPENDENT = "1. take six\n2. take seven\n3. multiply them (after 1, 2)"


def test_steps_wait_for_those_that_they_depend_on(answer):
    """Steps without dependencies run together, and a later step sees the results of those that it waits for only."""
    fake = FakeProvider(plan_reply(f"{DEPENDENT}\n4. check it (after 3)"), overlapping={1: 2})
    record = answer("manager_worker", fake)
    assert [(r.role, r.round) for r in fake.requests] == [
        ("manager", 0),
        ("worker-1", 1),
        ("worker-2", 1),
        ("worker-3", 2),
        ("worker-4", 3),
        ("manager", 4),
    ]
    assert "Results" not in fake.prompts("worker-1", 1)[0]
    (third,) = fake.prompts("worker-3")
    assert "take six: 1" in third
    assert "take seven: 2" in third
    assert "Step: multiply them\n" in third
    (fourth,) = fake.prompts("worker-4")
    assert "multiply them: 3" in fourth
    assert "take six" not in fourth
    assert record.answer_metadata["depends_on"] == [[], [], [1, 2], [3]]
    assert record.answer_metadata["results"] == ["1", "2", "3", "4"]
    assert record.outcome == "correct"


def test_a_plan_without_dependencies_says_nothing_of_them(answer):
    """The metadata of a plan without dependencies has the steps and results only, as before."""
    record = answer("manager_worker", FakeProvider(plan_reply("1. a\n2. b")))
    assert {"plan", "results"} <= set(record.answer_metadata)
    assert "depends_on" not in record.answer_metadata


@pytest.mark.parametrize(
    ("plan", "fault"),
    [
        ("1. a (after 2)\n2. b (after 1)", "steps wait for each other: 1 waits for 2; 2 waits for 1"),
        ("1. a\n2. b (after 2)", "steps wait for each other: 2 waits for 2"),
        ("1. a\n2. b (after 7)", "step 2 waits for step 7, which does not exist (there are 2 steps)"),
        ('[{"id": "x", "task": "a", "depends_on": ["y"]}]', "step 1 waits for step y, which does not exist"),
    ],
)
def test_a_plan_that_nobody_can_follow_is_an_outcome(answer, plan, fault):
    """A cycle and a dependency that does not exist are `unscored` with the reason, and no worker is called."""
    fake = FakeProvider(plan_reply(plan))
    record = answer("manager_worker", fake)
    assert record.outcome == "unscored"
    assert fault in record.error
    assert [r.role for r in fake.requests] == ["manager"]
    assert record.answer_metadata["plan"]


def test_a_worker_that_returns_nothing_is_an_outcome_that_keeps_the_results(answer):
    """An empty reply of a worker ends the work: `unscored`, with the results so far, and without a merge."""
    planned = plan_reply(f"{DEPENDENT}\n4. check it (after 3)")
    fake = FakeProvider(lambda r: " \n" if r.role == "worker-3" else planned(r))
    record = answer("manager_worker", fake)
    assert record.outcome == "unscored"
    assert "asked worker 3 for step 'multiply them', but its reply is empty" in record.error
    assert record.answer_metadata["results"] == ["1", "2", None, None]
    assert len(fake.requests) == 4


def test_what_can_be_read_in_a_result_that_was_cut_off_is_passed_on(answer):
    """The manager sees the number that a worker's truncated reply ends with, and may correct it."""
    replies = {"worker-1": "6*7 is 6*5 and 6*…", "worker-2": "It is 12."}
    plan = plan_reply("1. multiply\n2. add")
    fake = FakeProvider(lambda r: replies.get(r.role) or plan(r))
    assert answer("manager_worker", fake).answer_metadata["results"] == ["6", "12"]


def test_the_last_step_of_a_truncated_plan_is_left_out(answer):
    """A plan that was cut off is followed up to its last whole line: nobody does half a step."""
    fake = FakeProvider(plan_reply("1. take six\n2. take seven\n3. mult…"))
    record = answer("manager_worker", fake)
    assert record.answer_metadata["plan"] == ["take six", "take seven"]
    assert record.outcome == "correct"


def test_a_truncated_plan_without_a_whole_step_is_an_outcome(answer):
    """A plan that was cut off in its first step is `unscored`."""
    assert answer("manager_worker", FakeProvider(plan_reply("1. take si…"))).outcome == "unscored"
