"""A model with known next-token probabilities, to check what a server reports.

A `llama` of one layer whose attention and feed-forward weights are zero: the residual stream is the
one-hot embedding of the last token, so the output matrix alone determines the next token.
"""

from __future__ import annotations

import math
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np

NEXT = {
    "<|assistant|>": {"▁yes": 0.70, "▁no": 0.20, "▁The": 0.099},
    "▁yes": {".": 0.6, "▁The": 0.399},
    "▁no": {".": 0.999},
    "▁The": {"▁answer": 0.999},
    "▁answer": {"▁is": 0.999},
    "▁is": {"▁42": 0.9, "▁yes": 0.099},
    "▁42": {".": 0.999},
}
"""Token → probabilities of the next tokens; the remaining probability is spread evenly over all tokens."""
END = {"</s>": 0.9}  # after every other token
AFTER_PROMPT = {" yes": 0.70, " no": 0.20, " The": 0.099}
"""Probabilities of the first token after any prompt, as servers write these tokens."""
ROLES = ("<|user|>", "<|assistant|>", "<|system|>", "<|end|>")
HEAD, HIDDEN, EPSILON = 64, 64, 1e-5
NORMAL, UNKNOWN, CONTROL, BYTE = 1, 2, 3, 6  # gguf.TokenType
TEMPLATE = (
    "{% for m in messages %}<|{{ m['role'] }}|>{{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)


def write_known_model(path: Path) -> None:
    """Write the model as a GGUF file. Skips the test if `gguf` is not installed."""
    import pytest

    gguf = pytest.importorskip("gguf", reason="needs gguf: pip install gguf")
    tokens = _tokens()
    size = len(tokens)
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_name("known-probabilities")
    writer.add_context_length(4096)
    writer.add_embedding_length(size)
    writer.add_block_count(1)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(size // HEAD)
    writer.add_head_count_kv(size // HEAD)
    writer.add_rope_dimension_count(HEAD)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_vocab_size(size)
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)
    writer.add_tokenizer_model("llama")
    writer.add_tokenizer_pre("default")
    writer.add_token_list([text.encode() for text, _, _ in tokens])
    writer.add_token_scores([score for _, score, _ in tokens])
    writer.add_token_types([kind for _, _, kind in tokens])
    writer.add_unk_token_id(0)
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_add_bos_token(True)
    writer.add_add_space_prefix(True)
    writer.add_chat_template(TEMPLATE)
    for name, values in _weights([text for text, _, _ in tokens]).items():
        writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _tokens() -> list[tuple[str, float, int]]:
    """Return (text, score, kind) per token. Words have the prefixes that merge into them; padding fills a head."""
    words = dict.fromkeys(word for follow in NEXT.values() for word in follow)
    pieces = dict.fromkeys(piece for word in words for piece in accumulate(word) if piece != "▁")
    tokens = [("<unk>", 0.0, UNKNOWN), ("<s>", 0.0, CONTROL), ("</s>", 0.0, CONTROL)]
    tokens += [(f"<0x{byte:02X}>", 0.0, BYTE) for byte in range(256)]
    tokens += [(role, 0.0, CONTROL) for role in ROLES]
    tokens += [(piece, -1.0 / len(piece), NORMAL) for piece in pieces]
    return tokens + [(f"<|unused{i}|>", 0.0, CONTROL) for i in range(-len(tokens) % HEAD)]


def _weights(tokens: list[str]) -> dict[str, np.ndarray[Any, Any]]:
    size = len(tokens)
    index = {text: i for i, text in enumerate(tokens)}
    probabilities = np.empty((size, size))  # axes: token, next token
    for text, i in index.items():
        follow = NEXT.get(text, END)
        probabilities[i] = (1 - sum(follow.values())) / size
        for after, probability in follow.items():
            probabilities[i, index[after]] += probability
    normed = 1 / math.sqrt(1 / size + EPSILON)  # value of the 1 of a one-hot vector after RMSNorm
    zeros = {f"attn_{name}": (size, size) for name in ("q", "k", "v", "output")}
    zeros |= {"ffn_gate": (HIDDEN, size), "ffn_up": (HIDDEN, size), "ffn_down": (size, HIDDEN)}
    shared = {"token_embd": np.eye(size), "output_norm": np.ones(size), "output": np.log(probabilities).T / normed}
    layer = {name: np.ones(size) for name in ("attn_norm", "ffn_norm")}
    layer |= {name: np.zeros(shape) for name, shape in zeros.items()}
    tensors = shared | {f"blk.0.{name}": values for name, values in layer.items()}
    return {f"{name}.weight": values.astype(np.float32) for name, values in tensors.items()}
