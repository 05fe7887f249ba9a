"""Concept vectors as safetensors files, which other programs read too.

A file holds one array, `direction` [width] in single precision, and metadata as text. A vector means
nothing in another model, so that loading asks for the model and its fingerprint.
"""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import UsageError
from ...io.atomic import replacing
from .vector import METHODS, ConceptVector

FORMAT = "hiddenlayer concept vector 1"
_MAX_HEADER = 1_000_000  # bytes


def save_concept_vector(vector: ConceptVector, path: Path | str) -> None:
    """Write the vector as a safetensors file, in one step; a file of this name is replaced."""
    data = np.asarray(vector.direction, dtype="<f4").tobytes()
    entry = {"dtype": "F32", "shape": [len(vector.direction)], "data_offsets": [0, len(data)]}
    header = json.dumps({"__metadata__": {"format": FORMAT, **_metadata(vector)}, "direction": entry}).encode()
    header += b" " * (-len(header) % 8)
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with replacing(Path(path)) as file:
        file.write(len(header).to_bytes(8, "little") + header + data)


def load_concept_vector(path: Path | str, *, model: str, fingerprint: str | None) -> ConceptVector:
    """The vector of a file, made from this model.

    `fingerprint` is that of the model's files; None skips the comparison. Raises UsageError for a vector of
    another model and for a file that holds no concept vector.
    """
    metadata, direction = _read(Path(path))
    for name, wanted in (("model", model), ("fingerprint", fingerprint)):
        found = metadata.get(name)
        if wanted is not None and found != wanted:
            raise UsageError(
                f"concept vector {path} was asked for model {model!r}, whose {name} is {wanted!r}; the file's is "
                f"{found!r}, and a direction means nothing in another model: make the vector again with this model"
            )
    try:
        return ConceptVector(direction=direction, **metadata)
    except TypeError as error:
        raise _not_a_vector(path, f"its metadata are incomplete: {error}") from error


def _metadata(vector: ConceptVector) -> dict[str, str]:
    return {f.name: json.dumps(getattr(vector, f.name)) for f in fields(vector) if f.name != "direction"}


def _read(path: Path) -> tuple[dict[str, Any], Any]:
    """(metadata, direction [width]) of a file, whose sizes are checked before anything is allocated."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"concept vector {path} cannot be read: {error.strerror}: name another file") from error
    length = int.from_bytes(content[:8], "little")
    if not 0 < length <= min(_MAX_HEADER, len(content) - 8):
        raise _not_a_vector(path, "it is not a safetensors file")
    try:
        header = json.loads(content[8 : 8 + length])
        texts, entry = dict(header["__metadata__"]), header["direction"]
        if texts.pop("format") != FORMAT:
            raise ValueError("another format")
        start, end = entry["data_offsets"]
        if entry["dtype"] != "F32" or entry["shape"] != [(end - start) // 4] or start != 0:
            raise ValueError(f"`direction` is {entry['dtype']} {entry['shape']}")
        direction = np.frombuffer(content[8 + length :][:end], dtype="<f4").astype(np.float32)
        metadata = {name: json.loads(text) for name, text in texts.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise _not_a_vector(path, f"{type(error).__name__}: {error}") from error
    if len(direction) != entry["shape"][0] or not abs(float(np.linalg.norm(direction)) - 1) < 1e-3:
        raise _not_a_vector(path, "its direction is cut off or has not length 1")
    if metadata.get("method") not in METHODS:
        raise _not_a_vector(path, f"its method is {metadata.get('method')!r}")
    return metadata, direction


def _not_a_vector(path: Path | str, reason: str) -> UsageError:
    return UsageError(
        f"{path} was asked for a concept vector; it holds none ({reason}): "
        "name a file written by `save_concept_vector`, or make the vector again"
    )
