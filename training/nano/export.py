"""Writes a checkpoint as a model folder: `python -m training.nano.export CHECKPOINT FOLDER`.

The folder has half precision and the format that `mlx_lm.load` reads. If the run's learning rate
has decayed, the weights are exported unchanged; otherwise their running average is exported.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file

from .model import Network, Shape

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")


def export(checkpoint: Path, folder: Path) -> None:
    """Write a model folder with the tokenizer from the checkpoint's folder."""
    folder.mkdir(parents=True, exist_ok=True)
    network = read_network(checkpoint)
    weights = {name: value.half().contiguous() for name, value in network.state_dict().items()}
    save_file(weights, folder / "model.safetensors", metadata={"format": "mlx"})
    (folder / "model.safetensors").chmod(0o644)
    config = json.dumps(network.shape.config(), indent=1)
    (folder / "config.json").write_text(f"{config}\n", encoding="utf-8")
    for name in TOKENIZER_FILES:
        shutil.copyfile(checkpoint.parent / name, folder / name)


def read_network(checkpoint: Path) -> Network:
    """Return a checkpoint's network, with averaged weights unless its learning rate has decayed."""
    state: dict[str, Any] = torch.load(checkpoint, weights_only=True)
    network = Network(Shape(**state["shape"]))
    network.load_state_dict(state["network"])
    if state["progress"]["decay_from"] is None:
        with torch.no_grad():
            for parameter, value in zip(network.parameters(), state["average"], strict=True):
                parameter.copy_(value)
    return network


def main() -> None:
    if len(sys.argv) != 3:
        sys.exit((__doc__ or "").splitlines()[0])
    export(Path(sys.argv[1]), Path(sys.argv[2]))


if __name__ == "__main__":
    main()
