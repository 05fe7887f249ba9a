"""Writes a model folder as a GGUF file for llama.cpp: `python training/to_gguf.py FOLDER OUT.gguf`.

It converts folders like the bundled model's: qwen3, unquantized weights in one
`model.safetensors`, a byte-level BPE with single digits. Needs `gguf`. Other folders are refused,
because a tokenizer that splits differently would work without an error, but with worse answers.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gguf
import numpy as np

KINDS = {"F16": np.float16, "F32": np.float32}
CONTROL, NORMAL = 3, 1  # gguf.TokenType
PRE_TOKENIZER = "smollm"  # llama.cpp's name for: single digits, then GPT-2's pattern
WHOLE = {"model.embed_tokens": "token_embd", "model.norm": "output_norm", "lm_head": "output"}
IN_LAYER = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "self_attn.q_norm": "attn_q_norm",
    "self_attn.k_norm": "attn_k_norm",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}


def to_gguf(folder: Path, out: Path) -> None:
    """Write `out` in single precision. Raises ValueError if the folder cannot be converted."""
    config, tokenizer = _json(folder / "config.json"), _json(folder / "tokenizer.json")
    _check(folder, config, tokenizer)
    writer = gguf.GGUFWriter(out, "qwen3")
    _add_shape(writer, folder.name, config)
    _add_tokenizer(
        writer, tokenizer, config["eos_token_id"], _json(folder / "tokenizer_config.json")["chat_template"]
    )
    for name, values in tensors(folder / "model.safetensors"):
        writer.add_tensor(gguf_name(name), values.astype(np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def tensors(path: Path) -> Iterator[tuple[str, np.ndarray[Any, Any]]]:
    """Yield (name, values) of a safetensors file: 8 bytes with the header's length, the header, the data."""
    raw = path.read_bytes()
    (length,) = struct.unpack("<Q", raw[:8])
    begin = 8 + length
    for name, tensor in json.loads(raw[8:begin]).items():
        if name != "__metadata__":
            if tensor["dtype"] not in KINDS:
                raise ValueError(f"{path}: {name} is {tensor['dtype']}; only {', '.join(KINDS)} are converted")
            first, last = tensor["data_offsets"]
            values = np.frombuffer(raw[begin + first : begin + last], KINDS[tensor["dtype"]])
            yield name, values.reshape(tensor["shape"])


def gguf_name(name: str) -> str:
    """Return `blk.2.ffn_up.weight` for `model.layers.2.mlp.up_proj.weight`. Raises ValueError if it is unknown."""
    stem = name.removesuffix(".weight")
    if stem in WHOLE:
        return f"{WHOLE[stem]}.weight"
    _, _, number, part = [*stem.split(".", 3), "", "", ""][:4]
    if part not in IN_LAYER:
        raise ValueError(f"tensor {name} is not part of qwen3; convert the folder with llama.cpp's own script")
    return f"blk.{number}.{IN_LAYER[part]}.weight"


def _check(folder: Path, config: dict[str, Any], tokenizer: dict[str, Any]) -> None:
    splits = (tokenizer.get("pre_tokenizer") or {}).get("pretokenizers", [])
    as_smollm = [(part.get("type"), part.get("individual_digits"), part.get("use_regex")) for part in splits]
    requirements = {
        "model_type qwen3": config.get("model_type") == "qwen3",
        "unquantized weights": "quantization" not in config,
        "byte-level BPE of single digits": as_smollm == [("Digits", True, None), ("ByteLevel", None, True)],
        "a tokenizer without normalizer": tokenizer.get("normalizer") is None,
    }
    missing = [name for name, holds in requirements.items() if not holds]
    if missing:
        raise ValueError(f"{folder}: not {', '.join(missing)}; convert it with llama.cpp's own script")


def _add_shape(writer: gguf.GGUFWriter, name: str, config: dict[str, Any]) -> None:
    writer.add_name(name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_key_length(config["head_dim"])
    writer.add_value_length(config["head_dim"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(config["rope_theta"])
    writer.add_file_type(gguf.LlamaFileType.ALL_F32)


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: dict[str, Any], end: int, template: str) -> None:
    vocabulary: dict[str, int] = tokenizer["model"]["vocab"]
    special = {token["content"] for token in tokenizer["added_tokens"] if token["special"]}
    ids = {**vocabulary, **{token["content"]: token["id"] for token in tokenizer["added_tokens"]}}
    tokens = sorted(ids, key=ids.__getitem__)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(PRE_TOKENIZER)
    writer.add_token_list(tokens)
    writer.add_token_types([CONTROL if token in special else NORMAL for token in tokens])
    writer.add_token_merges([m if isinstance(m, str) else " ".join(m) for m in tokenizer["model"]["merges"]])
    writer.add_eos_token_id(end)
    writer.add_pad_token_id(end)
    writer.add_add_bos_token(False)
    writer.add_chat_template(template)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__.splitlines()[0])
    to_gguf(Path(sys.argv[1]), Path(sys.argv[2]))
