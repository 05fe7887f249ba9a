"""Writes MODEL_CARD.md into a model folder: `python -m training.nano.card RUN FOLDER`.

All its figures come from the run's log.jsonl and figures.json and from the model's files.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from .mixture import FAMILIES, weights_of

Figures = Mapping[str, Any]
FORM = Path(__file__).with_name("card.md.jinja")
GOALS: dict[str, tuple[float, tuple[str, ...]]] = {
    "arithmetic written out": (0.95, ("sums_written", "chains_written")),
    "word problems": (0.90, ("stories_written", "stories_bare")),
    "judging": (
        0.80,
        ("judge_pair", "judge_pair_written", "judge_answer", "judge_answer_written", "llm_judge", "win_rate"),
    ),
    "sorting": (0.80, ("sort",)),
    "formatting": (0.80, ("rewrite", "repeat", "bullets", "json_answers")),
    "comparison": (0.90, ("compare",)),
    "reading a majority": (0.90, ("votes",)),
    "plan, work, merge": (0.95, ("plan", "work", "merge")),
}


def card(run: Path, folder: Path) -> str:
    """Return the text of the card."""
    figures: Figures = _json(run / "figures.json")
    config: Figures = _json(folder / "config.json")
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    last = [line for line in lines if "loss" in line][-1]
    form = Environment(undefined=StrictUndefined, trim_blocks=False, autoescape=False).from_string(FORM.read_text())
    return form.render(
        name=folder.name,
        config=config,
        parameters=parameters(config),
        size=(folder / "model.safetensors").stat().st_size,
        last=last,
        shares=chat_shares(last["chunk"]),
        goals=list(_goals(figures)),
        figures=figures,
        weak=_below(figures["families"], 0.8),
        brittle=_below(figures["paraphrases"], 0.8),
    )


def _below(figures: Figures, limit: float) -> list[str]:
    return [f"{name} ({figure['share']:.2f})" for name, figure in figures.items() if figure["share"] < limit]


def chat_shares(last_chunk: int) -> dict[str, float]:
    """Return the share of each family in a run's chats, from the first chunk to `last_chunk`."""
    total: dict[str, float] = dict.fromkeys(FAMILIES, 0.0)
    for number in range(last_chunk + 1):
        weights = weights_of(number)
        for family, weight in weights.items():
            total[family] += weight / sum(weights.values()) / (last_chunk + 1)
    return total


def parameters(config: Figures) -> int:
    """Return the number of weights of a configuration."""
    width, inner = config["hidden_size"], config["num_attention_heads"] * config["head_dim"]
    layer = 4 * width * inner + 3 * width * config["intermediate_size"] + 2 * width + 2 * config["head_dim"]
    return int(config["num_hidden_layers"] * layer + config["vocab_size"] * width + width)


def _goals(figures: Figures) -> Iterator[Figures]:
    for name, (wanted, families) in GOALS.items():
        shares = {family: figures["families"][family]["share"] for family in families}
        weakest = min(shares, key=shares.__getitem__)
        reached = math.fsum(shares.values()) / len(shares)  # the same digits on every version of Python
        goal = {"name": name, "wanted": wanted, "families": ", ".join(families), "reached": reached}
        yield goal | {"weakest": weakest, "least": shares[weakest]}


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit((__doc__ or "").splitlines()[0])
    run, folder = Path(sys.argv[1]), Path(sys.argv[2])
    (folder / "MODEL_CARD.md").write_text(card(run, folder), encoding="utf-8")


if __name__ == "__main__":
    main()
