"""The key-value caches of common prompt prefixes: a prefix is prefilled once, kept and copied.

Prefixes are found by a chained hash over blocks of 64 tokens, as in vLLM's automatic prefix caching.
Unlike there, a prefix need not end at a block boundary. Only models whose layers all use a plain
`KVCache` can share, because only that cache can be cut at any token.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

BLOCK = 64  # tokens; a shorter prefix is not worth a copy
MAX_TOKENS = 32_768
MAX_BYTES = 256 * 1024 * 1024
PREFILL_STEP = 2048  # tokens of a prompt per forward pass


@dataclass(frozen=True, slots=True, eq=False)
class Prefix:
    """Token ids and the keys and values of every layer for them."""

    ids: tuple[int, ...]
    layers: tuple[tuple[Any, Any], ...]  # arrays of shape (1, heads, tokens, head size)
    nbytes: int


class PrefixCache:
    """The most recently used prefixes of one model, limited in tokens and in bytes."""

    def __init__(
        self, model: Any, caches: Any, *, max_tokens: int = MAX_TOKENS, max_bytes: int = MAX_BYTES, share: bool = True
    ) -> None:
        self._model, self._caches = model, caches  # caches: the module mlx_lm.models.cache
        self._max_tokens, self._max_bytes = max_tokens, max_bytes
        plain = all(type(layer) is caches.KVCache for layer in self._empty())
        self.usable = share and plain  # False: the cache stays empty
        self._prefixes: OrderedDict[Prefix, None] = OrderedDict()  # least recently used first
        self._by_block: dict[int, Prefix] = {}
        self.tokens = self.nbytes = 0

    def find(self, ids: Sequence[int]) -> tuple[Prefix | None, int]:
        """Return the kept prefix that shares most tokens with `ids`, and how many; at most all but one of them."""
        if not self.usable:
            return None, 0
        best = None
        for block in _blocks(ids[:-1]):
            best = self._by_block.get(block, best)
        shared = 0 if best is None else common_length(best.ids, ids[:-1])
        if best is None or shared < BLOCK:
            return None, 0
        self._prefixes.move_to_end(best)
        return best, shared

    def layers(self, prefix: Prefix | None, n: int) -> list[Any]:
        """Return a new cache, one object per layer, that holds the first `n` tokens of a prefix."""
        layers = self._empty()
        if prefix is not None:
            for layer, (keys, values) in zip(layers, prefix.layers, strict=True):
                layer.keys, layer.values, layer.offset = keys[..., :n, :], values[..., :n, :], n
        return layers

    def prefill(self, ids: Sequence[int], prefix: Prefix | None, n: int) -> Prefix:
        """Prefill and keep `ids`, whose first `n` tokens `prefix` already covers."""
        import mlx.core as mx

        layers = self.layers(prefix, n)
        for start in range(n, len(ids), PREFILL_STEP):
            self._model(mx.array([ids[start : start + PREFILL_STEP]]), cache=layers)
            mx.eval([layer.state for layer in layers])
        return self.keep(ids, layers)

    def offer(self, ids: Sequence[int], layers: Sequence[Any]) -> None:
        """Keep the prefix of a finished request if it is long enough to share."""
        if self.usable and len(ids) > BLOCK:
            self.keep(ids, layers)

    def keep(self, ids: Sequence[int], layers: Sequence[Any]) -> Prefix:
        """Keep the content of plain caches for `ids`; drops the least recently used prefixes if needed."""
        import mlx.core as mx

        n = min(len(ids), *(layer.offset for layer in layers))
        covered, shared = self.find((*ids[:n], -1))
        if covered is not None and shared == n:
            return covered
        arrays = tuple(
            (mx.contiguous(layer.keys[..., :n, :]), mx.contiguous(layer.values[..., :n, :])) for layer in layers
        )
        mx.eval(arrays)
        prefix = Prefix(tuple(ids[:n]), arrays, sum(keys.nbytes + values.nbytes for keys, values in arrays))
        if covered is not None and shared == len(covered.ids):
            self._drop(covered)  # the new prefix contains it
        self._prefixes[prefix] = None
        self._by_block.update(dict.fromkeys(_blocks(prefix.ids), prefix))
        self.tokens, self.nbytes = self.tokens + n, self.nbytes + prefix.nbytes
        while self._prefixes and (self.tokens > self._max_tokens or self.nbytes > self._max_bytes):
            self._drop(next(iter(self._prefixes)))
        return prefix

    def _drop(self, prefix: Prefix) -> None:
        del self._prefixes[prefix]
        self.tokens, self.nbytes = self.tokens - len(prefix.ids), self.nbytes - prefix.nbytes
        for block in _blocks(prefix.ids):
            if self._by_block.get(block) is prefix:
                del self._by_block[block]

    def _empty(self) -> list[Any]:
        layers: list[Any] = self._caches.make_prompt_cache(self._model)
        return layers


def common_length(a: Sequence[int], b: Sequence[int]) -> int:
    """Return the length of the longest common prefix of two sequences."""
    low, high = 0, min(len(a), len(b))
    a, b = tuple(a[:high]), tuple(b[:high])
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def prefill_shared(
    prompts: Sequence[Sequence[int]],
    prefixes: PrefixCache,
    find_running: Callable[[Sequence[int], int], Prefix | None],
) -> Iterator[tuple[int, Prefix | None, int, int]]:
    """Yield for every prompt: its index, the prefix to start from, how many of its tokens apply, how many are new.

    `find_running` returns a prefix of a running request that shares more than a given number of tokens
    with a prompt. Tokens that two prompts share beyond it are prefilled once, for the first of them.
    """
    order = sorted(range(len(prompts)), key=lambda i: tuple(prompts[i]))  # prompts that share most are neighbours
    for position, index in enumerate(order):
        ids = prompts[index]
        prefix, n_covered = prefixes.find(ids)
        if (longer := find_running(ids, n_covered)) is not None:
            prefix, n_covered = longer, common_length(longer.ids, ids[:-1])
        following = prompts[order[position + 1]] if position + 1 < len(order) else ()
        shared = min(common_length(ids, following), len(ids) - 1, len(following) - 1) if following else 0
        n_read = 0
        if prefixes.usable and shared - n_covered >= BLOCK:
            prefix, n_read = prefixes.prefill(ids[:shared], prefix, n_covered), shared - n_covered
        yield index, prefix, n_covered + n_read, n_read


def _blocks(ids: Sequence[int]) -> Iterator[int]:
    chained = 0
    for start in range(0, len(ids) - BLOCK + 1, BLOCK):
        chained = hash((chained, *ids[start : start + BLOCK]))
        yield chained
