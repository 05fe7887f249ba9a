"""The number that an intervention changes: a logit difference or a log-probability of the next token."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from ...errors import UsageError
from ..structure import logits_of


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """The logit of `token` minus that of `against`, or without `against` the log-probability of `token`, in nats."""

    token: int
    against: int | None = None
    position: int = -1  # of the token after which it comes

    def _check(self, n_tokens: int, vocabulary: int) -> None:
        for name, token in (("token", self.token), ("against", self.against)):
            if token is not None and not (isinstance(token, Integral) and 0 <= token < vocabulary):
                raise UsageError(
                    f"target {name}={token!r}: pass the id of a token, 0 to {vocabulary - 1}; "
                    "`text_ids(TEXT)` of a probe model returns ids"
                )
        if not -n_tokens <= self.position < n_tokens:
            raise UsageError(
                f"target position={self.position}: the prompt has {n_tokens} tokens; pass 0 to {n_tokens - 1}, or -1"
            )

    def of(self, logits: Any) -> Any:
        """The value for each row of logits [rows, tokens, vocabulary]: a numpy array [rows] in double precision."""
        import mlx.core as mx
        import numpy as np

        self._check(*logits.shape[1:])
        last = logits[:, self.position].astype(mx.float32)
        if self.against is None:
            values = last[:, self.token] - mx.logsumexp(last, axis=-1)
        else:
            values = last[:, self.token] - last[:, self.against]
        return np.array(values, dtype=float)


def checked_ids(ids: Sequence[int]) -> list[int]:
    """The token ids of one prompt as plain numbers. Raises UsageError if there is none, or a text."""
    if isinstance(ids, str):
        raise UsageError(
            f"an intervention needs the token ids of a prompt; got the text {ids[:40]!r}: "
            "pass `prompt_ids(TEXT)` of a probe model"
        )
    plain = [int(token) for token in ids]
    if not plain:
        raise UsageError("an intervention needs the token ids of a prompt; got none: give at least one")
    return plain


def tiled(ids: Sequence[int], rows: int) -> Any:
    """The same prompt in every row: an mlx array [rows, tokens]."""
    import mlx.core as mx

    return mx.array([list(ids)] * rows)


def run(model: Any, ids: Any) -> Any:
    """The logits [rows, tokens, vocabulary] of a forward pass without a cache, computed."""
    import mlx.core as mx

    logits = logits_of(model(ids))
    mx.eval(logits)
    return logits
