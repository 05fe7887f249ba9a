"""How much memory a model takes, how much its key-value caches may take, and how memory is given back."""

from __future__ import annotations

import ctypes
import importlib
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

MIN_BYTES = 24 << 20
"""Of the caches of a batch, for the smallest model; a larger model may take as much as its weights."""
MIN_PREFIX_BYTES = 48 << 20
MAX_PREFIX_BYTES = 256 << 20
SMALL_MODEL_BYTES = 256 << 20
"""Below this size, a step of the model costs more than its arithmetic."""
_M_MMAP_THRESHOLD = -3  # of glibc's mallopt
_MAPPED_BYTES = 8 << 20


def model_bytes(model: Any) -> int:
    """Return the bytes of the weights of a loaded model."""
    tree_flatten = importlib.import_module("mlx.utils").tree_flatten
    return sum(weights.nbytes for _, weights in tree_flatten(model.parameters()))


def prefill_batch_size(model: Any) -> int:
    """Return how many prompts are prefilled together: fewer for a large model, to save memory."""
    return 32 if model_bytes(model) < SMALL_MODEL_BYTES else 8


def works_beside_python() -> bool:
    """Return whether a device of its own computes, so that Python can prepare the next step meanwhile."""
    import mlx.core as mx

    return bool(mx.default_device() != mx.cpu)


@contextmanager
def wired_memory() -> Iterator[None]:
    """Keep as much memory resident as Metal recommends, as mlx-lm does; does nothing on the CPU."""
    import mlx.core as mx

    recommended: Any = mx.device_info().get("max_recommended_working_set_size")
    before = mx.set_wired_limit(recommended) if recommended else None
    try:
        yield
    finally:
        if before is not None:
            mx.synchronize()
            mx.set_wired_limit(before)


def clear_streams() -> None:
    """Release the streams of this thread. Otherwise mlx may abort the process at exit."""
    import mlx.core as mx

    mx.synchronize()
    if hasattr(mx, "clear_streams"):  # missing in older releases
        mx.clear_streams()


def return_large_blocks() -> None:
    """Have glibc give freed blocks of 8 MiB and more back to the system; does nothing elsewhere.

    glibc raises this size, up to 32 MiB, whenever a larger block is freed. The growing caches of a
    batch then fragment the heap, which takes half as much memory again.
    """
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MAPPED_BYTES)


def return_unused_memory() -> None:
    """Give the memory of a model that was unloaded back to the system: mlx and glibc keep freed blocks."""
    with suppress(ImportError, AttributeError):  # an older mlx has no such function
        import mlx.core as mx

        mx.clear_cache()
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):  # another C library
            ctypes.CDLL(None).malloc_trim(0)


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryLimits:
    """The limits for one model."""

    batch_tokens: int | None = None  # rows times the longest row of a batch; None: no limit
    prefix_bytes: int = MIN_PREFIX_BYTES  # of the prefixes that are kept

    @classmethod
    def of(cls, model_bytes: int, token_bytes: int | None) -> MemoryLimits:
        """The limits of a model with weights of this size; a token adds `token_bytes` to its cache, None: unknown."""
        return cls(
            batch_tokens=max(MIN_BYTES, model_bytes) // token_bytes if token_bytes else None,
            prefix_bytes=min(max(MIN_PREFIX_BYTES, model_bytes // 2), MAX_PREFIX_BYTES),
        )

    def n_fitting(self, running: Sequence[int], waiting: Sequence[int]) -> int:
        """Return how many of the waiting requests, in order, may join those that run; at least one if none runs.

        Each row of a batch takes as much memory as the longest. The numbers are lengths in tokens.
        """
        if self.batch_tokens is None:
            return len(waiting)
        longest = max(running, default=0)
        for n, length in enumerate(waiting):
            longest = max(longest, length)
            if (len(running) + n + 1) * longest > self.batch_tokens and len(running) + n:
                return n
        return len(waiting)
