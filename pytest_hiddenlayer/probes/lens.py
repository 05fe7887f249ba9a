"""The logit lens: which tokens the model would predict if it ended after a layer.

The residual stream of a layer takes the place of the last layer's output while all layers are skipped. So the
model's own code applies its final norm, head, soft-cap and scale, whatever they are called, and the lens of the
last layer is the logits.

Source: nostalgebraist 2020, "interpreting GPT: the logit lens".
"""

from __future__ import annotations

from typing import Any

from .interception import Interceptor, intercepted
from .structure import logits_of, structure_of


class LogitLens:
    """Reads residual streams of one text through the end of the model."""

    def __init__(self, model: Any, token_ids: Any) -> None:
        """`token_ids`: mlx integers [batch, tokens], the text whose residual streams are read."""
        self._model, self._token_ids = model, token_ids
        self._structure = structure_of(model)
        self._tails = self._recorded_tails() if self._structure.returns_tuples else {}

    def logits(self, residual: Any) -> Any:
        """Return mlx logits [batch, tokens, vocabulary] for a residual stream [batch, tokens, width]."""
        with intercepted([(block.module, self._skipped(block.index, residual)) for block in self._structure.blocks]):
            return logits_of(self._model(self._token_ids))

    def _skipped(self, index: int, residual: Any) -> Interceptor:
        tail = self._tails.get(index)
        return Interceptor(instead=lambda args, kwargs: residual if tail is None else (residual, *tail))

    def _recorded_tails(self) -> dict[int, tuple[Any, ...]]:
        """What layers return besides the residual stream, such as keys and values that later layers share."""
        import mlx.core as mx

        tails: dict[int, tuple[Any, ...]] = {}

        def recorder(index: int) -> Interceptor:
            def after(result: Any) -> Any:
                if isinstance(result, tuple):
                    tails[index] = result[1:]
                return result

            return Interceptor(after=after)

        with intercepted([(block.module, recorder(block.index)) for block in self._structure.blocks]):
            mx.eval(logits_of(self._model(self._token_ids)))
        return tails
