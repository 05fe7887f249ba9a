"""Captures as `.npz` or `.safetensors` files, with the metadata inside."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from .attention.rollout import Array
from .capture import Capture

_METADATA, _TOKENS = "metadata", "token_ids"
SCHEMA = 1


def save_capture(captured: Capture, path: Path | str) -> Path:
    """Write a capture and return its path. Raises UsageError for another suffix or a path that cannot be written.

    The arrays have the names of `ARRAYS`, and `token_ids` int32 [tokens]. Texts and metadata are JSON: the array
    `metadata` of an `.npz` file, the entry `metadata` of a `.safetensors` header.
    """
    path = Path(path)
    _check_suffix(path)
    described = json.dumps(
        {
            "schema": SCHEMA,
            "token_texts": captured.token_texts,
            "n_prompt": captured.n_prompt,
            "metadata": dict(captured.metadata),
        },
        ensure_ascii=False,
    )
    arrays = {**captured.arrays, _TOKENS: np.array(captured.token_ids, np.int32)}
    temporary = path.with_name(f".{os.getpid()}-{path.name}")
    try:
        _write(temporary, arrays, described)
        temporary.replace(path)
    except (OSError, RuntimeError) as error:  # mlx raises RuntimeError for a folder that does not exist
        temporary.unlink(missing_ok=True)
        raise UsageError(f"capture {path}: cannot be written ({error}): choose a folder that exists") from error
    return path


def load_capture(path: Path | str) -> Capture:
    """Return a capture from its file. Raises UsageError if it is not one; runs no code from the file."""
    path = Path(path)
    _check_suffix(path)
    try:
        arrays, described = _read(path)
        document = json.loads(described)
        texts = document["token_texts"]
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']}, this version reads {SCHEMA}")
        tokens = arrays.pop(_TOKENS)
        return Capture(
            token_ids=tuple(int(token) for token in tokens),
            token_texts=None if texts is None else tuple(texts),
            n_prompt=document["n_prompt"],
            arrays=arrays,
            metadata=document["metadata"],
        )
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise UsageError(
            f"capture {path}: cannot be read as one ({_reason(error)}): give a file that save_capture wrote"
        ) from error


def _reason(error: Exception) -> str:
    if "pickle" in str(error):  # numpy advises to load such a file unsafely
        return "it holds something else than arrays"
    return f"{type(error).__name__}: {error}"


def _check_suffix(path: Path) -> None:
    if path.suffix not in (".npz", ".safetensors"):
        raise UsageError(f"capture {path}: unknown suffix {path.suffix!r}: use .npz or .safetensors")


def _write(path: Path, arrays: dict[str, Array], described: str) -> None:
    if path.suffix == ".npz":
        named: dict[str, Any] = {**arrays, _METADATA: np.array(described)}
        with path.open("wb") as file:
            np.savez_compressed(file, **named)
        return
    import mlx.core as mx

    mx.save_safetensors(
        str(path), {name: mx.array(array) for name, array in arrays.items()}, metadata={_METADATA: described}
    )


def _read(path: Path) -> tuple[dict[str, Array], str]:
    if path.suffix == ".npz":
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        return arrays, str(arrays.pop(_METADATA))
    import mlx.core as mx

    loaded: Any = mx.load(str(path), return_metadata=True)
    return {name: np.array(array) for name, array in loaded[0].items()}, loaded[1][_METADATA]
