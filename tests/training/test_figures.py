"""How the bundled model is measured: shares, gains and their intervals over problems."""

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
from pytest_hiddenlayer.stats.estimate.mean_interval import wilson
from training.nano import evaluate
from training.nano.evaluate import Asked, orders
from training.nano.families import Chat
from training.nano.figures import gain_of, grouped, share_of
from training.nano.samples import family_samples, pairs, problems_of


def test_a_share_of_different_problems_has_wilsons_interval() -> None:
    """Where no problem comes twice, n is the number of problems."""
    found = share_of([True] * 90 + [False] * 10, range(100))
    assert (found.value, found.n, found.problems) == (0.9, 100, 100)
    assert found.interval == pytest.approx(wilson(0.9, 100))


def test_wordings_of_one_problem_count_as_one() -> None:
    """A hundred chats about ten problems, each always right or always wrong, tell about as much as ten."""
    right = [problem != 0 for problem in range(10) for _ in range(10)]
    found = share_of(right, [problem for problem in range(10) for _ in range(10)])
    assert (found.value, found.n, found.problems) == (0.9, 100, 10)
    low, high = found.interval or (0, 0)
    assert high - low > 2 * (wilson(0.9, 100)[1] - wilson(0.9, 100)[0])


def test_kinds_are_counted_apart() -> None:
    """A share for each kind."""
    found = grouped([True, False, True, True], [1, 2, 3, 4], ["a", "a", "b", "b"])
    assert {kind: (share.value, share.n) for kind, share in found.items()} == {"a": (0.5, 2), "b": (1.0, 2)}


def test_an_interval_of_gains_holds_what_it_promises() -> None:
    """Of 400 simulated measurements about 95 % hold the true gain, with problems that come in clusters."""
    rng = random.Random(1)
    held = 0
    for _ in range(400):
        single, vote, problems = [], [], []
        for problem in range(60):
            shift = rng.gauss(0.1, 0.1)  # of one problem, in all its wordings
            for _ in range(rng.choice((1, 2, 4))):
                single.append(0.5)
                vote.append(0.5 + shift + rng.gauss(0, 0.1))
                problems.append(problem)
        gain = gain_of(single, vote, problems)
        held += gain.low <= 0.1 <= gain.high
    assert 0.92 <= held / 400 <= 0.98


def test_chats_about_one_problem_are_known() -> None:
    """Two wordings of a sum are one problem, a text without any is its own."""
    prompts = ("What is 412+388?", "Compute 388+412.", "What is 412-388?", "Hello.", "Hello!")
    first, second, other, text, more = problems_of([Chat(prompt=prompt, answer="") for prompt in prompts])
    assert first == second
    assert len({first, other, text, more}) == 4


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Asked]:
    """A measured model that says what a test gives it."""

    class Scripted(Asked):
        def __init__(self, said: dict[str, str]) -> None:
            self.said = said

        def texts(self, chats: Sequence[Chat], *, temperature: float = 0.0, times: int = 1) -> list[list[str]]:
            return [[self.said[chat.prompt]] * times for chat in chats]

    monkeypatch.setattr(evaluate, "PAIRED", {"win_rate": evaluate.PAIRED["win_rate"]})
    return Scripted


@pytest.mark.parametrize(
    ("said", "shares"),
    [
        ("right", (1.0, 1.0, 1.0)),
        ("wrong", (0.0, 0.0, 1.0)),
        ("[[A]]", (1.0, 0.0, 0.0)),
        ("[[C]]", (0.0, 0.0, 0.0)),
        ("I cannot say", (0.0, 0.0, 0.0)),
    ],
)
def test_both_orders_agree_only_where_both_name_an_answer(
    scripted: type[Asked], said: str, shares: tuple[float, float, float]
) -> None:
    """Ties and unreadable verdicts are wrong in both orders, and name no answer."""
    both = pairs("win_rate", 20)
    other = {"[[A]]": "[[B]]", "[[B]]": "[[A]]"}
    told = {
        chat.prompt: {"right": chat.gold, "wrong": other[chat.gold]}.get(said, said)
        for chats in both
        for chat in chats
    }
    found = orders(scripted(told), 20)["win_rate"]
    assert tuple(found[name]["share"] for name in ("A", "B", "same")) == shares


def test_no_two_problems_draw_the_same_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every chat has seeds of its own, the same in each run."""
    seen: list[int] = []

    async def complete(self: MlxProvider, request: object) -> object:
        seen.append(request.seed)  # type: ignore[attr-defined]
        return type("Done", (), {"text": "1"})

    monkeypatch.setattr(MlxProvider, "complete", complete)
    asked = Asked(bundled_path())
    chats = family_samples("sums_at_once", 20)
    asked.texts(chats, temperature=0.8, times=5)
    assert len(set(seen)) == 100
    again, seen[:] = sorted(seen), []
    asked.texts(chats, temperature=0.8, times=5)
    assert sorted(seen) == again
