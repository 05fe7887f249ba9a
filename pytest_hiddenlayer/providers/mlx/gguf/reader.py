"""Reads a GGUF file: what the model is, its tensors and its tokenizer. The `gguf` library parses the format.

Format: the GGUF specification of ggml, versions 2 and 3. All errors are UsageError with the file's path.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....errors import UsageError

ARCHITECTURE = "llama"
TYPES = ("F32", "F16", "Q4_0", "Q4_1", "Q8_0")
"""The types of tensors that are converted."""
MAGIC = b"GGUF"


@dataclass(frozen=True, slots=True)
class GgufModel:
    """A readable GGUF file of llama architecture."""

    path: Path
    settings: Mapping[str, Any]  # metadata: key → number, text or list
    tensors: Mapping[str, Any]  # name → gguf.ReaderTensor

    def setting(self, key: str, default: Any = None) -> Any:
        """A value of the metadata. Raises UsageError if it is missing and there is no default."""
        value = self.settings.get(key, default)
        if value is None:
            raise UsageError(f"{self.path}: the metadata has no {key}; the file is incomplete, or of another tool")
        return value


def read_gguf(path: Path) -> GgufModel:
    """Return the model in a GGUF file. Raises UsageError for another file, one cut short, or unsupported content."""
    check_magic(path)
    from gguf import GGUFReader

    try:
        reader = GGUFReader(path)
        settings = {key: field.contents() for key, field in reader.fields.items()}
        tensors = {tensor.name: tensor for tensor in reader.tensors}
    except (ValueError, IndexError, KeyError, OverflowError, TypeError, MemoryError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{path}: the GGUF file is damaged or cut short; it has {path.stat().st_size:,} bytes. Fetch it again"
        ) from error
    model = GgufModel(path, settings, tensors)
    _check(model)
    return model


def check_magic(path: Path) -> None:
    """Raise UsageError if a file does not begin as GGUF files do."""
    try:
        with path.open("rb") as file:
            start = file.read(4)
    except OSError as error:
        raise UsageError(f"{path}: the model file cannot be read: {error.strerror}") from error
    if not start:
        raise UsageError(f"{path}: the model file is empty. Fetch it again")
    if start != MAGIC:
        raise UsageError(f"{path}: not a GGUF file: it begins with {start!r} instead of {MAGIC!r}")


def _check(model: GgufModel) -> None:
    architecture = model.settings.get("general.architecture")
    if architecture != ARCHITECTURE:
        raise UsageError(
            f"{model.path}: a GGUF file of architecture {architecture!r}; only {ARCHITECTURE!r} is converted. "
            "Use the model's MLX or Hugging Face folder, or serve the file with llama-server (--provider openai)"
        )
    if "rope_freqs.weight" in model.tensors:
        raise UsageError(
            f"{model.path}: its rotary frequencies are scaled (rope_freqs.weight, as in Llama 3.1), which is not "
            "converted; use the model's MLX or Hugging Face folder"
        )
    kinds = {tensor.tensor_type.name for tensor in model.tensors.values()}
    if others := sorted(kinds - set(TYPES)):
        raise UsageError(
            f"{model.path}: weights of type {', '.join(others)}; converted are {', '.join(TYPES)}. "
            "Fetch the model in one of these, or serve the file with llama-server (--provider openai)"
        )
