"""Detects model families by name: judges prefer answers of their own family.

Panickssery et al. 2024, "LLM Evaluators Recognize and Favor Their Own Generations",
arXiv:2404.13076. A name is weak evidence and can be wrong. An unknown name has no family.
"""

from __future__ import annotations

import re

_WORDS = {
    "claude": "claude",
    "gpt": "(?:chat)?gpt|o[1-9]|davinci",
    "gemini": "gemini|learnlm",
    "gemma": r"\w*gemma",
    "llama": r"\w*llama",
    "qwen": "qwen|qwq|qvq",
    "mistral": "mistral|mixtral|ministral|codestral|devstral|magistral|pixtral|mathstral",
    "phi": "phi",
    "deepseek": "deepseek",
    "grok": "grok",
    "command": "command|c4ai|aya",
    "glm": "(?:chat)?glm",
    "granite": "granite",
    "kimi": "kimi|moonshot",
    "nemotron": "nemotron",
    "olmo": "olmoe?",
    "smollm": "smollm",
    "yi": "yi",
}
# A version may follow the word (llama3.2, gpt4o, phi-3), letters may not (philosopher).
_FAMILIES = {name: re.compile(rf"(?<![a-z0-9])(?:{word})(?![a-z])") for name, word in _WORDS.items()}
_BUNDLED = re.compile(r"nano-\d+")


def families(model: str) -> frozenset[str]:
    """Returns the families in the last path part of a model's name, else in the whole; a distilled model has two."""
    name = model.lower().rstrip("/")
    last = name.rsplit("/", 1)[-1]
    if _BUNDLED.fullmatch(last):
        return frozenset({"nano"})
    return _families_in(last) or _families_in(name)


def same_family(a: str, b: str) -> bool:
    """Returns whether two models are the same, or share a family by name."""
    return a == b or bool(families(a) & families(b))


def _families_in(name: str) -> frozenset[str]:
    return frozenset(family for family, pattern in _FAMILIES.items() if pattern.search(name))
