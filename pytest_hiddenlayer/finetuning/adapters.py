"""The layers that are trained, and the adapter folder, in the format that mlx-lm's own loader accepts.

adapters.safetensors   the trained weights
adapter_config.json    what mlx-lm needs to load them
finetuning.json        base model, data, settings, contamination and losses
training.jsonl         the loss curve
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..io.atomic import write_json
from ..io.json_text import decode_json
from ..io.regular_files import read_text
from ..providers.mlx.adapters import (
    CONFIG,
    MANIFEST,
    MANIFEST_SCHEMA,
    WEIGHTS,
    check_adapter,
    check_manifest_schema,
)
from ..providers.mlx.loading import LoadedModel, load
from .settings import FinetuneSettings
from .weights import named_arrays


def prepare_layers(model: Any, settings: FinetuneSettings) -> dict[str, Any]:
    """Make the layers of a loaded model trainable, and return the content of adapter_config.json without its model.

    Raises UsageError if the method cannot train this model.
    """
    import mlx.core as mx

    n_layers = min(settings.num_layers or len(model.layers), len(model.layers))
    config = {"fine_tune_type": settings.method, "num_layers": n_layers}
    mx.random.seed(settings.seed)
    if settings.method == "full":
        _unfreeze(model, settings.num_layers and n_layers)
        return config
    parameters = {"rank": settings.rank, "scale": settings.scale, "dropout": settings.dropout, "keys": None}
    model.freeze()
    _to_adapters(model, n_layers, parameters, use_dora=settings.method == "dora")
    return {**config, "lora_parameters": parameters}


def _unfreeze(model: Any, n_layers: int | None) -> None:
    if is_quantized(model):
        raise UsageError(
            "method full cannot train a quantized model, whose weights are whole numbers: choose lora or dora, "
            "or give the model before it was quantized"
        )
    model.freeze()
    for part in [model] if n_layers is None else model.layers[-n_layers:]:
        part.unfreeze()


def _to_adapters(model: Any, n_layers: int, parameters: dict[str, Any], *, use_dora: bool) -> None:
    from mlx_lm.tuner.utils import linear_to_lora_layers

    try:
        linear_to_lora_layers(model, n_layers, parameters, use_dora=use_dora)
    except ValueError as error:  # layers of experts have no DoRA
        raise UsageError(f"mlx-lm cannot add these layers to the model ({error}): choose method lora") from error


def is_quantized(model: Any) -> bool:
    """Return whether any layer of the model has quantized weights."""
    return any("scales" in module and "biases" in module for module in model.modules())


def trained_weights(model: Any) -> dict[str, Any]:
    """Return the weights that training changes, by name."""
    return named_arrays(model.trainable_parameters())


def write_manifest(folder: Path, config: Mapping[str, Any], manifest: Mapping[str, Any]) -> None:
    """Write adapter_config.json and finetuning.json."""
    write_json(folder / CONFIG, dict(config))
    write_json(folder / MANIFEST, {"schema": MANIFEST_SCHEMA, **manifest})


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return finetuning.json; {} if the adapter has none. Raises UsageError if the folder is not an adapter."""
    if lacking := [name for name in (CONFIG, WEIGHTS) if not (folder / name).is_file()]:
        raise UsageError(
            f"adapter {folder}: the folder has no {' and no '.join(lacking)}; "
            "give a folder that fine-tuning wrote, or an adapter in mlx-lm's format"
        )
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        manifest = decode_json(read_text(path))
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); restore the file, or train again") from error
    if not isinstance(manifest, dict):
        return {}
    check_manifest_schema(path, manifest)
    return manifest


def add_evaluation(folder: Path, evaluation: Mapping[str, Any]) -> None:
    """Write what the adapter changed, as evaluated, into its finetuning.json."""
    write_json(folder / MANIFEST, {**read_manifest(folder), "evaluation": dict(evaluation)})


def load_with_adapter(base: Path, folder: Path) -> LoadedModel:
    """Return the base model with the adapter's layers. Raises UsageError if it was trained on another base."""
    check_adapter(folder, base.name, base)
    return load(base, folder)
