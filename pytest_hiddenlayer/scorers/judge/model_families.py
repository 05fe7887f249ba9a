"""Families of models by their names: judges prefer answers of their own kind.

Panickssery et al. 2024, "LLM Evaluators Recognize and Favor Their Own Generations",
arXiv:2404.13076. A name says little and may lie; what is unknown is no family.
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
# A word may go on with a version: llama3.2, gpt4o, phi-3; never with letters: philosopher.
_FAMILIES = {name: re.compile(rf"(?<![a-z0-9])(?:{word})(?![a-z])") for name, word in _WORDS.items()}
_BUNDLED = re.compile(r"nano-\d+")


def families(model: str) -> frozenset[str]:
    """The families that a model's name tells of, by its last path part, else the whole; a distilled model has two."""
    name = model.lower().rstrip("/")
    last = name.rsplit("/", 1)[-1]
    if _BUNDLED.fullmatch(last):
        return frozenset({"nano"})
    return _found(last) or _found(name)


def same_family(a: str, b: str) -> bool:
    """Whether two models are the same, or share a family by their names."""
    return a == b or bool(families(a) & families(b))


def _found(name: str) -> frozenset[str]:
    return frozenset(family for family, word in _FAMILIES.items() if word.search(name))
