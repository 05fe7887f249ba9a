"""A tiny model with random weights and the bundled model's tokenizer, and examples, for tests of training."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pytest_hiddenlayer.finetuning.examples import Example
from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.types import Message

CONFIG = {
    "model_type": "qwen3",
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "intermediate_size": 64,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "rms_norm_eps": 1e-6,
    "vocab_size": 1024,
    "max_position_embeddings": 256,
    "rope_theta": 10000.0,
    "tie_word_embeddings": True,
    "eos_token_id": 0,
}


def write_tiny_model(folder: Path, *, seed: int = 0, bits: int | None = None) -> Path:
    """Write a model of two layers; `bits` quantizes its weights. Returns the folder."""
    import mlx.core as mx
    import mlx.nn as nn
    from mlx.utils import tree_flatten
    from mlx_lm.models import qwen3

    folder.mkdir(parents=True, exist_ok=True)
    config = dict(CONFIG)
    mx.random.seed(seed)
    model = qwen3.Model(qwen3.ModelArgs.from_dict(config))
    if bits:
        nn.quantize(model, group_size=32, bits=bits)
        config["quantization"] = {"group_size": 32, "bits": bits}
    mx.save_safetensors(str(folder / "model.safetensors"), dict(tree_flatten(model.parameters())))
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(bundled_path() / name, folder / name)
    return folder


def example(question: str, answer: str, *, group: str = "", system: str | None = None) -> Example:
    """One example with a question of the user."""
    chat = [Message(role="system", content=system)] if system else []
    messages = (*chat, Message(role="user", content=question))
    return Example(messages=messages, answer=answer, source=question, group=group)
