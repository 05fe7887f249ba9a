"""The bundled model's card: every figure comes from its log, its figures and its files."""

from __future__ import annotations

import json
import sys
from math import prod
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # training/ is in no wheel

from pytest_hiddenlayer.models import BUNDLED, bundled_path
from training.nano.card import GOALS, card, parameters
from training.nano.mixture import FAMILIES

RUN = Path(__file__).resolve().parents[2] / "docs" / BUNDLED


def compute_metrics() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RUN / "figures.json").read_text(encoding="utf-8"))
    return found


def test_the_shipped_card_is_written_from_its_run() -> None:
    """MODEL_CARD.md beside the weights says what the kept log and figures say."""
    assert card(RUN, bundled_path()) == (bundled_path() / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_every_family_is_measured_on_enough() -> None:
    """All families have figures, of at least 300 problems each, and every goal is one of them."""
    measured = compute_metrics()["families"]
    assert set(measured) == set(FAMILIES)
    assert {family: found["n"] for family, found in measured.items() if found["n"] < 300} == {}
    assert {family for _, families in GOALS.values() for family in families} <= set(measured)


def test_it_is_as_large_as_the_card_says() -> None:
    """The configuration's parameters are those in the file, at most four million, two bytes each."""
    weights = (bundled_path() / "model.safetensors").read_bytes()
    head = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    tensors = [found for name, found in head.items() if name != "__metadata__"]
    assert {found["dtype"] for found in tensors} == {"F16"}
    count = sum(prod(found["shape"]) for found in tensors)
    assert count == parameters(json.loads((bundled_path() / "config.json").read_text(encoding="utf-8")))
    assert count <= 4_000_000


def test_it_has_read_what_was_promised() -> None:
    """At least a hundred million training tokens, of which the last part at falling rates."""
    lines = [json.loads(line) for line in (RUN / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["phase"] == "decayed"
    assert lines[-1]["tokens"] >= 100_000_000


@pytest.mark.parametrize(("share", "told"), [(0.96, "0.960 | reached |"), (0.5, "0.500 | not reached |")])
def test_a_goal_that_was_missed_is_told(tmp_path: Path, share: float, told: str) -> None:
    """Goals say whether they were reached, by the mean and by the weakest family."""
    run, folder = tmp_path / "run", tmp_path / "nano-0"
    run.mkdir()
    folder.mkdir()
    one = {"share": share, "low": 0.4, "high": 0.6, "n": 300, "problems": 200}
    vote = {"single": 0.5, "vote": 0.6, "low": 0.05, "high": 0.15, "n": 300, "problems": 200}
    made = {
        "voters": 5,
        "temperature": 0.8,
        "families": dict.fromkeys(FAMILIES, one),
        "paraphrases": {"sort": one},
        "orders": {"win_rate": {"A": one, "B": {**one, "share": share - 0.04}, "same": one}},
        "ladders": {"sum at once": {"2 digits": one, "3 digits": {**one, "vote": vote}}},
    }
    (run / "figures.json").write_text(json.dumps(made))
    (run / "log.jsonl").write_text(
        json.dumps({"tokens": 10**8, "learnt": 4 * 10**7, "steps": 9, "chunk": 1, "cpu_s": 7200.0, "loss": 0.1})
        + "\n"
    )
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes((bundled_path() / name).read_bytes())
    text = card(run, folder)
    assert f"| comparison | 0.90 | {told}" in text
    assert "100.0 million training tokens, 40.0 million of them in answers" in text
    assert "lie 4.0 points in win_rate" in text
    assert "| sum at once, 3 digits | 0.500 | 0.600 | +0.100 | +0.050 to +0.150 | 300 | 200 |" in text
