"""The weights of a GGUF file under mlx-lm's names: in half precision, or still quantized in MLX's format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....errors import UsageError
from .reader import GgufModel

GROUP = 32
"""Weights that share a scale, in GGUF's Q4_0, Q4_1 and Q8_0."""
_LAYER = {
    "attn_q": "self_attn.q_proj",
    "attn_k": "self_attn.k_proj",
    "attn_v": "self_attn.v_proj",
    "attn_output": "self_attn.o_proj",
    "ffn_gate": "mlp.gate_proj",
    "ffn_up": "mlp.up_proj",
    "ffn_down": "mlp.down_proj",
    "attn_norm": "input_layernorm",
    "ffn_norm": "post_attention_layernorm",
}
_OUTER = {"token_embd": "model.embed_tokens", "output_norm": "model.norm", "output": "lm_head"}
BITS = {"Q4_0": 4, "Q4_1": 4, "Q8_0": 8}


def mlx_name(model: GgufModel, name: str) -> str:
    """Return mlx-lm's name of a tensor, `model.layers.0.mlp.up_proj.weight`. Raises UsageError if it has none."""
    parts = name.split(".")
    if parts[0] == "blk" and len(parts) == 4 and parts[2] in _LAYER:
        return f"model.layers.{int(parts[1])}.{_LAYER[parts[2]]}.{parts[3]}"
    if len(parts) == 2 and parts[0] in _OUTER:
        return f"{_OUTER[parts[0]]}.{parts[1]}"
    raise UsageError(f"{model.path}: unknown tensor {name!r}: the file is not of a plain llama model")


def half_precision(model: GgufModel) -> Iterator[tuple[str, NDArray[np.float16]]]:
    """Yield (mlx-lm's name, weights of shape (rows, columns) or (columns,)) of every tensor."""
    from gguf.quants import dequantize

    for name, tensor in model.tensors.items():
        values = dequantize(tensor.data, tensor.tensor_type)
        yield mlx_name(model, name), _shaped(values, tensor).astype(np.float16)


def quantized(model: GgufModel) -> Iterator[tuple[str, NDArray[Any]]]:
    """Yield weights, scales and biases of quantized tensors in MLX's affine format; the others in half precision."""
    from gguf.quants import dequantize

    for name, tensor in model.tensors.items():
        place = mlx_name(model, name)
        if (kind := tensor.tensor_type.name) not in BITS:
            yield place, _shaped(dequantize(tensor.data, tensor.tensor_type), tensor).astype(np.float16)
            continue
        base = place.removesuffix(".weight")
        weights, scales, biases = affine(tensor.data, kind)
        yield f"{base}.weight", weights
        yield f"{base}.scales", scales
        yield f"{base}.biases", biases


def bits_by_layer(model: GgufModel) -> Mapping[str, int]:
    """mlx-lm's layer → bits, for the layers whose weights are quantized."""
    return {
        mlx_name(model, name).removesuffix(".weight"): BITS[tensor.tensor_type.name]
        for name, tensor in model.tensors.items()
        if tensor.tensor_type.name in BITS
    }


def affine(data: NDArray[np.uint8], kind: str) -> tuple[NDArray[np.uint32], NDArray[np.float16], NDArray[np.float16]]:
    """(weights, scales, biases) in MLX's affine format of rows of GGUF blocks.

    `data` has shape (rows, bytes per row). A block holds 32 weights: Q4_0 `d q` is d * (q - 8), Q4_1 `d m q` is
    d * q + m, both with the first 16 weights in the low halves of 16 bytes; Q8_0 `d q` is d * q with signed bytes.
    MLX packs weights into 32-bit numbers, the first one into the lowest bits.
    """
    rows = data.shape[0]
    header = 4 if kind == "Q4_1" else 2
    size = header + (GROUP if kind == "Q8_0" else GROUP // 2)
    blocks = data.reshape(rows, -1, size)
    numbers = np.ascontiguousarray(blocks[..., :header]).view(np.float16).astype(np.float32)
    scales = numbers[..., 0]
    payload = np.ascontiguousarray(blocks[..., header:])
    if kind == "Q8_0":
        packed = (payload ^ 0x80).reshape(rows, -1)  # signed to offset by 128
        biases = -128 * scales
    else:
        values = np.concatenate([payload & 0x0F, payload >> 4], axis=-1).reshape(rows, -1)
        packed = values[:, 0::2] | (values[:, 1::2] << 4)
        biases = numbers[..., 1] if kind == "Q4_1" else -8 * scales
    weights = np.ascontiguousarray(packed).view("<u4").astype(np.uint32, copy=False)
    return weights, scales.astype(np.float16), biases.astype(np.float16)


def _shaped(values: NDArray[Any], tensor: Any) -> NDArray[Any]:
    """GGUF names the fastest dimension first."""
    return values.reshape([int(size) for size in reversed(tensor.shape)])
