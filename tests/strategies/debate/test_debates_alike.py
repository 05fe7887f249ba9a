"""What holds for all debates with roles or a judge: system messages, literal tasks, budgets, cut-off calls."""

from __future__ import annotations

import pytest
from support.answer_pairs import PAIR_TASK
from support.strategies import FakeProvider

from pytest_hiddenlayer.errors import BudgetExceededError
from pytest_hiddenlayer.types import Completion, Request

JUDGED = ("naive_judge", "persuasive_debate", "persuasive_debate:best_of_n=2", "consultancy:interactive=true")
ASKED = ("reconcile", "chateval:order=simultaneous_with_summarizer", "dylan")
BRACES = PAIR_TASK.replace('When was it?"\n    target', 'When was {{ 7*7 }}{% if %} {0}?"\n    target')


def disagree(request: Request) -> str:
    """Agents that never agree, and roles that reply in the form that they are asked for."""
    if request.role in ("judge", "selector-1", "selector-2"):
        return "Choice: 1" if request.role == "judge" else "Best: 1"
    if request.role == "ranker":
        return "Best: 1, 2"
    return f"I say {'noon' if request.role[-1] in '13' else 'dusk'}.\nConfidence: 80"


@pytest.mark.parametrize("typed", [*JUDGED, *ASKED])
def test_every_call_starts_with_the_system_message(answer, typed):
    """The task's system message opens every call: of debaters, agents, rankers, summarizers and judges."""
    fake = FakeProvider(disagree)
    answer(typed, fake, task=PAIR_TASK + "system: You are careful.\n")
    openings = {(r.messages[0].role, r.messages[0].content, len(r.messages)) for r in fake.requests}
    assert openings == {("system", "You are careful.", 2)}


@pytest.mark.parametrize("typed", [*JUDGED, *ASKED])
def test_a_task_with_template_marks_reaches_the_model_as_written(answer, typed):
    """Braces in a task or an answer are text: nothing of them is rendered."""
    fake = FakeProvider(lambda r: disagree(r) + (" {{ 8*8 }}" if r.role[-1].isdigit() else ""))
    answer(typed, fake, task=BRACES)
    assert all("When was {{ 7*7 }}{% if %} {0}?" in prompt for prompt in fake.prompts())
    assert not any("64" in prompt or "49" in prompt for prompt in fake.prompts())


@pytest.mark.parametrize("typed", [*JUDGED, *ASKED])
def test_a_budget_that_ends_in_a_round_skips_the_sample(answer, typed):
    """If the budget ends in the middle, the outcome is `skipped`, and what was said before is on record."""

    class Spent(FakeProvider):
        async def complete(self, request: Request) -> Completion:
            if len(self.requests) > (0 if typed == "naive_judge" else 2):
                raise BudgetExceededError("the budget of 3 calls is spent")
            return await super().complete(request)

    record = answer(typed, Spent(disagree), task=PAIR_TASK)
    assert (record.outcome, record.score) == ("skipped", None)
    assert "the budget of 3 calls is spent" in record.error
    assert record.transcript


@pytest.mark.parametrize("typed", [*JUDGED, *ASKED])
def test_a_run_is_repeated_by_its_seed(answer, typed):
    """The same seed leads to the same requests, another seed to other ones."""
    runs = []
    for seed in (0, 0, 1):
        fake = FakeProvider(disagree)
        answer(typed, fake, task=PAIR_TASK, seed=seed)
        runs.append([(r.role, r.round, r.seed, r.messages[-1].content) for r in fake.requests])
    assert runs[0] == runs[1]
    assert runs[0] != runs[2]


@pytest.mark.parametrize("typed", [*JUDGED, *ASKED])
def test_replies_without_any_text_are_never_an_answer(answer, typed):
    """If every model returns nothing, no answer is made up."""
    record = answer(typed, FakeProvider(lambda r: ""), task=PAIR_TASK)
    assert (record.outcome, record.score) == ("unscored", None)
    assert record.error
    assert record.output is None
