"""The network in torch and single precision, of mlx-lm's type qwen3.

Parameters have the names of the released files, so that an export is a copy. Attention uses plain
matrix products, which train faster on a CPU than PyTorch's own attention.
"""

from __future__ import annotations

import math
import shutil
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812


@dataclass(frozen=True, kw_only=True, slots=True)
class Shape:
    """The sizes of a network."""

    width: int = 128
    layers: int = 6
    heads: int = 4
    head_size: int = 32
    hidden: int = 384
    vocabulary: int = 1024
    context: int = 1024
    rope_base: float = 10000.0
    epsilon: float = 1e-6

    def config(self) -> dict[str, Any]:
        """Return config.json in the format that mlx-lm reads."""
        return {
            "model_type": "qwen3",
            "architectures": ["Qwen3ForCausalLM"],
            "hidden_size": self.width,
            "num_hidden_layers": self.layers,
            "intermediate_size": self.hidden,
            "num_attention_heads": self.heads,
            "num_key_value_heads": self.heads,
            "head_dim": self.head_size,
            "rms_norm_eps": self.epsilon,
            "vocab_size": self.vocabulary,
            "max_position_embeddings": self.context,
            "rope_theta": self.rope_base,
            "tie_word_embeddings": True,
            "eos_token_id": 0,
            "torch_dtype": "float16",
        }

    def to_json(self) -> dict[str, Any]:
        """Return the sizes as JSON values."""
        return asdict(self)


def fuse() -> bool:
    """Compile each of the small functions below to one pass over memory. False if there is no C++ compiler."""
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        return False
    for function in (normed, gated, rotated):
        globals()[function.__name__] = torch.compile(function, dynamic=True)
    return True


def normed(x: Tensor, gain: Tensor, epsilon: float) -> Tensor:
    """Return x divided by the root mean square of its last axis, times the gain."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * gain


def gated(gate: Tensor, up: Tensor) -> Tensor:
    """Return the output of a gate: silu(gate) * up."""
    return F.silu(gate) * up


def rotated(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Apply rotary position embeddings; as in qwen3, the two halves of a head form the pairs."""
    a, b = x.chunk(2, -1)
    return torch.cat((a * cos - b * sin, b * cos + a * sin), -1)


class Norm(nn.Module):
    """Root mean square norm with a gain."""

    def __init__(self, size: int, epsilon: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.epsilon = epsilon

    def forward(self, x: Tensor) -> Tensor:
        return normed(x, self.weight, self.epsilon)


def linear(inputs: int, outputs: int) -> nn.Linear:
    return nn.Linear(inputs, outputs, bias=False)


@dataclass(frozen=True, slots=True)
class Positions:
    """Cosine and sine of token positions (T, head/2), and the attention mask (T, S) or (B, 1, T, S)."""

    cos: Tensor
    sin: Tensor
    mask: Tensor


Cache = list[tuple[Tensor, Tensor]]


class Attention(nn.Module):
    """Causal attention with normed queries and keys and rotary position embeddings."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        inner = shape.heads * shape.head_size
        self.heads, self.head_size = shape.heads, shape.head_size
        self.q_proj, self.k_proj, self.v_proj = (linear(shape.width, inner) for _ in range(3))
        self.o_proj = linear(inner, shape.width)
        self.q_norm, self.k_norm = Norm(shape.head_size, shape.epsilon), Norm(shape.head_size, shape.epsilon)

    def forward(
        self, x: Tensor, positions: Positions, past: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Any]:
        q = rotated(self.q_norm(self._split(self.q_proj(x))), positions.cos, positions.sin)
        k = rotated(self.k_norm(self._split(self.k_proj(x))), positions.cos, positions.sin)
        v = self._split(self.v_proj(x))
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        scores = (q * self.head_size**-0.5) @ k.transpose(-1, -2) + positions.mask
        attended = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        return self.o_proj(attended), (k, v)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, self.head_size).transpose(1, 2)


class FeedForward(nn.Module):
    """A gated feed-forward layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = linear(shape.width, shape.hidden), linear(shape.width, shape.hidden)
        self.down_proj = linear(shape.hidden, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(gated(self.gate_proj(x), self.up_proj(x)))
        return out


class Block(nn.Module):
    """Attention and a feed-forward layer, each with a residual connection."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn, self.mlp = Attention(shape), FeedForward(shape)
        self.input_layernorm = Norm(shape.width, shape.epsilon)
        self.post_attention_layernorm = Norm(shape.width, shape.epsilon)

    def forward(
        self,
        x: Tensor,
        positions: Positions,
        past: tuple[Tensor, Tensor] | None = None,
        only: Tensor | None = None,
    ) -> tuple[Tensor, Any]:
        """Return the stream (B, T, width), or (n, width) at the n flat positions `only`, and the keys and values."""
        attended, keys_values = self.self_attn(self.input_layernorm(x), positions, past)
        x = x + attended if only is None else (x + attended).flatten(0, 1)[only]
        return x + self.mlp(self.post_attention_layernorm(x)), keys_values


class Body(nn.Module):
    """The part that the files call `model`."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.embed_tokens = nn.Embedding(shape.vocabulary, shape.width)
        self.layers = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape.width, shape.epsilon)


class Network(nn.Module):
    """The network with tied embeddings."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.model = Body(shape)
        self._initialize()

    def forward(self, ids: Tensor, where: Tensor) -> Tensor:
        """Return logits (n, vocabulary) after the tokens at the n flat positions `where` of ids (B, T)."""
        positions = self.positions(ids.shape[1])
        x = self.model.embed_tokens(ids)
        for block in self.model.layers:
            # Nothing reads the last block's output at the other positions.
            only = where if block is self.model.layers[-1] else None
            x, _ = block(x, positions, only=only)
        return self.logits(self.model.norm(x))

    def hidden(self, ids: Tensor, positions: Positions, past: Cache | None = None) -> tuple[Tensor, Cache]:
        """Return the normed states (B, T, width) and the keys and values of each layer."""
        x, cache = self.model.embed_tokens(ids), []
        for index, block in enumerate(self.model.layers):
            x, keys_values = block(x, positions, past[index] if past else None)
            cache.append(keys_values)
        return self.model.norm(x), cache

    def logits(self, states: Tensor) -> Tensor:
        """Return the logits of every token (..., vocabulary)."""
        return states @ self.model.embed_tokens.weight.T

    def positions(self, length: int) -> Positions:
        """Return positions 0 to length - 1 with a causal mask."""
        cos, sin = self.angles(torch.arange(length))
        return Positions(cos, sin, torch.full((length, length), -1e9).triu(1))

    def angles(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Return cosine and sine of the rotary angles, (..., head/2)."""
        size = self.shape.head_size
        rates = self.shape.rope_base ** (-torch.arange(0, size, 2).float() / size)
        angles = positions[..., None].float() * rates
        return angles.cos(), angles.sin()

    def _initialize(self) -> None:
        """Initialize weights from normal distributions; layers that write into the residual stream start small."""
        for name, parameter in self.named_parameters():
            if "embed" in name:
                nn.init.normal_(parameter, 0, 0.02)
            elif parameter.dim() == 2:
                scale = 0.3 if "o_proj" in name or "down_proj" in name else 0.8
                nn.init.normal_(parameter, 0, scale / math.sqrt(parameter.shape[1]))
