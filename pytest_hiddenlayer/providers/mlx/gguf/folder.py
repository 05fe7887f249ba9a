"""A GGUF file as a model folder that mlx-lm loads, converted once into the user's cache."""

from __future__ import annotations

import hashlib
import json
import os
import re
import secrets
import shutil
from pathlib import Path
from typing import Any

from ....errors import UsageError
from ....io.user_cache import private_folder
from .reader import GgufModel, read_gguf
from .tokenizer import tokenizer_config, tokenizer_json
from .weights import bits_by_layer, half_precision, quantized

VERSION = 1
"""Increases if the conversion changes: folders of earlier versions are not used."""


def converted_folder(path: Path, *, keep_quantized: bool) -> Path:
    """Return the folder of a GGUF file, made if it is not in the cache. Raises UsageError for an unusable file.

    `keep_quantized` keeps 4-bit and 8-bit weights, which Metal computes with quickly; the CPU does not.
    """
    state = path.stat()
    key = f"{VERSION} {path.resolve()} {state.st_size} {state.st_mtime_ns} {state.st_ctime_ns} {keep_quantized}"
    stem = re.sub(r"[^\w.-]", "_", path.stem)[:60]
    parent = private_folder("models", "gguf")
    folder = parent / f"{stem}-{hashlib.sha256(key.encode()).hexdigest()[:16]}"
    if not (folder / "config.json").is_file():
        _convert(read_gguf(path), folder, keep_quantized=keep_quantized)
    return folder


def _convert(model: GgufModel, folder: Path, *, keep_quantized: bool) -> None:
    """Write the folder in one step: another process sees nothing, or all of it."""
    partial = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.part")
    partial.mkdir(mode=0o700)
    try:
        write_folder(model, partial, keep_quantized=keep_quantized)
        try:
            os.rename(partial, folder)
        except OSError:
            if not (folder / "config.json").is_file():  # another process was first, otherwise
                raise
    except OSError as error:
        raise UsageError(
            f"{model.path}: the converted model cannot be written to {folder.parent}: {error.strerror or error}; "
            "free space, or set XDG_CACHE_HOME to another place"
        ) from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def write_folder(model: GgufModel, folder: Path, *, keep_quantized: bool) -> None:
    """Write weights, configuration and tokenizer into an existing folder. Raises UsageError, OSError."""
    import mlx.core as mx

    config = model_config(model)
    if keep_quantized and (bits := bits_by_layer(model)):
        config["quantization"] = _quantization(bits)
    weights = {name: mx.array(values) for name, values in (quantized if keep_quantized else half_precision)(model)}
    texts = {
        "tokenizer.json": tokenizer_json(model),
        "tokenizer_config.json": json.dumps(tokenizer_config(model), indent=1),
    }
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "config.json").write_text(json.dumps(config, indent=1), encoding="utf-8")  # last: it marks completion


def model_config(model: GgufModel) -> dict[str, Any]:
    """Return the content of `config.json`. In GGUF, the two numbers of a rotary pair are neighbours."""
    heads = int(_number(model, "llama.attention.head_count"))
    width = int(_number(model, "llama.embedding_length"))
    vocabulary = len(model.setting("tokenizer.ggml.tokens"))
    config = {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": width,
        "num_hidden_layers": int(_number(model, "llama.block_count")),
        "intermediate_size": int(_number(model, "llama.feed_forward_length")),
        "num_attention_heads": heads,
        "num_key_value_heads": int(_number(model, "llama.attention.head_count_kv", heads)),
        "head_dim": int(_number(model, "llama.attention.key_length", width // heads)),
        "rms_norm_eps": float(_number(model, "llama.attention.layer_norm_rms_epsilon")),
        "vocab_size": vocabulary,
        "rope_theta": float(_number(model, "llama.rope.freq_base", 10_000.0)),
        "rope_traditional": True,
        "max_position_embeddings": int(_number(model, "llama.context_length")),
        "tie_word_embeddings": "output.weight" not in model.tensors,
    }
    for name, key in (("bos_token_id", "bos"), ("eos_token_id", "eos")):
        if (token := model.settings.get(f"tokenizer.ggml.{key}_token_id")) is not None:
            config[name] = int(token)
    return config


def _number(model: GgufModel, key: str, default: float | None = None) -> float:
    value = model.setting(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise UsageError(f"{model.path}: {key} is {value!r:.60}; a number above 0 is needed")
    return value


def _quantization(bits: Any) -> dict[str, Any]:
    """mlx-lm's `quantization`: the settings of most layers, then those of each layer."""
    layers = {layer: {"group_size": 32, "bits": number} for layer, number in bits.items()}
    return {"group_size": 32, "bits": 4, **layers}
