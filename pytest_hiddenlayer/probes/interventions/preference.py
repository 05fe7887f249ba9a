"""How much more probable a model finds positive continuations than negative ones."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ...errors import UsageError
from .steering import Steering
from .target import run

Continuation = tuple[Sequence[int], Sequence[int]]
"""(token ids of the prompt, token ids of what follows)."""


def continuation_log_probabilities(
    model: Any, texts: Sequence[Continuation], steering: Steering | None = None
) -> Any:
    """The mean log-probability per token of each continuation, in nats, while the model is steered: numpy [texts].

    The model reads prompt and continuation at once; steering with positions 'generated' acts on the tokens that
    predict the continuation, from the last one of the prompt on.
    """
    import mlx.core as mx
    import numpy as np

    if not texts or not all(prompt and following for prompt, following in texts):
        raise UsageError("continuations need a prompt and tokens that follow; some are empty: leave these out")
    longest = max(len(prompt) + len(following) for prompt, following in texts)
    rows = [[*prompt, *following] for prompt, following in texts]
    ids = mx.array([row + [row[-1]] * (longest - len(row)) for row in rows])  # nothing looks ahead at the padding
    with _steered(model, texts, longest, steering):
        logits = run(model, ids).astype(mx.float32)
    logs = logits[:, :-1] - mx.logsumexp(logits[:, :-1], axis=-1, keepdims=True)
    chosen = np.array(mx.take_along_axis(logs, ids[:, 1:, None], axis=-1)[..., 0], dtype=float)
    spans = [(len(prompt) - 1, len(row) - 1) for (prompt, _), row in zip(texts, rows, strict=True)]
    return np.array([chosen[row, start:end].mean() for row, (start, end) in enumerate(spans)])


def preference(
    model: Any, positive: Sequence[Continuation], negative: Sequence[Continuation], steering: Steering | None = None
) -> float:
    """The mean log-probability per token of the positive continuations minus that of the negative ones, in nats."""
    values = continuation_log_probabilities(model, [*positive, *negative], steering)
    return float(values[: len(positive)].mean() - values[len(positive) :].mean())


def _steered(
    model: Any, texts: Sequence[Continuation], longest: int, steering: Steering | None
) -> AbstractContextManager[object]:
    import mlx.core as mx

    if steering is None:
        return nullcontext()
    if steering.positions == "all":
        return steering.hooks(model)
    starts = mx.array([len(prompt) - 1 for prompt, _ in texts])
    return steering.hooks(model, where=mx.arange(longest)[None] >= starts[:, None])
