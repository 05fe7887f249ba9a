"""Captures as `.npz` or `.safetensors` files, with the metadata inside."""

from __future__ import annotations

import json
import secrets
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import UsageError
from ..io.regular_files import open_regular
from .attention.rollout import Array
from .capture import ARRAYS, Capture
from .capture_memory import readable

_METADATA, _TOKENS = "metadata", "token_ids"
SCHEMA = 1
_DAMAGE = (
    OSError,
    RuntimeError,  # RecursionError too
    ValueError,
    KeyError,
    TypeError,
    AttributeError,
    EOFError,
    MemoryError,
    OverflowError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What reading a damaged file may raise."""


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
    temporary = path.with_name(
        f".{secrets.token_hex(8)}-{path.name}"
    )  # a name that nobody can guess, and link elsewhere
    try:
        _write(temporary, arrays, described)
        temporary.replace(path)
    except (OSError, RuntimeError) as error:  # mlx raises RuntimeError for a folder that does not exist
        temporary.unlink(missing_ok=True)
        raise UsageError(f"capture {path}: cannot be written ({error}): choose a folder that exists") from error
    return path


def load_capture(path: Path | str, *, max_bytes: int | None = None) -> Capture:
    """Return a capture from its file. Raises UsageError if it is not one; runs no code from the file.

    With `max_bytes`, a file whose arrays take more memory is refused before they are read.
    """
    path = Path(path)
    _check_suffix(path)
    try:
        open_regular(path).close()  # numpy, zipfile and mlx would wait for a pipe
        if max_bytes is not None:
            _check_size(path, max_bytes)
        arrays, described = _read(path)
        document = json.loads(described)
        if document["schema"] != SCHEMA:
            raise ValueError(f"schema {document['schema']}, this version reads {SCHEMA}")
        tokens = tuple(int(token) for token in arrays.pop(_TOKENS))
        return Capture(
            token_ids=tokens,
            token_texts=_texts(document["token_texts"], len(tokens)),
            n_prompt=_n_prompt(document["n_prompt"], len(tokens)),
            arrays={name: _checked_array(name, array, len(tokens)) for name, array in arrays.items()},
            metadata=dict(document["metadata"]),
        )
    except _DAMAGE as error:
        raise UsageError(
            f"capture {path}: cannot be read as one ({_reason(error)}): give a file that save_capture wrote"
        ) from error


def _reason(error: Exception) -> str:
    if "pickle" in str(error):  # numpy advises to load such a file unsafely
        return "it holds something else than arrays"
    return f"{type(error).__name__}: {error}"


def _check_size(path: Path, max_bytes: int) -> None:
    """Raise ValueError if the arrays take more memory; a compressed file may be a thousandth of that."""
    if path.suffix == ".npz":
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    else:
        size = path.stat().st_size
    if size > max_bytes:
        raise ValueError(f"it holds {readable(size)}, and at most {readable(max_bytes)} are read here")


def _texts(texts: Any, n_tokens: int) -> tuple[str, ...] | None:
    if texts is None:
        return None
    if not isinstance(texts, list) or len(texts) != n_tokens or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"`token_texts` is not a list of {n_tokens} texts")
    return tuple(texts)


def _n_prompt(value: Any, n_tokens: int) -> int:
    if type(value) is not int or not 0 <= value <= n_tokens:
        raise ValueError(f"`n_prompt` is {value!r}, not a number of its {n_tokens} tokens")
    return value


def _checked_array(name: str, array: Array, n_tokens: int) -> Array:
    """The array. Raises ValueError if it holds no numbers, or has other axes than `ARRAYS` says."""
    if array.dtype.kind not in "fiu":
        raise ValueError(f"array {name} holds {array.dtype}, not numbers")
    axes = ARRAYS[name].partition("]")[0].strip("[").split(", ") if name in ARRAYS else None
    if axes is not None and (
        array.ndim != len(axes)
        or any(size != n_tokens for axis, size in zip(axes, array.shape, strict=True) if axis == "tokens")
    ):
        raise ValueError(f"array {name} has shape {array.shape}, not [{', '.join(axes)}] of {n_tokens} tokens")
    return array


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
