"""The memory that a capture needs, computed before it runs."""

from __future__ import annotations

from collections.abc import Collection
from math import prod

from ..errors import ProbeError
from .hooks import ATTENTION_WEIGHTS
from .structure import Structure

MAX_BYTES = 2**30
FLOAT = 4  # bytes
_ADVICE = "choose fewer `layers`, a shorter text or less in `what`, or raise `max_bytes`"


def check_memory(
    structure: Structure, what: Collection[str], layers: Collection[int], n_tokens: int, max_bytes: int
) -> None:
    """Raise ProbeError if the arrays would take more than `max_bytes` together; says which of them take how much."""
    sizes = array_bytes(structure, what, layers, n_tokens)
    total = sum(sizes.values())
    if total > max_bytes:
        largest = sorted(sizes, key=lambda name: -sizes[name])[:3]
        parts = ", ".join(f"{name} {readable(sizes[name])}" for name in largest)
        raise ProbeError(
            f"capturing {n_tokens:,} tokens needs {readable(total)} ({parts}), "
            f"but max_bytes is {readable(max_bytes)}: {_ADVICE}"
        )


def array_bytes(
    structure: Structure, what: Collection[str], layers: Collection[int], n_tokens: int
) -> dict[str, int]:
    """Return name → bytes of each array, and of the logits, which every run computes."""
    blocks = [block for block in structure.blocks if block.index in layers]
    stream = n_tokens * structure.width
    floats = {"logits": n_tokens * structure.vocabulary}
    for site in ("residual_pre", "attention", "mlp", "residual_post"):
        if site in what:
            floats[site] = len(blocks) * stream
    if "embeddings" in what:
        floats["embeddings"] = stream
    if "heads" in what:
        floats["heads"] = n_tokens * sum(block.heads_width or 0 for block in blocks)
    if ATTENTION_WEIGHTS in what:
        floats[ATTENTION_WEIGHTS] = sum(prod((block.n_heads or 0, n_tokens, n_tokens)) for block in blocks)
    if "lens" in what:  # states of all layers while it is computed, and the logits of one layer at a time
        floats["lens"] = (len(structure.blocks) + 1) * stream + n_tokens * structure.vocabulary
    return {name: n * FLOAT for name, n in floats.items()}


def readable(n_bytes: int) -> str:
    """Return bytes in the largest unit that keeps a digit before the point."""
    for unit, size in (("GiB", 2**30), ("MiB", 2**20), ("KiB", 2**10)):
        if n_bytes >= size:
            return f"{n_bytes / size:.1f} {unit}"
    return f"{n_bytes} bytes"
