"""Measures the prefill work of agents with a common prompt prefix, with and without prefix sharing.

    python benchmarks/mlx_prefix.py [AGENTS] [PREFIX_TOKENS]

Uses the bundled weights with a context of 4096 tokens; each agent has its own question after the prefix.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.blas import fast_blas
from pytest_hiddenlayer.providers.mlx.decoder import BatchThread
from pytest_hiddenlayer.types import Message

NEW_TOKENS = 8


def main(agents: int = 8, n_prefix: int = 500) -> None:
    """Print the prefilled tokens and seconds of both sides, and how many answers are equal."""
    with tempfile.TemporaryDirectory() as parent:
        folder = _long_context_model(Path(parent))
        separate_tokens, separate_s, separate = _measure(folder, agents, n_prefix, share=False)
        shared_tokens, shared_s, shared = _measure(folder, agents, n_prefix, share=True)
    same = sum(a == b for a, b in zip(separate, shared, strict=True))
    print(f"{agents} agents, {n_prefix} common tokens, {NEW_TOKENS} new tokens each; BLAS: {fast_blas()}\n")
    print("| | separate | shared | ratio |\n| --- | --- | --- | --- |")
    print(f"| tokens prefilled | {separate_tokens} | {shared_tokens} | {separate_tokens / shared_tokens:.1f} |")
    print(f"| seconds | {separate_s:.2f} | {shared_s:.2f} | {separate_s / shared_s:.1f} |")
    print(f"| same answers | | {same}/{agents} | |")


def _long_context_model(parent: Path) -> Path:
    folder = parent / "model"
    shutil.copytree(bundled_path(), folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 4096}), encoding="utf-8")
    return folder


def _measure(folder: Path, agents: int, n_prefix: int, *, share: bool) -> tuple[int, float, list[str]]:
    """Return (prefilled tokens, seconds, answers)."""
    thread = BatchThread(folder, share=share)

    async def ask(ids: list[int]) -> str:
        completion = await thread.generate(
            ids, max_tokens=NEW_TOKENS, temperature=0.0, top_p=1.0, stop=(), seed=0, top_logprobs=0
        )
        return completion.text

    async def ask_all(prompts: list[list[int]]) -> list[str]:
        return list(await asyncio.gather(*map(ask, prompts)))

    def ids_of(text: str) -> list[int]:
        return thread.tokenizer.prompt_ids([Message(role="user", content=text)])

    prefix = ids_of("Other agents said: " + ", ".join(map(str, range(100, 100 + n_prefix))))[:n_prefix]
    prompts = [prefix + ids_of(f"What is {i}+36?") for i in range(agents)]
    try:
        asyncio.run(ask_all([ids_of("Write moon in upper case.")]))  # warm-up: the first call is slower
        before, began = thread.prefill_tokens, time.perf_counter()
        texts = asyncio.run(ask_all(prompts))
        return thread.prefill_tokens - before, time.perf_counter() - began, texts
    finally:
        thread.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
