"""The network, of mlx-lm's type qwen3, in torch and in single precision.

Names of parameters are those of the released files, so that an export is a copy. Attention is
written as plain products: on a CPU this trains faster than PyTorch's own.
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
        """config.json as mlx-lm reads it."""
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
        """Plain values."""
        return asdict(self)


def fuse() -> bool:
    """Make each of the small functions below one pass over memory; False without a C++ compiler for it."""
    if not any(map(shutil.which, ("c++", "g++", "clang++"))):
        return False
    for function in (normed, gated, turned):
        globals()[function.__name__] = torch.compile(function, dynamic=True)
    return True


def normed(x: Tensor, gain: Tensor, epsilon: float) -> Tensor:
    """Divided by the root mean square of the last axis, times the gain."""
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + epsilon) * gain


def gated(gate: Tensor, up: Tensor) -> Tensor:
    """What a gated layer lets through."""
    return F.silu(gate) * up


def turned(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotary positions, the two halves of a head paired, as qwen3 has them."""
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
class Places:
    """Where tokens stand: the angles of their positions (T, head/2), and what is hidden (T, S) or (B, 1, T, S)."""

    cos: Tensor
    sin: Tensor
    hidden: Tensor


Cache = list[tuple[Tensor, Tensor]]


class Attention(nn.Module):
    """Causal attention with normed queries and keys and rotary positions, in halves."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        inner = shape.heads * shape.head_size
        self.heads, self.head_size = shape.heads, shape.head_size
        self.q_proj, self.k_proj, self.v_proj = (linear(shape.width, inner) for _ in range(3))
        self.o_proj = linear(inner, shape.width)
        self.q_norm, self.k_norm = Norm(shape.head_size, shape.epsilon), Norm(shape.head_size, shape.epsilon)

    def forward(self, x: Tensor, places: Places, past: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Any]:
        q = turned(self.q_norm(self._split(self.q_proj(x))), places.cos, places.sin)
        k = turned(self.k_norm(self._split(self.k_proj(x))), places.cos, places.sin)
        v = self._split(self.v_proj(x))
        if past is not None:
            k, v = torch.cat((past[0], k), 2), torch.cat((past[1], v), 2)
        scores = (q * self.head_size**-0.5) @ k.transpose(-1, -2) + places.hidden
        seen = (scores.softmax(-1) @ v).transpose(1, 2).flatten(2)
        return self.o_proj(seen), (k, v)

    def _split(self, x: Tensor) -> Tensor:
        return x.view(*x.shape[:2], self.heads, self.head_size).transpose(1, 2)


class FeedForward(nn.Module):
    """A gated layer."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.gate_proj, self.up_proj = linear(shape.width, shape.hidden), linear(shape.width, shape.hidden)
        self.down_proj = linear(shape.hidden, shape.width)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.down_proj(gated(self.gate_proj(x), self.up_proj(x)))
        return out


class Block(nn.Module):
    """Attention and a gated layer, each beside what passes through."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.self_attn, self.mlp = Attention(shape), FeedForward(shape)
        self.input_layernorm = Norm(shape.width, shape.epsilon)
        self.post_attention_layernorm = Norm(shape.width, shape.epsilon)

    def forward(
        self,
        x: Tensor,
        places: Places,
        past: tuple[Tensor, Tensor] | None = None,
        only: Tensor | None = None,
    ) -> tuple[Tensor, Any]:
        """The stream (B, T, width), or (n, width) at the n flat positions `only`; and keys and values."""
        seen, kept = self.self_attn(self.input_layernorm(x), places, past)
        x = x + seen if only is None else (x + seen).flatten(0, 1)[only]
        return x + self.mlp(self.post_attention_layernorm(x)), kept


class Body(nn.Module):
    """What the files call `model`."""

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
        self._begin()

    def forward(self, ids: Tensor, where: Tensor) -> Tensor:
        """Logits (n, vocabulary) after the tokens at the n flat positions `where` of ids (B, T)."""
        places = self.places(ids.shape[1])
        x = self.model.embed_tokens(ids)
        for block in self.model.layers:
            # What the last block gives to the other positions, nobody reads.
            last = where if block is self.model.layers[-1] else None
            x, _ = block(x, places, only=last)
        return self.logits(self.model.norm(x))

    def hidden(self, ids: Tensor, places: Places, past: Cache | None = None) -> tuple[Tensor, Cache]:
        """Normed states (B, T, width) and the keys and values of every layer."""
        x, kept = self.model.embed_tokens(ids), []
        for number, block in enumerate(self.model.layers):
            x, pair = block(x, places, past[number] if past else None)
            kept.append(pair)
        return self.model.norm(x), kept

    def logits(self, states: Tensor) -> Tensor:
        """Scores of every token."""
        return states @ self.model.embed_tokens.weight.T

    def places(self, length: int) -> Places:
        """Positions 0 to length - 1, each seeing itself and what stands before it."""
        cos, sin = self.angles(torch.arange(length))
        return Places(cos, sin, torch.full((length, length), -1e9).triu(1))

    def angles(self, positions: Tensor) -> tuple[Tensor, Tensor]:
        """Cosine and sine, (..., head/2)."""
        size = self.shape.head_size
        rates = self.shape.rope_base ** (-torch.arange(0, size, 2).float() / size)
        turned = positions[..., None].float() * rates
        return turned.cos(), turned.sin()

    def _begin(self) -> None:
        """Normal weights; what writes into the stream begins small."""
        for name, parameter in self.named_parameters():
            if "embed" in name:
                nn.init.normal_(parameter, 0, 0.02)
            elif parameter.dim() == 2:
                scale = 0.3 if "o_proj" in name or "down_proj" in name else 0.8
                nn.init.normal_(parameter, 0, scale / math.sqrt(parameter.shape[1]))
