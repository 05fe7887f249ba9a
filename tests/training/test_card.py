"""The bundled model's card: all figures come from its log, its figures and its files."""

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


def read_figures() -> dict[str, Any]:
    figures: dict[str, Any] = json.loads((RUN / "figures.json").read_text(encoding="utf-8"))
    return figures


def test_the_released_card_is_generated_from_its_run() -> None:
    """MODEL_CARD.md next to the weights equals the card generated from the committed log and figures."""
    assert card(RUN, bundled_path()) == (bundled_path() / "MODEL_CARD.md").read_text(encoding="utf-8")


def test_every_family_is_measured_on_enough_chats() -> None:
    """All families have figures over at least 300 chats, and every goal uses measured families."""
    figures = read_figures()["families"]
    assert set(figures) == set(FAMILIES)
    assert {family: figure["n"] for family, figure in figures.items() if figure["n"] < 300} == {}
    assert {family for _, families in GOALS.values() for family in families} <= set(figures)


def test_the_model_is_as_large_as_the_card_says() -> None:
    """The file has as many parameters as the configuration, at most four million, in half precision."""
    weights = (bundled_path() / "model.safetensors").read_bytes()
    head = json.loads(weights[8 : 8 + int.from_bytes(weights[:8], "little")])
    tensors = [tensor for name, tensor in head.items() if name != "__metadata__"]
    assert {tensor["dtype"] for tensor in tensors} == {"F16"}
    count = sum(prod(tensor["shape"]) for tensor in tensors)
    assert count == parameters(json.loads((bundled_path() / "config.json").read_text(encoding="utf-8")))
    assert count <= 4_000_000


def test_the_model_has_read_a_hundred_million_tokens() -> None:
    """The run has at least a hundred million training tokens and ends with the decay."""
    lines = [json.loads(line) for line in (RUN / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["phase"] == "decayed"
    assert lines[-1]["tokens"] >= 100_000_000


@pytest.mark.parametrize(("share", "expected"), [(0.96, "0.960 | reached |"), (0.5, "0.500 | not reached |")])
def test_the_card_reports_missed_goals(tmp_path: Path, share: float, expected: str) -> None:
    """The card says for each goal whether it was reached."""
    run, folder = tmp_path / "run", tmp_path / "nano-0"
    run.mkdir()
    folder.mkdir()
    figure = {"share": share, "low": 0.4, "high": 0.6, "n": 300, "problems": 200}
    vote = {"single": 0.5, "vote": 0.6, "low": 0.05, "high": 0.15, "n": 300, "problems": 200}
    figures = {
        "voters": 5,
        "temperature": 0.8,
        "families": dict.fromkeys(FAMILIES, figure),
        "paraphrases": {"sort": figure},
        "orders": {"win_rate": {"A": figure, "B": {**figure, "share": share - 0.04}, "same": figure}},
        "ladders": {"sum at once": {"2 digits": figure, "3 digits": {**figure, "vote": vote}}},
    }
    (run / "figures.json").write_text(json.dumps(figures))
    (run / "log.jsonl").write_text(
        json.dumps({"tokens": 10**8, "learnt": 4 * 10**7, "steps": 9, "chunk": 1, "cpu_s": 7200.0, "loss": 0.1})
        + "\n"
    )
    for name in ("config.json", "model.safetensors"):
        (folder / name).write_bytes((bundled_path() / name).read_bytes())
    text = card(run, folder)
    assert f"| comparison | 0.90 | {expected}" in text
    assert "100.0 million training tokens, 40.0 million of them in answers" in text
    assert "lie 4.0 points in win_rate" in text
    assert "| sum at once, 3 digits | 0.500 | 0.600 | +0.100 | +0.050 to +0.150 | 300 | 200 |" in text
