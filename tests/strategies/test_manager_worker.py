"""`manager_worker`: how plans are read, assigned and merged."""

from __future__ import annotations

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
