"""Adapters of fine-tuned models: low-rank weights (LoRA, DoRA) that are added to a base model.

A folder in mlx-lm's format: `adapters.safetensors` and `adapter_config.json`. `finetuning.json`, which
`hiddenlayer finetune` adds, names the base by the fingerprint of its files.
"""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import UsageError, did_you_mean
from ...io.json_text import decode_json
from ...io.regular_files import read_text
from .weights_fingerprint import weights_fingerprint

WEIGHTS = "adapters.safetensors"
CONFIG = "adapter_config.json"
MANIFEST = "finetuning.json"
MANIFEST_SCHEMA = 1
"""Version of the fields of finetuning.json."""
_LEAVES = ("lora_a", "lora_b", "m")  # names of the weights that mlx-lm's layers of adapters have
_MAX_NAMED = 3


def check_adapter(adapter: Path, base_name: str, base: Path | None) -> None:
    """Raise UsageError if a folder is not an adapter, or an adapter of another base; loads nothing.

    `base` is the folder of the base model; None if it was not downloaded.
    """
    if not adapter.is_dir():
        raise UsageError(f"adapter {adapter}: no such folder{_similar(adapter)} Give the folder of an adapter")
    config = _read(adapter / CONFIG)
    if (adapter / "adapter_model.safetensors").is_file() or "peft_type" in config:
        raise UsageError(
            f"adapter {adapter}: it is in the format of PEFT, which mlx-lm does not load: merge it with its "
            "base (PEFT's `merge_and_unload`, then `save_pretrained`) and give the merged folder with --model"
        )
    if lacking := [name for name in (CONFIG, WEIGHTS) if not (adapter / name).is_file()]:
        raise UsageError(
            f"adapter {adapter}: the folder has no {' and no '.join(lacking)}: it is not an adapter in mlx-lm's "
            "format. Give the folder that `mlx_lm.lora` or `hiddenlayer finetune` wrote"
        )
    if base is not None:
        _refuse_other_base(adapter, base_name, base)


def adapter_fingerprint(adapter: Path) -> str:
    """Return a hash of an adapter's weights and configuration."""
    digest = hashlib.sha256()
    for name in (CONFIG, WEIGHTS):
        with (adapter / name).open("rb") as file:
            digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()[:16]


def add_adapter(model: Any, adapter: Path) -> None:
    """Add the layers and weights of an adapter to a loaded model.

    Raises UsageError if a weight has no place in the model, has another shape, or is missing: mlx-lm
    alone would leave a missing one at its start, so that nothing is added.
    """
    tree_flatten = importlib.import_module("mlx.utils").tree_flatten
    load_adapters = importlib.import_module("mlx_lm.tuner.utils").load_adapters
    try:
        load_adapters(model, str(adapter))
    except (ValueError, KeyError, AttributeError, TypeError, OSError, RuntimeError) as error:
        raise UsageError(
            f"adapter {adapter}: it does not fit the model ({_shortened(error)}); use it with the model that it was "
            "trained on"
        ) from error
    names = {name for name, _ in tree_flatten(model.parameters()) if name.rpartition(".")[2] in _LEAVES}
    present = importlib.import_module("mlx.core").load(str(adapter / WEIGHTS)).keys()
    if names and (missing := sorted(names - present)):
        raise UsageError(
            f"adapter {adapter}: {len(missing)} weights are missing from {WEIGHTS}, such as {missing[0]}; copy the "
            "whole file, or train again"
        )
    model.eval()


def _refuse_other_base(adapter: Path, base_name: str, base: Path) -> None:
    """Raise UsageError if finetuning.json names another base."""
    manifest = _read(adapter / MANIFEST)
    check_manifest_schema(adapter / MANIFEST, manifest)
    trained_on = manifest.get("base")
    expected = trained_on.get("fingerprint") if isinstance(trained_on, dict) else None
    if not isinstance(trained_on, dict) or not isinstance(expected, str):
        return
    if (found := weights_fingerprint(base)) != expected:
        raise UsageError(
            f"adapter {adapter}: it was trained on {trained_on.get('model')} (fingerprint {expected}), but this is "
            f"{base_name} (fingerprint {found}); use it with the model that it was trained on"
        )


def check_manifest_schema(path: Path, manifest: Mapping[str, Any]) -> None:
    """Raise UsageError if a later version wrote a finetuning.json. One without `schema` is of another tool."""
    if (schema := manifest.get("schema", MANIFEST_SCHEMA)) != MANIFEST_SCHEMA:
        raise UsageError(
            f"{path}: it has schema {schema!r:.60}, and this version reads schema {MANIFEST_SCHEMA}; install a later "
            "pytest-hiddenlayer"
        )


def _read(path: Path) -> dict[str, Any]:
    """Return a JSON object; empty if there is no file. Raises UsageError if it is something else."""
    try:
        values = decode_json(read_text(path))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read ({error}); copy the folder of the adapter again") from error
    if not isinstance(values, dict):
        raise UsageError(f"{path}: expected an object, found {type(values).__name__}; copy the folder again")
    return values


def _similar(adapter: Path) -> str:
    parent = adapter.parent
    siblings = [str(path) for path in parent.iterdir() if path.is_dir()] if parent.is_dir() else []
    return did_you_mean(str(adapter), siblings) or "."


def _shortened(error: Exception) -> str:
    """mlx-lm's message lists every weight, one a line: the first of them."""
    first, *others = str(error).strip().splitlines() or [type(error).__name__]
    named = "; ".join(line.strip() for line in others[:_MAX_NAMED])
    more = f"; and {len(others) - _MAX_NAMED} more" if len(others) > _MAX_NAMED else ""
    return f"{type(error).__name__}: {first}{' ' if named else ''}{named}{more}"
