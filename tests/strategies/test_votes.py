"""Votes of every scorer go to the majority of the answers, never to the correct one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from support.strategies import FakeProvider

from pytest_hiddenlayer.types import Record, Request

# scorer → (target, right output, wrong output)
VOTES = {
    "exact": ("Oslo", "Oslo", "Bern"),
    "keyword": ("Oslo", "It is Oslo.", "It is Bern."),
    "{keyword: {keywords: [Oslo, Rome]}}": ("Oslo", "It is Oslo.", "It is Bern."),
    "{keyword: {require_all: true}}": ("[Oslo, Bergen]", "Oslo and Bergen", "Bern and Basel"),
    "numeric": ("12", "So it is 12.", "So it is 50."),
    "choice": ("B", "The answer is B.", "The answer is C."),
    "{pattern: {pattern: 'is (.+)[.]'}}": ("Oslo", "It is Oslo.", "It is Bern."),
    "{pattern: {pattern: Oslo}}": ("Oslo", "It is Oslo.", "It is Bern."),
    "{rules: {require_target: true}}": ("Oslo", "It is Oslo.", "It is Bern."),
    "math": (r"'\frac12'", r"$\frac{1}{2}$", r"$\frac{1}{3}$"),
}
STRATEGIES = ["self_consistency:n_samples=5", "debate:n_agents=5,n_rounds=1,aggregation=majority"]


def task(scorer: str, target: str) -> str:
    sample = f"{{id: a, input: Where?, target: {target}, choices: [north, south, east]}}"
    return f"task: t\nsamples: [{sample}]\nscorers: [{scorer}]\n"


def votes(right: str, wrong: str, n_right: int) -> Callable[[Request], str]:
    """The first samples or agents are wrong, the last `n_right` of five are right."""
    return lambda request: right if int(request.role[-1]) > 5 - n_right else wrong


@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scorer", VOTES)
def test_one_right_answer_of_five_loses_the_vote(answer: Callable[..., Record], strategy: str, scorer: str) -> None:
    """Four equal wrong answers win over a right one, and three right answers over two wrong ones."""
    if scorer == "math":
        pytest.importorskip("math_verify")
    target, right, wrong = VOTES[scorer]
    lost = answer(strategy, FakeProvider(votes(right, wrong, 1)), task=task(scorer, target))
    assert (lost.outcome, lost.output) == ("incorrect", wrong)
    won = answer(strategy, FakeProvider(votes(right, wrong, 3)), task=task(scorer, target))
    assert (won.outcome, won.output) == ("correct", right)


@pytest.mark.parametrize("scorer", ["keyword", "exact"])
def test_debaters_do_not_read_the_target(answer: Callable[..., Record], scorer: str) -> None:
    """No prompt of a debate, its judge, a manager or a worker contains a target that no agent said."""
    for strategy in ("debate", "manager_worker", "self_consistency"):
        fake = FakeProvider(lambda request: "1. It is Bern." if request.role == "manager" else "It is Bern.")
        answer(strategy, fake, task=task(scorer, "Oslo"))
        assert fake.requests
        assert not any("oslo" in message.content.casefold() for r in fake.requests for message in r.messages)


def test_a_users_strategy_does_not_see_the_target(folder) -> None:
    """The sample that a strategy gets has no target, and the answer is scored all the same."""
    folder.write(
        "conftest.py",
        """
from pytest_hiddenlayer import Answer, strategy


@strategy("peek")
async def peek(context):
    return Answer(output=f"{context.sample.target} {context.sample.targets} {context.sample.metadata}")
""",
    )
    folder.write("evals/t.yaml", "task: t\nsamples: [{id: a, input: q, target: Oslo}]\nscorers: [keyword]\n")
    folder.replies()
    folder.run("--hl-strategy", "peek", "--hl-gate=off")
    (record,) = folder.records()
    assert (record["output"], record["target"], record["outcome"]) == ("None () {}", "Oslo", "incorrect")
