"""Measures the time to load the bundled model and get its first answer, in a new process per repeat.

    python benchmarks/model_start.py [REPEATS]

The baseline is the time of the imports that are needed anyway (mlx, mlx-lm's qwen3, tokenizers).
"""

from __future__ import annotations

import statistics
import subprocess
import sys

SCRIPT = """
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
    completion = await model.complete(Request(messages=(message,), params=GenerationConfig(max_tokens=64), seed=0))
    answered = time.perf_counter()
    await model.close()
    print(imported - began, answered - imported, completion.usage.output_tokens)

asyncio.run(ask())
"""


def main(repeats: int = 9) -> None:
    """Print medians."""
    imports, answers, tokens = [], [], 0
    for _ in range(repeats):
        process = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
        import_s, answer_s, output_tokens = process.stdout.split()[-3:]
        imports.append(float(import_s))
        answers.append(float(answer_s))
        tokens = int(output_tokens)
    import_median, answer_median = statistics.median(imports), statistics.median(answers)
    print(f"imports {import_median:.2f} s; loading and the first answer ({tokens} tokens) {answer_median:.2f} s")
    print(f"ratio {answer_median / import_median:.2f}")


if __name__ == "__main__":
    main(*([int(sys.argv[1])] if len(sys.argv) > 1 else []))
