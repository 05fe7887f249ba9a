"""Agents whose prompts begin alike: the prefill work with and without a shared prefix.

    python benchmarks/mlx_prefix.py [AGENTS] [PREFIX_TOKENS]

The bundled weights with room for 4096 tokens; every agent has its own question after the prefix.
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
    """Print a table: tokens read and seconds of both sides, and whether all said the same."""
    with tempfile.TemporaryDirectory() as parent:
        folder = _long_model(Path(parent))
        read_apart, apart_s, apart = _answers(folder, agents, n_prefix, share=False)
        read_shared, shared_s, shared = _answers(folder, agents, n_prefix, share=True)
    same = sum(a == b for a, b in zip(apart, shared, strict=True))
    print(f"{agents} agents, {n_prefix} tokens in common, {NEW_TOKENS} new tokens each; BLAS: {fast_blas()}\n")
    print("| | separate | shared | ratio |\n| --- | --- | --- | --- |")
    print(f"| tokens prefilled | {read_apart} | {read_shared} | {read_apart / read_shared:.1f} |")
    print(f"| seconds | {apart_s:.2f} | {shared_s:.2f} | {apart_s / shared_s:.1f} |")
    print(f"| same answers | | {same}/{agents} | |")


def _long_model(parent: Path) -> Path:
    folder = parent / "model"
    shutil.copytree(bundled_path(), folder)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"max_position_embeddings": 4096}), encoding="utf-8")
    return folder


def _answers(folder: Path, agents: int, n_prefix: int, *, share: bool) -> tuple[int, float, list[str]]:
    thread = BatchThread(folder, share=share)

    async def ask(ids: list[int]) -> str:
        done = await thread.generate(
            ids, max_tokens=NEW_TOKENS, temperature=0.0, top_p=1.0, stop=(), seed=0, top_logprobs=0
        )
        return done.text

    async def together(prompts: list[list[int]]) -> list[str]:
        return list(await asyncio.gather(*map(ask, prompts)))

    def ids_of(text: str) -> list[int]:
        return thread.tokenizer.prompt_ids([Message(role="user", content=text)])

    prefix = ids_of("Other agents said: " + ", ".join(map(str, range(100, 100 + n_prefix))))[:n_prefix]
    prompts = [prefix + ids_of(f"What is {i}+36?") for i in range(agents)]
    try:
        asyncio.run(
            together([ids_of("Write moon in upper case.")])
        )  # the first call of all pays for more than itself
        before, began = thread.prefill_tokens, time.perf_counter()
        texts = asyncio.run(together(prompts))
        return thread.prefill_tokens - before, time.perf_counter() - began, texts
    finally:
        thread.close()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
