"""Renders the prompt files of strategies, worded for the model that is called."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ...errors import UsageError
from ...model_names import parse_model
from ...protocols import traits_of
from ...registry import providers, strategies
from ...strategies.prompt_files import PromptFile, find_prompt
from ...taskfile.prompt import render_template
from ...types import ModelName
from ..cases import Cell


def render_prompt_file(
    cell: Cell, prompt: str, values: Mapping[str, Any], *, model: str, judge: bool | str, folder: Path | None
) -> tuple[str, PromptFile]:
    """Return the prompt with its variables filled in, and its file. Raises UsageError if there is none."""
    folders = prompt_folders(cell.strategy.name, folder)
    found = find_prompt(prompt, prompt_set(_called_model(cell, model, judge)), folders)
    try:
        return render_template(found.text, values), found
    except ValueError as error:
        raise UsageError(f"{found.path}: the prompt {prompt!r} does not render: {error}") from error


def prompt_folders(strategy: str, folder: Path | None) -> list[Path]:
    """Return the folders of prompts that come before the built-in ones: the user's, then the strategy's own."""
    return [path for path in (folder, strategies.prompts.get(strategy)) if path is not None]


@lru_cache(maxsize=256)
def prompt_set(model: ModelName) -> str:
    """Return the set of prompts that a model was trained on; empty for the general set."""
    return traits_of(providers.get(model.provider)).prompt_set(model.model)


def _called_model(cell: Cell, model: str, judge: bool | str) -> ModelName:
    if model:
        return parse_model(model, f"strategy {cell.strategy.name}")
    if isinstance(judge, str):
        return parse_model(judge, "judge")
    return (cell.judge or cell.model) if judge else cell.model
