"""From nothing to the bundled model's first answer, beyond the imports, in a fresh process each time.

    python benchmarks/model_start.py [REPEATS]

Beside it, as the measure: importing what is asked for in any case (mlx, mlx-lm's qwen3, tokenizers).
"""

from __future__ import annotations

import statistics
import subprocess
import sys

ONE = """
import time
began = time.perf_counter()
import mlx.core, mlx.nn, mlx_lm.models.qwen3, tokenizers
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request
imported = time.perf_counter()
import asyncio

async def ask():
    model = MlxProvider()
    message = Message(role="user", content="What is 412+388?")
    done = await model.complete(Request(messages=(message,), params=GenerationConfig(max_tokens=64), seed=0))
    answered = time.perf_counter()
    await model.close()
    print(imported - began, answered - imported, done.usage.output_tokens)

asyncio.run(ask())
"""


def main(repeats: int = 9) -> None:
    """Print medians."""
    imports, answers, tokens = [], [], 0
    for _ in range(repeats):
        done = subprocess.run([sys.executable, "-c", ONE], capture_output=True, text=True, check=True)
        imported, answered, told = done.stdout.split()[-3:]
        imports.append(float(imported))
        answers.append(float(answered))
        tokens = int(told)
    imported, answered = statistics.median(imports), statistics.median(answers)
    print(f"imports {imported:.2f} s; then loaded and answered with {tokens} tokens after {answered:.2f} s more")
    print(f"ratio {answered / imported:.2f}")


if __name__ == "__main__":
    main(*([int(sys.argv[1])] if len(sys.argv) > 1 else []))
