"""Small GGUF files of llama architecture with random weights, and their weights as numpy arrays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import numpy as np
from numpy.typing import NDArray

WIDTH, HEADS, KV_HEADS, HIDDEN, LAYERS = 64, 4, 2, 96, 2
TEMPLATE = "{% for m in messages %}{{ m['content'] }}{% endfor %}"
CONTROL, NORMAL = 3, 1


def tokens() -> list[str]:
    """One token per byte, in the alphabet of byte-level BPE, and an end token."""
    from tokenizers import pre_tokenizers

    return [*sorted(pre_tokenizers.ByteLevel.alphabet()), "12", "<|end|>"]


def random_weights(seed: int = 0) -> dict[str, NDArray[np.float32]]:
    """Name in the file → weights, each dimension a multiple of 32."""
    random = np.random.default_rng(seed)
    size = WIDTH // HEADS * KV_HEADS
    shapes: dict[str, tuple[int, ...]] = {"token_embd": (len(tokens()), WIDTH), "output_norm": (WIDTH,)}
    for layer in range(LAYERS):
        shapes |= {
            f"blk.{layer}.attn_norm": (WIDTH,),
            f"blk.{layer}.ffn_norm": (WIDTH,),
            f"blk.{layer}.attn_q": (WIDTH, WIDTH),
            f"blk.{layer}.attn_k": (size, WIDTH),
            f"blk.{layer}.attn_v": (size, WIDTH),
            f"blk.{layer}.attn_output": (WIDTH, WIDTH),
            f"blk.{layer}.ffn_gate": (HIDDEN, WIDTH),
            f"blk.{layer}.ffn_up": (HIDDEN, WIDTH),
            f"blk.{layer}.ffn_down": (WIDTH, HIDDEN),
        }
    return {f"{name}.weight": random.normal(0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}


def write_gguf(path: Path, kind: str = "F32", architecture: str = "llama", **metadata: Any) -> Path:
    """Write the model with its matrices of this type; `metadata` (without `llama.`) replaces settings."""
    writer = gguf.GGUFWriter(path, architecture)
    settings = {
        "context_length": 256,
        "embedding_length": WIDTH,
        "block_count": LAYERS,
        "feed_forward_length": HIDDEN,
    }
    settings |= {"attention.head_count": HEADS, "attention.head_count_kv": KV_HEADS}
    for name, value in {**settings, **metadata}.items():
        writer.add_uint32(f"llama.{name}", value)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("smollm")
    writer.add_token_list(tokens())
    writer.add_token_types([NORMAL] * (len(tokens()) - 1) + [CONTROL])
    writer.add_token_merges(["1 2"])
    writer.add_eos_token_id(len(tokens()) - 1)
    writer.add_chat_template(TEMPLATE)
    for name, values in random_weights().items():
        quantized = gguf.GGMLQuantizationType[kind if values.ndim == 2 else "F32"]
        writer.add_tensor(name, gguf.quants.quantize(values, quantized), raw_dtype=quantized)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
