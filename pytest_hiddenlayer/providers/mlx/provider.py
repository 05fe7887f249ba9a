"""Real inference on this machine through mlx and mlx-lm: Metal on Apple silicon, the CPU on Linux."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from ...errors import ProviderError, UsageError
from ...local_models import LocalModels, ModelSource
from ...models import BUNDLED
from ...models.known import KNOWN
from ...protocols import ProviderCapabilities
from ...types import Completion, Request, Usage
from .adapters import check_adapter
from .model_files import find_files, resolve, split_name

if TYPE_CHECKING:
    from .decoder import BatchThread
    from .loading import LoadedModel

T = TypeVar("T")
MAX_TOKENS = 256  # default of new tokens
NO_TEMPLATE = "the model has no chat template, so messages are plain text joined by line ends: is it a base model?"


class MlxProvider:
    """One MLX model: the bundled one, a folder, a GGUF file or a hub name, each with `:ADAPTER` if it was tuned.

    `local_models` are those of the run, which loads equal models once and bounds their memory. Calls cost nothing.
    """

    default_model = BUNDLED
    local = True

    def __init__(self, model: str | None = None, local_models: LocalModels | None = None) -> None:
        from .decoder import BatchThread
        from .weight_sizes import device_bytes, loaded_bytes

        self.model = model or BUNDLED
        files = find_files(self.model)
        self._local = (local_models or LocalModels()).open(
            ModelSource(
                key=files.key,
                name=self.model,
                weight_bytes=loaded_bytes(files.folder, files.adapter),
                device_bytes=device_bytes(),
                load=partial(BatchThread, files.base, files.adapter),
            )
        )
        self.capabilities = ProviderCapabilities(
            fingerprint=files.fingerprint,
            concurrency=(64, 64),  # requests that wait for a slot in the batch cost nothing
            timeout_s=None,  # a local model has no deadline; a dead thread is detected
            deterministic=True,
        )

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for a path that does not exist or holds no model or adapter; loads nothing."""
        base_name, adapter = split_name(model or BUNDLED)
        base = resolve(base_name)
        if adapter is not None:
            # a GGUF file is compared with its adapter once it is converted
            folder = base if isinstance(base, Path) and base.is_dir() else None
            check_adapter(Path(adapter).expanduser(), base_name, folder)

    @classmethod
    def with_adapter(cls, model: str | None, adapter: str) -> str:
        """Return the name of a model with an adapter. Raises UsageError if it names one already."""
        base, named = split_name(model or BUNDLED)
        if named is not None:
            raise UsageError(f"--hl-adapter {adapter}: mlx:{model} names the adapter {named} already; leave one out")
        return f"{base}:{adapter}"

    @classmethod
    def prompt_set(cls, model: str | None) -> str:
        """Return the bundled model's own set of prompts, for it and its adapters; the general one for others."""
        base, _ = split_name(model or BUNDLED)
        return BUNDLED if base == BUNDLED else ""

    @classmethod
    def loads_files(cls, model: str | None) -> bool:
        """Return whether the model's files may be untrusted: not those of the bundled model and of known ones."""
        return model not in (None, BUNDLED, *KNOWN)

    async def complete(self, request: Request) -> Completion:
        """Return one completion, decoded in the shared batch. Raises ProviderError if the prompt does not fit."""
        start_s = time.perf_counter()
        async with self._local.in_use() as batch:
            params = request.params
            ids = self._prompt_ids(batch, request)
            result = await batch.generate(
                ids,
                max_tokens=self._max_tokens(batch, len(ids), params.max_tokens or MAX_TOKENS),
                temperature=params.temperature or 0.0,
                top_p=1.0 if params.top_p is None else params.top_p,
                stop=params.stop or (),
                seed=request.seed,
                top_logprobs=request.top_logprobs,
                token_texts=request.token_logprobs,
                token_entropies=request.token_entropies,
            )
            has_template = batch.tokenizer.has_chat_template
        return Completion(
            text=result.text,
            finish_reason=result.finish_reason,
            usage=Usage(
                input_tokens=len(ids),
                output_tokens=len(result.token_ids),
                cached_input_tokens=result.shared_tokens,
                cache_write_tokens=0,
                reasoning_tokens=0,
                calls=1,
            ),
            latency_s=time.perf_counter() - start_s,
            model=self.model,
            logprobs=result.logprobs,
            top_logprobs=result.top_logprobs,
            token_texts=result.token_texts,
            entropies=result.entropies,
            cost_usd=0.0,
            warnings=() if has_template else (NO_TEMPLATE,),
        )

    async def run(self, function: Callable[[LoadedModel], T]) -> T:
        """Return what `function` returns for the loaded model, called between two steps of the batch.

        Texts and log-probabilities of running requests are not changed. Arrays must be evaluated before it
        returns. Raises what it raises, and ProviderError after `close`.
        """
        async with self._local.in_use() as batch:
            return await batch.run(function)

    async def close(self) -> None:
        """Close the model; its decoder thread ends if no other provider of the run uses it."""
        self._local.close()

    @property
    def _batch(self) -> BatchThread | None:
        return self._local.held

    def _prompt_ids(self, batch: BatchThread, request: Request) -> list[int]:
        try:
            return batch.tokenizer.prompt_ids(request.messages)
        except Exception as error:  # a chat template may raise any exception: many reject a system message
            raise ProviderError(f"the chat template of {self.model} rejects these messages: {error}") from error

    def _max_tokens(self, batch: BatchThread, n_prompt: int, requested: int) -> int:
        context = batch.context
        if context is None or n_prompt + requested <= context:
            return requested
        if n_prompt >= context:
            raise ProviderError(
                f"the prompt has {n_prompt} tokens, but the context of {self.model} is {context}: shorten the prompt"
            )
        return context - n_prompt
