"""Measures `inspect view` in headless Chromium on as many samples as `report_page.py` has records.

    python benchmarks/inspect_view.py FOLDER [SAMPLES]

FOLDER holds the programs `inspect` and `python` of an environment with inspect-ai, such as
`.inspect/bin` after `python -m venv .inspect && .inspect/bin/pip install inspect-ai`. Each sample
(10 000) has 8 messages of the words that `report_page.py` uses. Prints the size of the log, the time
until its list of samples is shown, and the time until one sample is shown that its address names.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PORT = 7599
SECONDS = 120
ANSWER = "The others said this."
LIST = "document.querySelectorAll('[role=row]').length > 3 && document.body.innerText.includes('sample-')"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("samples", type=int, nargs="?", default=10_000)
    parser.add_argument("--write", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.write:
        write_log(arguments.write, arguments.samples)
        return
    with tempfile.TemporaryDirectory() as name:
        log = Path(name) / "log.eval"
        python = str(arguments.folder / "python")
        subprocess.run(
            [python, __file__, str(arguments.folder), str(arguments.samples), "--write", str(log)], check=True
        )
        print(f"{arguments.samples:,} samples, log of {log.stat().st_size / 1e6:.1f} MB")
        view = [str(arguments.folder / "inspect"), "view", "start", "--log-dir", name, "--port", str(PORT)]
        server = subprocess.Popen(view, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            measure(f"http://127.0.0.1:{PORT}/", arguments.samples // 2)
        finally:
            server.terminate()


def write_log(path: Path, n: int) -> None:
    """Write a log with inspect-ai, which only the Python of its environment has."""
    import re

    from inspect_ai.log import EvalConfig, EvalDataset, EvalLog, EvalSample, EvalSpec, write_eval_log
    from inspect_ai.model import ChatMessageAssistant, ChatMessageUser, ModelOutput
    from inspect_ai.scorer import Score

    texts = "\n".join(file.read_text(encoding="utf-8") for file in sorted((ROOT / "docs").glob("*.md")))
    words, rng = sorted(set(re.findall(r"[A-Za-z]{2,}", texts))), random.Random(0)

    def text(n_words: int) -> str:
        return " ".join(rng.choices(words, k=n_words))

    samples = []
    for i in range(n):
        prompt, output = text(40), text(13)
        turns = [(ChatMessageAssistant(content=text(13)), ChatMessageUser(content=ANSWER)) for _ in range(3)]
        messages = [ChatMessageUser(content=prompt), *(part for turn in turns for part in turn)]
        samples.append(
            EvalSample(
                id=f"sample-{i}",
                epoch=1,
                input=prompt,
                target=rng.choice(words),
                messages=[*messages, ChatMessageAssistant(content=output)],
                output=ModelOutput.from_content("model", output),
                scores={"exact": Score(value=float(rng.random() < 0.7), answer=rng.choice(words))},
                metadata={"level": rng.randrange(5)},
            )
        )
    dataset = EvalDataset(name="words", samples=n, sample_ids=[sample.id for sample in samples])
    names = {"task": "task", "task_id": "task", "run_id": "run", "eval_id": "eval", "model": "mockllm/model"}
    created = "2026-01-01T00:00:00+00:00"
    spec = EvalSpec(created=created, dataset=dataset, config=EvalConfig(epochs=1), **names)
    write_eval_log(EvalLog(status="success", eval=spec, samples=samples), str(path))


def measure(server: str, sample: int) -> None:
    """Print what a reader waits for."""
    sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
    from support.browser import Browser

    wait_for(server)
    with Browser(1400, 900) as browser:
        log = f"{server}#/logs/log.eval"
        times = [time_to(browser, log, LIST) for _ in range(3)]
        print(f"list of samples: first {times[0]:.1f} s, then {times[1]:.1f} and {times[2]:.1f} s")
        shown = f"document.body?.innerText.includes('{ANSWER}')"
        print(
            f"one sample by its address: {time_to(browser, f'{log}/samples/sample/sample-{sample}/1/', shown):.1f} s"
        )
        browser.call("HeapProfiler.collectGarbage")
        print(f"heap: {browser.call('Runtime.getHeapUsage')['usedSize'] / 1e6:.0f} MB")


def wait_for(server: str) -> None:
    """Wait until the server answers."""
    end = time.monotonic() + SECONDS
    while True:
        try:
            urllib.request.urlopen(server)
            return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)


def time_to(browser: Any, address: str, ready: str) -> float:
    """Seconds from the start of the navigation until an expression is true."""
    browser.open("about:blank")
    began = time.perf_counter()
    browser.call("Page.navigate", url=address)
    while not browser.evaluate(f"location.protocol === 'http:' && !!({ready})"):
        if time.perf_counter() - began > SECONDS:
            raise TimeoutError(f"never true: {ready}")
        time.sleep(0.01)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
