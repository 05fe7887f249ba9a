"""Prompts that begin alike are read once: what the model made of a beginning is kept and copied.

Beginnings are found by the hash of their blocks of 64 tokens, each chained to the one before it,
as in vLLM's automatic prefix caching; unlike there, a prefix need not end with a block. Only models
whose layers all keep a plain `KVCache` can share: it alone can be cut at any token.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

BLOCK = 64  # tokens; a shorter prefix is not worth a copy
MAX_TOKENS = 32_768
MAX_BYTES = 256 * 1024 * 1024
STEP = 2048  # tokens of a prompt that the model reads at once


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """Tokens that were read, and the keys and values that every layer made of them."""

    ids: tuple[int, ...]
    layers: tuple[tuple[Any, Any], ...]  # arrays of shape (1, heads, tokens, head size)
    nbytes: int


class Prefixes:
    """The prefixes of one model that were used last, bounded in tokens and in bytes."""

    def __init__(
        self, model: Any, caches: Any, *, max_tokens: int = MAX_TOKENS, max_bytes: int = MAX_BYTES, share: bool = True
    ) -> None:
        self._model, self._caches = model, caches  # caches: the module mlx_lm.models.cache
        self._max_tokens, self._max_bytes = max_tokens, max_bytes
        plain = all(type(layer) is caches.KVCache for layer in self._empty())
        self.usable = share and plain  # False: nothing is found, kept or read ahead
        self._kept: OrderedDict[Prefix, None] = OrderedDict()  # the one used longest ago first
        self._by_block: dict[int, Prefix] = {}
        self.tokens = self.nbytes = 0

    def find(self, ids: Sequence[int]) -> tuple[Prefix | None, int]:
        """The kept prefix that shares most tokens with these, and how many; at least one token is left to read."""
        if not self.usable:
            return None, 0
        best = None
        for block in _blocks(ids[:-1]):
            best = self._by_block.get(block, best)
        shared = 0 if best is None else common(best.ids, ids[:-1])
        if best is None or shared < BLOCK:
            return None, 0
        self._kept.move_to_end(best)
        return best, shared

    def layers(self, prefix: Prefix | None, n: int) -> list[Any]:
        """A cache of its own that holds the first `n` tokens of a prefix."""
        made = self._empty()
        if prefix is not None:
            for layer, (keys, values) in zip(made, prefix.layers, strict=True):
                layer.keys, layer.values, layer.offset = keys[..., :n, :], values[..., :n, :], n
        return made

    def read(self, ids: Sequence[int], prefix: Prefix | None, n: int) -> Prefix:
        """The prefix `ids`, of which the model has read the first `n` tokens already; it is kept."""
        import mlx.core as mx

        layers = self.layers(prefix, n)
        for start in range(n, len(ids), STEP):
            self._model(mx.array([ids[start : start + STEP]]), cache=layers)
            mx.eval([layer.state for layer in layers])
        return self.keep(ids, layers)

    def offer(self, ids: Sequence[int], layers: Sequence[Any]) -> None:
        """Keep what an ended request has read, where another may begin with it."""
        if self.usable and len(ids) > BLOCK:
            self.keep(ids, layers)

    def keep(self, ids: Sequence[int], layers: Sequence[Any]) -> Prefix:
        """Keep what plain caches hold of the tokens `ids`; what was used longest ago makes room."""
        import mlx.core as mx

        n = min(len(ids), *(layer.offset for layer in layers))
        covered, shared = self.find((*ids[:n], -1))
        if covered is not None and shared == n:
            return covered
        arrays = tuple(
            (mx.contiguous(layer.keys[..., :n, :]), mx.contiguous(layer.values[..., :n, :])) for layer in layers
        )
        mx.eval(arrays)
        made = Prefix(tuple(ids[:n]), arrays, sum(keys.nbytes + values.nbytes for keys, values in arrays))
        if covered is not None and shared == len(covered.ids):
            self._drop(covered)  # the new one begins with it
        self._kept[made] = None
        self._by_block.update(dict.fromkeys(_blocks(made.ids), made))
        self.tokens, self.nbytes = self.tokens + n, self.nbytes + made.nbytes
        while self._kept and (self.tokens > self._max_tokens or self.nbytes > self._max_bytes):
            self._drop(next(iter(self._kept)))
        return made

    def _drop(self, prefix: Prefix) -> None:
        del self._kept[prefix]
        self.tokens, self.nbytes = self.tokens - len(prefix.ids), self.nbytes - prefix.nbytes
        for block in _blocks(prefix.ids):
            if self._by_block.get(block) is prefix:
                del self._by_block[block]

    def _empty(self) -> list[Any]:
        made: list[Any] = self._caches.make_prompt_cache(self._model)
        return made


def common(a: Sequence[int], b: Sequence[int]) -> int:
    """How many tokens two sequences of one type begin with alike."""
    low, high = 0, min(len(a), len(b))
    a, b = tuple(a[:high]), tuple(b[:high])
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def read_ahead(
    prompts: Sequence[Sequence[int]], prefixes: Prefixes, running: Callable[[Sequence[int], int], Prefix | None]
) -> Iterator[tuple[int, Prefix | None, int, int]]:
    """For every prompt: its number, the prefix to start from, how much of it counts, and what was read for it now.

    `running` finds a prefix that shares more than so many tokens with a prompt among the requests
    that are being answered. What two prompts share beyond that is read once, for the first of them.
    """
    order = sorted(range(len(prompts)), key=lambda i: tuple(prompts[i]))  # the most alike are neighbours
    for place, i in enumerate(order):
        ids = prompts[i]
        prefix, known = prefixes.find(ids)
        if (other := running(ids, known)) is not None:
            prefix, known = other, common(other.ids, ids[:-1])
        after = prompts[order[place + 1]] if place + 1 < len(order) else ()
        shared = min(common(ids, after), len(ids) - 1, len(after) - 1) if after else 0
        read = 0
        if prefixes.usable and shared - known >= BLOCK:
            prefix, read = prefixes.read(ids[:shared], prefix, known), shared - known
        yield i, prefix, known + read, read


def _blocks(ids: Sequence[int]) -> Iterator[int]:
    chained = 0
    for start in range(0, len(ids) - BLOCK + 1, BLOCK):
        chained = hash((chained, *ids[start : start + BLOCK]))
        yield chained
