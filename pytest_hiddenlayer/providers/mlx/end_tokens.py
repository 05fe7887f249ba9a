"""The tokens that end a response: all that the tokenizer and the two configurations of a model name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from ...io.json_text import decode_json


def end_token_ids(folder: Path | None, config: Any, tokenizer_ids: Iterable[int]) -> frozenset[int]:
    """Return the union of the end tokens of the tokenizer, config.json and generation_config.json.

    A model may name another end token in each: one ends a text, another a turn. `config` is the
    configuration as mlx-lm loaded it, in which generation_config.json replaces config.json;
    `folder` is where the files are, None if that is unknown.
    """
    files = () if folder is None else (folder / "config.json", folder / "generation_config.json")
    configs = [config, *map(_read, files)]
    nested = [values.get("text_config") for values in configs if isinstance(values, dict)]
    named = [token for values in (*configs, *nested) for token in _ids(values)]
    return frozenset((*tokenizer_ids, *named))


def _read(path: Path) -> Any:
    try:
        return decode_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def _ids(config: Any) -> Iterator[int]:
    value = config.get("eos_token_id") if isinstance(config, dict) else None
    for token in value if isinstance(value, list) else [value]:
        if isinstance(token, int) and not isinstance(token, bool) and token >= 0:
            yield token
