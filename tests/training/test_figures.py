"""The figures of the bundled model: shares, gains and their intervals over problems."""

from __future__ import annotations

import random
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # training/ is in no wheel

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.stats.estimate.mean_interval import clopper_pearson
from training.nano import evaluate
from training.nano.evaluate import Model, orders
from training.nano.families import Chat
from training.nano.figures import gain_of, grouped, share_of
from training.nano.samples import family_samples, pairs, problems_of


def test_a_share_of_different_problems_has_the_exact_interval() -> None:
    """If all problems differ, the interval is that of Clopper and Pearson over the chats."""
    share = share_of([True] * 90 + [False] * 10, range(100))
    assert (share.value, share.n, share.problems) == (0.9, 100, 100)
    assert share.interval == pytest.approx(clopper_pearson(90, 100))


def test_wordings_of_one_problem_count_as_one() -> None:
    """The interval of 100 chats about ten problems, all right or all wrong per problem, is like that of ten."""
    correct = [problem != 0 for problem in range(10) for _ in range(10)]
    share = share_of(correct, [problem for problem in range(10) for _ in range(10)])
    assert (share.value, share.n, share.problems) == (0.9, 100, 10)
    low, high = share.interval or (0, 0)
    assert high - low > 2 * (clopper_pearson(90, 100)[1] - clopper_pearson(90, 100)[0])


def test_kinds_are_counted_separately() -> None:
    """Each kind has its own share."""
    by_kind = grouped([True, False, True, True], [1, 2, 3, 4], ["a", "a", "b", "b"])
    assert {kind: (share.value, share.n) for kind, share in by_kind.items()} == {"a": (0.5, 2), "b": (1.0, 2)}


def test_the_interval_of_a_gain_has_its_coverage() -> None:
    """About 95 % of 400 simulated intervals contain the true gain, with clustered problems."""
    rng = random.Random(1)
    covered = 0
    for _ in range(400):
        single, vote, problems = [], [], []
        for problem in range(60):
            shift = rng.gauss(0.1, 0.1)  # common to all wordings of a problem
            for _ in range(rng.choice((1, 2, 4))):
                single.append(0.5)
                vote.append(0.5 + shift + rng.gauss(0, 0.1))
                problems.append(problem)
        gain = gain_of(single, vote, problems)
        covered += gain.low <= 0.1 <= gain.high
    assert 0.92 <= covered / 400 <= 0.98


def test_chats_about_one_problem_are_recognized() -> None:
    """Two wordings of a sum are one problem; a text without a problem counts as its own problem."""
    prompts = ("What is 412+388?", "Compute 388+412.", "What is 412-388?", "Hello.", "Hello!")
    first, second, other, text, more = problems_of([Chat(prompt=prompt, answer="") for prompt in prompts])
    assert first == second
    assert len({first, other, text, more}) == 4


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Model]:
    """A model that returns the given reply to each prompt."""

    class Scripted(Model):
        def __init__(self, replies: dict[str, str]) -> None:
            self.replies = replies

        def texts(self, chats: Sequence[Chat], *, temperature: float = 0.0, times: int = 1) -> list[list[str]]:
            return [[self.replies[chat.prompt]] * times for chat in chats]

    monkeypatch.setattr(evaluate, "PAIRED", {"win_rate": evaluate.PAIRED["win_rate"]})
    return Scripted


@pytest.mark.parametrize(
    ("reply", "shares"),
    [
        ("right", (1.0, 1.0, 1.0)),
        ("wrong", (0.0, 0.0, 1.0)),
        ("[[A]]", (1.0, 0.0, 0.0)),
        ("[[C]]", (0.0, 0.0, 0.0)),
        ("I cannot say", (0.0, 0.0, 0.0)),
    ],
)
def test_orders_are_consistent_only_if_both_verdicts_prefer_an_answer(
    scripted: type[Model], reply: str, shares: tuple[float, float, float]
) -> None:
    """Ties and unreadable verdicts are wrong in both orders and not consistent."""
    opposite = {"[[A]]": "[[B]]", "[[B]]": "[[A]]"}
    replies = {
        chat.prompt: {"right": chat.gold, "wrong": opposite[chat.gold]}.get(reply, reply)
        for chats in pairs("win_rate", 20)
        for chat in chats
    }
    figures = orders(scripted(replies), 20)["win_rate"]
    assert tuple(figures[name]["share"] for name in ("A", "B", "same")) == shares


def test_every_answer_has_its_own_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each chat's answers have different seeds, which are the same in each run."""
    seen: list[int] = []

    async def complete(self: MlxProvider, request: object) -> object:
        seen.append(request.seed)  # type: ignore[attr-defined]
        return type("Done", (), {"text": "1"})

    monkeypatch.setattr(MlxProvider, "complete", complete)
    model = Model(bundled_path())
    chats = family_samples("sums_at_once", 20)
    model.texts(chats, temperature=0.8, times=5)
    assert len(set(seen)) == 100
    first_run, seen[:] = sorted(seen), []
    model.texts(chats, temperature=0.8, times=5)
    assert sorted(seen) == first_run
