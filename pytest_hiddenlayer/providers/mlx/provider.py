"""Real inference on this machine through mlx and mlx-lm: Metal on Apple silicon, the CPU on Linux."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from ...errors import ProviderError, UsageError, did_you_mean
from ...models import BUNDLED, bundled_path
from ...protocols import ProviderCapabilities
from ...types import Completion, Request, Usage

MAX_TOKENS = 256  # new tokens, where nobody says otherwise


class MlxProvider:
    """One MLX model: the bundled one, a folder, or a hub name; loaded once, free of charge."""

    default_model = BUNDLED

    def __init__(self, model: str | None = None) -> None:
        from .decoder import BatchThread

        self.model = model or BUNDLED
        where = _where(self.model)
        self.capabilities = ProviderCapabilities(
            fingerprint=_fingerprint(where),
            concurrency=(64, 64),  # requests that wait for a row of the batch cost nothing
            timeout_s=None,  # a local model has no deadline; a dead thread is detected
            deterministic=True,
        )
        self._batch = BatchThread(where)

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for a path that is not there; nothing is loaded."""
        _where(model or BUNDLED)

    @classmethod
    def loads_files(cls, model: str | None) -> bool:
        """Whether the name is a folder or a hub name, whose files may be anybody's; not for the bundled model."""
        return model not in (None, BUNDLED)

    async def complete(self, request: Request) -> Completion:
        """One completion, decoded in the running batch. Raises ProviderError where the prompt does not fit."""
        began = time.perf_counter()
        params = request.params
        ids = self._prompt_ids(request)
        done = await self._batch.generate(
            ids,
            max_tokens=self._room(len(ids), params.max_tokens or MAX_TOKENS),
            temperature=params.temperature or 0.0,
            top_p=1.0 if params.top_p is None else params.top_p,
            stop=params.stop or (),
            seed=request.seed,
            top_logprobs=request.top_logprobs,
        )
        return Completion(
            text=done.text,
            finish_reason=done.finish_reason,
            usage=Usage(
                input_tokens=len(ids),
                output_tokens=len(done.token_ids),
                cached_input_tokens=done.shared_tokens,
                cache_write_tokens=0,
                reasoning_tokens=0,
                calls=1,
            ),
            latency_s=time.perf_counter() - began,
            model=self.model,
            logprobs=done.logprobs,
            top_logprobs=done.top_logprobs,
            cost_usd=0.0,
        )

    async def close(self) -> None:
        """End the decoding thread."""
        self._batch.close()

    def _prompt_ids(self, request: Request) -> list[int]:
        try:
            return self._batch.tokenizer.prompt_ids(request.messages)
        except Exception as error:  # a chat template may raise anything: many refuse a system message
            raise ProviderError(f"the chat template of {self.model} refuses these messages: {error}") from error

    def _room(self, n_prompt: int, wanted: int) -> int:
        context = self._batch.context
        if context is None or n_prompt + wanted <= context:
            return wanted
        if n_prompt >= context:
            raise ProviderError(f"the prompt has {n_prompt} tokens, {self.model} reads {context}: shorten the prompt")
        return context - n_prompt


def _fingerprint(where: Path | str) -> str:
    """Differs when a folder's files are replaced; empty for a hub name."""
    if isinstance(where, str):
        return ""
    files = sorted(path for path in where.iterdir() if path.suffix in (".safetensors", ".json", ".npz"))
    told = [[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in files]
    return hashlib.sha256(repr(told).encode()).hexdigest()[:16]


def _where(model: str) -> Path | str:
    """A folder that exists, or a hub name. Raises UsageError for a path that is not there."""
    if model == BUNDLED:
        return bundled_path()
    folder = Path(model).expanduser()
    if folder.is_dir():
        return folder
    looks_like_path = model.startswith((".", "/", "~")) or model.count("/") != 1
    if looks_like_path:
        near = [str(p) for p in folder.parent.iterdir() if p.is_dir()] if folder.parent.is_dir() else []
        raise UsageError(
            f"--model {model}: no such folder{did_you_mean(str(folder), near) or '.'} "
            "Give a folder that mlx_lm.load accepts, or a hub name such as owner/name"
        )
    return model
