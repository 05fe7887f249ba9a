"""Measures the page of a run against pytest-html's page of the same items, in headless Chromium.

    python benchmarks/report_page.py [RECORDS] [--against-pytest-html]

Makes a run of RECORDS records (10 000) of 3 kB: a prompt and four calls with random words of the
documentation, which compress less than what a model writes. Prints the time and memory of writing
the page, its size, and what a reader waits for: the first table, any record, a search once all
texts are loaded, and the JavaScript heap after them. Times in the browser are given twice: as they
passed, and as CPU time of the page's main thread, which depends less on what else the machine does.
pytest-html writes a page of as many passing
tests, each of which prints the same 3 kB; it takes minutes.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from measure import PYTEST, cost_of

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from support.browser import Browser  # noqa: E402

WRITE = "import sys; from pathlib import Path; from pytest_hiddenlayer.report.page.run_page import write_run_page; "
WRITE += "write_run_page(Path(sys.argv[1]))"
PRINTING_TESTS = """import json
import pytest

TEXTS = open("records.jsonl").read().splitlines()

@pytest.mark.parametrize("i", range(len(TEXTS)))
def test_item(i):
    print(TEXTS[i])
"""
LOADED = 3  # times
OPENED = 21  # records
PAUSE_S = 0.4  # after each, in which the table beside it moves
PANE = ".sample-pane"


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("records", type=int, nargs="?", default=10_000)
    parser.add_argument("--against-pytest-html", action="store_true")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "run"
        size = make_run(folder, arguments.records)
        print(f"{arguments.records:,} records, {size / 1e6:.1f} MB")
        cost = cost_of([sys.executable, "-c", WRITE, str(folder)], Path(name), PYTHONPATH=str(ROOT))
        empty = cost_of([sys.executable, "-c", WRITE, str(empty_run(Path(name)))], Path(name), PYTHONPATH=str(ROOT))
        wall_s, cpu_s = cost.wall_s - empty.wall_s, cost.cpu_s - empty.cpu_s
        print(f"writing, start of Python excluded: {wall_s:.2f} s, CPU {cpu_s:.2f} s, peak {cost.peak_mb:.0f} MB")
        page = folder / "report.html"
        print(f"page: {page.stat().st_size / 1e6:.1f} MB")
        measure_page(page, arguments.records)
        if arguments.against_pytest_html:
            measure_pytest_html(Path(name), folder / "records.jsonl")


def make_run(folder: Path, n: int) -> int:
    """Write a run of n records; returns the bytes of its log."""
    folder.mkdir()
    with (folder / "records.jsonl").open("w", encoding="utf-8") as log:
        log.writelines(json.dumps(record) + "\n" for record in records(n))
    manifest = {"schema": 1, "run_id": "run", "started_at": "2026-01-01T00:00:00+00:00", "command": ["pytest"]}
    (folder / "run.json").write_text(json.dumps({**manifest, "complete": True}))
    (folder / "summary.json").write_text("[]")
    return (folder / "records.jsonl").stat().st_size


def empty_run(root: Path) -> Path:
    """A run without records, to measure the start of Python."""
    make_run(root / "empty", 0)
    return root / "empty"


def records(n: int) -> Iterator[dict[str, Any]]:
    """Records of debates between two agents."""
    texts = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "docs").glob("*.md")))
    words, rng = sorted(set(re.findall(r"[A-Za-z]{2,}", texts))), random.Random(0)

    def text(n_words: int) -> str:
        return " ".join(rng.choices(words, k=n_words))

    usage = {"input_tokens": 90, "output_tokens": 40, "calls": 1}
    usage |= dict.fromkeys(("cached_input_tokens", "cache_write_tokens", "reasoning_tokens"))
    for i in range(n):
        prompt = [{"role": "user", "content": text(40)}]
        calls = [
            {
                "role": f"agent-{number % 2 + 1}",
                "round": number // 2,
                "messages": "prompt" if number < 2 else [{"role": "user", "content": "The others said this."}],
                "completion": text(13),
                "finish_reason": "stop",
                "usage": usage,
                "latency_s": rng.random(),
                "model": "model",
                "seed": i,
            }
            for number in range(4)
        ]
        right = rng.random() < 0.7
        yield {
            "run_id": "run",
            "key": f"{i:032x}",
            "task": f"task-{i % 10}",
            "sample_id": f"sample-{i}",
            "epoch": 1,
            "strategy": "debate",
            "strategy_params": {},
            "label": "debate",
            "provider": "scripted",
            "model": "model",
            "slug": f"model-{i // 10 % 3}",
            "input": prompt[0]["content"],
            "prompt": prompt,
            "target": rng.choice(words),
            "output": calls[-1]["completion"],
            "answer": rng.choice(words),
            "scores": {"exact": {"value": float(right), "answer": None, "explanation": ""}},
            "outcome": "correct" if right else "incorrect",
            "usage": {**usage, "calls": 4},
            "cost_usd": round(rng.random() / 1000, 6),
            "latency_s": 2.0,
            "transcript": calls,
            "error": None,
            "seed": i,
            "started_at": "2026-01-01T00:00:00+00:00",
            "metadata": {"level": rng.randrange(5), "topic": rng.choice(["sums", "plans", "facts"])},
            "schema": 3,
        }


def measure_page(page: Path, n: int) -> None:
    """Print what a reader of our page waits for."""
    with Browser(1400, 900) as browser:
        clock = CpuClock(browser)
        tables = [first_table(browser, clock, page) for _ in range(LOADED)]
        print(f"first table: {words_of(tables)}")
        opened = [open_record(browser, clock, random.Random(i).randrange(n)) for i in range(OPENED)]
        print(f"first opened record: {words_of(opened[:1])}; any other one: {words_of(opened[1:])}")
        loaded_s = wait(browser, "!/Reading texts/.test(document.body.innerText)")
        print(f"texts of the search loaded {loaded_s:.1f} s later")
        for words in ("debate -zebra", "completions records", "nowhere-in-the-texts"):
            print(f"search for {words!r}: {words_of([search(browser, clock, words)])}")
        browser.call("HeapProfiler.collectGarbage")
        print(f"heap: {browser.call('Runtime.getHeapUsage')['usedSize'] / 1e6:.0f} MB")
        print(f"complaints of the browser: {len(browser.complaints())}")


class CpuClock:
    """CPU time of the page's main thread."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        browser.call("Performance.setTimeDomain", timeDomain="threadTicks")
        browser.call("Performance.enable")

    def now_ms(self) -> float:
        """Milliseconds so far."""
        metrics = self._browser.call("Performance.getMetrics")["metrics"]
        return 1000 * next(float(metric["value"]) for metric in metrics if metric["name"] == "ThreadTime")


Waited = tuple[float, float]  # milliseconds that passed, and of CPU time


def words_of(waits: list[Waited]) -> str:
    """Median and longest wait."""
    passed, cpu = zip(*waits, strict=True)
    longest = f", longest {max(passed):.0f} (CPU {max(cpu):.0f})" if len(waits) > 1 else ""
    return f"{statistics.median(passed):.0f} ms (CPU {statistics.median(cpu):.0f} ms){longest}"


def first_table(browser: Browser, clock: CpuClock, page: Path) -> Waited:
    """From the start of the navigation until the samples table has a row."""
    browser.open("about:blank")
    before_ms = clock.now_ms()
    table_s = time_to(browser, f"{page.as_uri()}#tab=samples", "document.querySelector('.tabulator-row')")
    return 1000 * table_s, clock.now_ms() - before_ms


def time_to(browser: Browser, address: str, ready: str) -> float:
    """Seconds from the start of the navigation until an expression is true."""
    browser.open("about:blank")
    browser.call("Page.navigate", url=address)
    while True:
        found = browser.evaluate(f"location.protocol === 'file:' && !!({ready}) && performance.now()")
        if found:
            return float(found) / 1000
        time.sleep(0.002)


def wait(browser: Browser, ready: str) -> float:
    """Seconds until an expression is true."""
    began = time.perf_counter()
    while not browser.evaluate(ready):
        time.sleep(0.01)
    return time.perf_counter() - began


def open_record(browser: Browser, clock: CpuClock, row: int) -> Waited:
    """From the change of the address until the pane shows the record; then the reader pauses."""
    key = quote(
        "\t".join(["run", f"task-{row % 10}", "debate", "scripted", f"model-{row // 10 % 3}", f"sample-{row}", "1"])
    )
    shown = f"document.querySelector('{PANE}')?.innerText.includes('sample-{row}')"
    ready = f"{shown} && !document.querySelector('{PANE}').innerText.includes('Reading …')"
    waited = after(browser, clock, f"location.hash = 'tab=samples&sample={key}'", ready)
    time.sleep(PAUSE_S)
    return waited


def search(browser: Browser, clock: CpuClock, words: str) -> Waited:
    """From a change of the search until the number of hits is shown."""
    return after(
        browser,
        clock,
        f"location.hash = 'tab=samples&q={quote(words)}'",
        "document.getElementById('search-state').innerText !== before && "
        "!/Searching/.test(document.getElementById('search-state').innerText)",
    )


def after(browser: Browser, clock: CpuClock, change: str, ready: str) -> Waited:
    """From a change to the state that it leads to, measured in the page."""
    script = f"""new Promise((resolve) => {{
        const before = document.getElementById('search-state')?.innerText;
        const began = performance.now();
        {change};
        const look = () => ({ready}) ? resolve(performance.now() - began) : setTimeout(look, 1);
        look();
    }})"""
    before_ms = clock.now_ms()
    answer = browser.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
    return float(answer["result"]["value"]), clock.now_ms() - before_ms


def measure_pytest_html(root: Path, texts: Path) -> None:
    """Print the same for pytest-html's page of as many tests that print the same texts."""
    folder = root / "plain"
    folder.mkdir()
    texts.rename(folder / "records.jsonl")
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_plain.py").write_text(PRINTING_TESTS)
    command = [*PYTEST, "-p", "no:hiddenlayer", "test_plain.py"]
    html = ["--html=plain.html", "--self-contained-html"]
    without = cost_of(command, folder)
    cost = cost_of([*command, *html], folder)
    page = folder / "plain.html"
    print(f"pytest-html, writing: CPU {cost.cpu_s - without.cpu_s:.1f} s; page: {page.stat().st_size / 1e6:.1f} MB")
    with Browser(1400, 900) as browser:
        rows_s = time_to(browser, page.as_uri(), "document.querySelectorAll('.results-table-row').length")
        browser.call("HeapProfiler.collectGarbage")
        heap_mb = browser.call("Runtime.getHeapUsage")["usedSize"] / 1e6
        nodes = browser.evaluate("document.querySelectorAll('*').length")
    print(f"pytest-html, rows: {rows_s:.1f} s; {nodes:,} elements; heap {heap_mb:.0f} MB")


if __name__ == "__main__":
    main()
