"""Loading an MLX model and its tokenizer, as quickly as the model allows.

`import mlx_lm` imports transformers, which takes about two seconds of CPU. A model folder whose
tokenizer is a plain `tokenizer.json` with a chat template does not need it: for such a folder only
mlx-lm's model classes and caches are imported, and the `tokenizers` library reads the
tokenizer. All other models are loaded by `mlx_lm.load`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import ProviderError, ProviderUnavailableError, UsageError
from ...io.json_text import decode_json
from .adapters import add_adapter
from .blas import fast_blas
from .end_tokens import end_token_ids
from .imports import ignore_progress_widgets, keep_open_file_limit, without_transformers
from .tokenizers import PlainTokenizer, Tokenizer, TransformersTokenizer, is_plain

INSTALL = (
    "install it with `pip install mlx-lm` on Apple silicon or `pip install 'mlx[cpu]' mlx-lm` on Linux; "
    "no other platform can run mlx"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadedModel:
    """A loaded model, its tokenizer and mlx-lm's caches."""

    model: Any  # an mlx_lm model
    tokenizer: Tokenizer
    end_ids: frozenset[int]  # tokens that end a response
    context: int | None  # length in tokens; None if the configuration does not say
    token_bytes: int | None  # of the key-value cache per token; None if the configuration does not say
    caches: Any  # the module mlx_lm.models.cache


def load(path: Path | str, adapter: Path | None = None) -> LoadedModel:
    """Load the model of a local folder or a hub name, with an adapter if one is given.

    Raises ProviderUnavailableError if mlx cannot be imported, and UsageError if the model cannot be
    loaded or needs to run Python code from its folder.
    """
    if _has_model_code(Path(path)):
        raise _code_error(path, "its config.json has a `model_file`")
    fast_blas()
    try:
        with keep_open_file_limit():
            return _load_plain(Path(path), adapter) if is_plain(Path(path)) else _load_any(str(path), adapter)
    except ImportError as error:
        raise ProviderUnavailableError(f"provider mlx does not work here ({error}): {INSTALL}") from error
    except (ProviderError, UsageError):
        raise
    except Exception as error:  # loaders and hub clients raise exceptions of any type
        if "trust_remote_code" in str(error):
            raise _code_error(path, "it cannot be loaded without trust_remote_code") from error
        raise UsageError(f"mlx model {path}: mlx_lm cannot load it: {type(error).__name__}: {error}") from error


def _has_model_code(folder: Path) -> bool:
    """Return whether the folder's config.json names a Python file, which mlx_lm runs if it trusts the model."""
    try:
        config = decode_json((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False  # a hub name, or an invalid folder
    return isinstance(config, dict) and config.get("model_file") is not None


def _code_error(path: Path | str, reason: str) -> UsageError:
    return UsageError(
        f"mlx model {path}: this model needs to run Python code of its own ({reason}), which is never allowed; "
        "choose a model whose architecture mlx_lm supports"
    )


def _load_any(name: str, adapter: Path | None) -> LoadedModel:
    ignore_progress_widgets()
    import mlx.core as mx
    from mlx_lm import load as mlx_load
    from mlx_lm.models import cache

    loaded: Any = mlx_load(
        name, return_config=True, trust_remote_code=False, tokenizer_config={"trust_remote_code": False}
    )
    model, tokenizer, config = loaded
    if adapter is not None:
        add_adapter(model, adapter)
    _to_float32(mx, model, config)
    return LoadedModel(
        model=model,
        tokenizer=TransformersTokenizer(tokenizer),
        end_ids=end_token_ids(local_folder(name), config, tokenizer.eos_token_ids),
        context=config.get("max_position_embeddings"),
        token_bytes=cache_bytes_per_token(config, 4 if _computes_in_float32(mx, config) else 2),
        caches=cache,
    )


def _load_plain(folder: Path, adapter: Path | None) -> LoadedModel:
    ignore_progress_widgets()
    with without_transformers():
        import mlx.core as mx

        caches = importlib.import_module("mlx_lm.models.cache")
        load_model = importlib.import_module("mlx_lm.utils").load_model
        model, config = load_model(folder, trust_remote_code=False)
        if adapter is not None:
            add_adapter(model, adapter)
    _to_float32(mx, model, config)
    tokenizer = PlainTokenizer(folder)
    return LoadedModel(
        model=model,
        tokenizer=tokenizer,
        end_ids=end_token_ids(folder, config, tokenizer.end_ids),
        context=config.get("max_position_embeddings"),
        token_bytes=cache_bytes_per_token(config, 4 if _computes_in_float32(mx, config) else 2),
        caches=caches,
    )


def _to_float32(mx: Any, model: Any, config: Mapping[str, Any]) -> None:
    """Convert unquantized weights to single precision on the CPU, which emulates half precision slowly."""
    if _computes_in_float32(mx, config):
        model.set_dtype(mx.float32)
        mx.eval(model.parameters())


def _computes_in_float32(mx: Any, config: Mapping[str, Any]) -> bool:
    return bool(mx.default_device() == mx.cpu and "quantization" not in config)


def cache_bytes_per_token(config: Mapping[str, Any], number_bytes: int) -> int | None:
    """Return the bytes of keys and values that one token adds in all layers; None if the configuration is another."""
    config = config.get("text_config") or config
    try:
        heads = config.get("num_key_value_heads") or config["num_attention_heads"]
        size = config.get("head_dim") or config["hidden_size"] // config["num_attention_heads"]
        return int(2 * config["num_hidden_layers"] * heads * size * number_bytes)
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def local_folder(name: str) -> Path | None:
    """Return the folder with the files of a model; None for a hub name that was not downloaded."""
    if Path(name).is_dir():
        return Path(name)
    try:
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(name, local_files_only=True))
    except Exception:  # hub clients raise exceptions of any type for a name that is not in their cache
        return None
