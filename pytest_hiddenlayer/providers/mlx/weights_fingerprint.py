"""A hash of what a model computes with: its weights, configuration and tokenizer, wherever the folder is."""

from __future__ import annotations

import hashlib
from pathlib import Path

_BLOCK = 2**20


def weights_fingerprint(folder: Path) -> str:
    """Return 16 hex digits that two folders share if their weights, configurations and tokenizers are equal.

    The contents of the files are read, so copies of a model on other machines have the same fingerprint.
    """
    digest = hashlib.sha256()
    patterns = ("*.safetensors", "config.json", "tokenizer.json", "tokenizer_config.json")
    for path in sorted(path for pattern in patterns for path in folder.glob(pattern)):
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    return digest.hexdigest()[:16]
