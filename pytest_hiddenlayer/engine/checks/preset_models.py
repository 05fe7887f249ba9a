"""The model that answers, if only the preset of a strategy names it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import UsageError
from ...model_names import parse_model
from ...strategies.bind import bind_strategy
from ...types import ModelName, Spec
from .task_models import loads_files

if TYPE_CHECKING:
    from ...presets import Preset

PRESETS = "presets"
"""Folder of a project's own presets, in its root."""


def preset_models(specs: Sequence[Spec], folder: Path, *, named: bool, trusted: bool) -> tuple[ModelName, ...]:
    """Return the one model that the presets of the strategies name; empty if none does, or if `named`.

    `folder` has the project's own presets; `named`: the user says who answers; `trusted`: the project is the
    user's own. Raises UsageError for a preset that does not exist, for two that name different models, and
    for a model whose files a project of someone else would have loaded.
    """
    if not any(spec.name.startswith("preset:") for spec in specs):
        return ()
    from ...presets import find_preset, preset_name  # with yaml and pydantic

    presets = [find_preset(name, folder) for spec in specs if (name := preset_name(spec.name)) is not None]
    if not trusted:
        _refuse_loaded([preset for preset in presets if not preset.built_in], folder)
    models = {preset.named_model: preset.name for preset in presets if preset.named_model}
    if named or not models:
        return ()
    if len(models) > 1 or len(presets) < len(specs):
        names = ", ".join(f"{name} names {model}" for model, name in models.items())
        raise UsageError(
            f"--hl-strategy: {names}, and other strategies of the run name another model or none; say which model "
            "answers all of them with --hl-provider, or run them one after another"
        )
    return tuple(parse_model(model, "preset") for model in models)


def _refuse_loaded(presets: Sequence[Preset], folder: Path) -> None:
    """Raise UsageError for a folder or hub name in one of the presets."""
    from ...presets import with_preset

    for preset in presets:
        bound = bind_strategy(with_preset(Spec(name=f"preset:{preset.name}"), folder))
        for text in (*filter(None, [preset.named_model]), *bound.models):
            if loads_files(parse_model(text, "preset")):
                raise UsageError(
                    f"{preset.path} names the model {text}: it is a folder or a hub name, whose files may come from "
                    "anyone, and the command does not run in this project. Nothing was opened. If you trust it, "
                    "pass --hl-allow-task-models, or name the model on the command line"
                )
