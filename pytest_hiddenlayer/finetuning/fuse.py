"""An adapter merged into its base model, as a model folder, kept only if it answers like base plus adapter."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..io.atomic import write_json
from ..io.json_text import decode_json
from ..providers.mlx.adapters import MANIFEST
from ..providers.mlx.loading import LoadedModel, load
from ..providers.mlx.model_files import model_folder
from ..types import Message
from .adapters import is_quantized, load_with_adapter, read_manifest
from .weights import named_arrays

DTYPES = ("float32", "bfloat16", "float16")
TOLERANCE = 1e-3
"""The largest difference between a logit of the fused model and one of base plus adapter, in single precision."""
PROMPTS = ("What is 2+2?", "Write one sentence about the sea.", "Which is larger, 17 or 71?", "Hello!")
_COPIED = ("*.json", "*.jinja", "*.txt", "tokenizer.model", "*.tiktoken")


@dataclass(frozen=True, kw_only=True, slots=True)
class FusedModel:
    """A fused model, and how far its logits are from those of base plus adapter."""

    folder: Path
    difference: float  # the largest absolute difference of a logit over the prompts
    tolerance: float
    dequantized: bool  # the base was quantized, the fused model is not


def fuse_adapter(
    adapter: str | Path,
    output: str | Path,
    *,
    model: str | None = None,
    prompts: Sequence[str] = PROMPTS,
    tolerance: float = TOLERANCE,
    dtype: str = "float32",
) -> FusedModel:
    """Write base plus adapter as one model folder that needs no adapter, and return it with its measured error.

    `model` is the base; by default, the one that the adapter names. The written folder is loaded again, and
    its logits after every token of every prompt are compared with those of base plus adapter. If one differs
    by more than `tolerance`, the folder is removed and UsageError is raised. A quantized base becomes
    unquantized: rounding its weights again would change, or lose, what the adapter learned. Weights are
    written in `dtype`; half precision needs a larger tolerance.
    """
    adapter, output = Path(adapter), Path(output)
    _check(output, dtype, prompts)
    manifest = read_manifest(adapter)
    base = model_folder(_base_name(adapter, manifest, model))
    tuned = load_with_adapter(base, adapter)
    quantized = is_quantized(tuned.model)
    expected = [_logits(tuned, prompt) for prompt in prompts]
    _merge(tuned.model)
    partial = output.with_name(f".{output.name}.{secrets.token_hex(4)}.part")
    try:
        _write(partial, base, tuned.model, dtype)
        write_json(partial / MANIFEST, {**manifest, "fused": {"adapter": adapter.name, "dtype": dtype}})
        fused = load(partial)
        difference = max(_difference(_logits(fused, p), e) for p, e in zip(prompts, expected, strict=True))
        if not difference <= tolerance:
            raise UsageError(
                f"fused model {output}: not kept, because a logit differs by {difference:.2g} from base + adapter; "
                f"{tolerance:g} is allowed: use the adapter, write single precision, or allow more"
            )
        os.rename(partial, output)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return FusedModel(folder=output, difference=difference, tolerance=tolerance, dequantized=quantized)


def _check(output: Path, dtype: str, prompts: Sequence[str]) -> None:
    if output.exists():
        raise UsageError(f"fused model {output}: it exists; remove it, or choose another folder")
    if dtype not in DTYPES:
        raise UsageError(f"dtype is {dtype!r}; choose one of {', '.join(DTYPES)}")
    if not prompts:
        raise UsageError("fusing needs at least one prompt, to compare the fused model with base plus adapter")
    output.parent.mkdir(parents=True, exist_ok=True)


def _base_name(adapter: Path, manifest: dict[str, Any], model: str | None) -> str | None:
    """The name of the base as the provider knows it; None for the bundled model."""
    name = model or manifest.get("base", {}).get("model")
    if name is None:
        raise UsageError(f"adapter {adapter}: it has no {MANIFEST} that names its base model; name the model")
    return None if name == "mlx" else str(name).removeprefix("mlx:")


def _merge(model: Any) -> None:
    """Replace every layer with an adapter by one layer, and every quantized layer by an unquantized one."""
    import mlx.core as mx
    from mlx.utils import tree_unflatten
    from mlx_lm.utils import dequantize_model

    fused = [
        (name, module.fuse(dequantize=True)) for name, module in model.named_modules() if hasattr(module, "fuse")
    ]
    if fused:
        model.update_modules(tree_unflatten(fused))
    if is_quantized(model):
        dequantize_model(model)
    mx.eval(model.parameters())


def _write(folder: Path, base: Path, model: Any, dtype: str) -> None:
    """Write weights, configuration and tokenizer. A tied output layer is not written twice."""
    import mlx.core as mx

    folder.mkdir(mode=0o755)
    kind = getattr(mx, dtype)
    weights = {
        n: a.astype(kind) if mx.issubdtype(a.dtype, mx.floating) else a
        for n, a in named_arrays(model.parameters()).items()
    }
    for path in (path for pattern in _COPIED for path in base.glob(pattern)):
        if path.name != "model.safetensors.index.json":
            shutil.copyfile(path, folder / path.name)
    config = decode_json((base / "config.json").read_text(encoding="utf-8"))
    for key in ("quantization", "quantization_config"):
        config.pop(key, None)
    write_json(folder / "config.json", {**config, "torch_dtype": dtype})
    mx.save_safetensors(str(folder / "model.safetensors"), weights, metadata={"format": "mlx"})


def _logits(loaded: LoadedModel, prompt: str) -> Any:
    """The logits after each token of a chat with this message, in single precision, [position, token]."""
    import mlx.core as mx

    ids = loaded.tokenizer.prompt_ids([Message(role="user", content=prompt)])
    logits = loaded.model(mx.array([ids]))[0].astype(mx.float32)
    mx.eval(logits)
    return logits


def _difference(one: Any, other: Any) -> float:
    import mlx.core as mx

    return float(mx.abs(one - other).max())
