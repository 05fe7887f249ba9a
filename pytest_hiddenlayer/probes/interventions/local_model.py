"""A model of this machine, opened to look inside: its tokens, its arrays, and what it would say early."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UsageError
from ...models import BUNDLED
from ...types import Message
from ..hooks import ModelHooks
from ..structure import logits_of, structure_of
from .generation import generate_steered
from .steering import Steering


class LocalModel:
    """A loaded mlx model and its tokenizer.

    `model` is what the functions of patching, ablation and steering take, `fingerprint` that of its files.
    """

    def __init__(self, name: str | None = None) -> None:
        from ...providers.mlx.loading import load, local_folder
        from ...providers.mlx.provider import _fingerprint, _loadable, _resolve

        self.name = name or BUNDLED
        path = _loadable(_resolve(self.name))
        loaded = load(path)
        self.model: Any = loaded.model
        self.tokenizer = loaded.tokenizer
        self.end_ids = loaded.end_ids
        self.fingerprint: str | None = _fingerprint(local_folder(str(path)))

    @property
    def n_layers(self) -> int:
        """The number of layers."""
        return len(structure_of(self.model).blocks)

    def prompt_ids(self, text: str) -> list[int]:
        """The token ids of a user's message in the chat template, up to where the answer starts."""
        return list(self.tokenizer.prompt_ids([Message(role="user", content=text)]))

    def text_ids(self, text: str) -> list[int]:
        """The token ids of plain text, without a template."""
        return list(self.tokenizer.encode(text))

    def token_texts(self, ids: Sequence[int]) -> list[str]:
        """The text of each token by itself; "" for special tokens."""
        return [self.tokenizer.decode([token]) for token in ids]

    def activations(self, prompts: Sequence[Sequence[int]], *, site: str = "residual_post") -> dict[int, Any]:
        """Layer → array [prompts, tokens, width] in single precision, of prompts with equally many tokens."""
        import mlx.core as mx

        with ModelHooks(self.model, read=[site]) as hooks:
            mx.eval(logits_of(self.model(_rows(prompts))), *hooks.values.values())
        return {layer: np.array(array.astype(mx.float32)) for (_, layer), array in hooks.values.items()}

    def early_tokens(self, prompts: Sequence[Sequence[int]]) -> Any:
        """The most probable next token ids [layers, prompts, tokens] if the model ended after each layer.

        The residual stream of the layer is given to the model's own end (final norm and head), in place of that of
        the last layer: the logit lens of nostalgebraist 2020. The last layer's are the model's own.
        """
        import mlx.core as mx

        ids, last = _rows(prompts), self.n_layers - 1
        with ModelHooks(self.model, read=["residual_post"]) as hooks:
            mx.eval(logits_of(self.model(ids)))
        found = []
        for layer in range(self.n_layers):
            early = hooks.values["residual_post", layer]
            end = {"residual_post": lambda layer, site, array, early=early: early}
            with ModelHooks(self.model, replace=end, layers=[last]):
                found.append(np.array(mx.argmax(logits_of(self.model(ids)), axis=-1)))
        return np.stack(found)

    def generate(self, text: str, steering: Steering | None = None, *, max_tokens: int = 64) -> str:
        """The greedy answer to a user's message, steered if asked; other ways: `generate_steered`."""
        ids = self.prompt_ids(text)
        generated = generate_steered(self.model, ids, steering, max_tokens=max_tokens, end_ids=self.end_ids)
        return self.tokenizer.decode(generated)


def load_local_model(name: str | None = None) -> LocalModel:
    """The bundled model, a known one such as `smollm2`, or that of a folder, opened to look inside.

    Raises UsageError if there is none of this name, with what to do.
    """
    return LocalModel(name)


def _rows(prompts: Sequence[Sequence[int]]) -> Any:
    import mlx.core as mx

    lengths = sorted({len(prompt) for prompt in prompts})
    if len(lengths) != 1 or not lengths[0]:
        raise UsageError(
            f"arrays of several prompts need equally many tokens in each; found {lengths or 'no prompt'}: "
            "word them alike, or ask for one prompt at a time"
        )
    return mx.array([list(prompt) for prompt in prompts])
