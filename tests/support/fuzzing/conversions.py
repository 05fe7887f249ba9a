"""Files of other tools, one of each format that is converted."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

PROMPTFOO = """\
prompts: ['Say {{ word }}', 'Spell {{ word }}']
providers: [echo]
defaultTest: {assert: [{type: not-contains, value: sorry}]}
tests:
  - {vars: {word: Oslo}, assert: [{type: contains, value: sl}, {type: regex, value: '^O.*o$'}]}
  - {description: two, vars: {word: Bern}, assert: [{type: llm-rubric, value: 'is {{ word }}'}, {type: is-json}]}
scenarios:
  - config: [{vars: {word: Rome}}]
    tests: [{assert: [{type: equals, value: Rome, weight: 2}]}]
"""
LM_EVAL = """\
task: sums
dataset_path: owner/sums
test_split: test
output_type: generate_until
doc_to_text: "Q: {{question}}\\nA:"
doc_to_target: "{{answer.split('#### ')[-1]}}"
generation_kwargs: {until: ['Q:'], do_sample: false, max_gen_toks: 64}
filter_list:
  - {name: strict, filter: [{function: regex, regex_pattern: "#### (\\\\-?[0-9.,]+)"}, {function: take_first}]}
metric_list: [{metric: exact_match, aggregation: mean, higher_is_better: true, ignore_case: true}]
num_fewshot: 0
metadata: {version: 1.0}
"""
REGISTRY = """\
capitals:
  id: capitals.dev.v0
  description: Capitals of countries
  metrics: [accuracy]
capitals.dev.v0:
  class: evals.elsuite.basic.match:Match
  args: {samples_jsonl: capitals/samples.jsonl, num_few_shot: 0}
"""
TABLE = """\
"word","__expected","__expected2","__description"
"Oslo","contains:sl","equals:Oslo","first"
"Bern","is-json","","b"
"""
QUESTION = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Capital of Norway?"}]
DEBATES = [
    {"id": "a", "input": "2+2?", "target": "4", "rounds": [["4", "It is 5", "4"], ["4", "so 4", None]]},
    {
        "id": "b",
        "input": "3+4?",
        "target": "7",
        "samples": [{"text": "so 7", "verdict": True, "output_tokens": 8}, "8"],
    },
    {"id": "c", "input": "1+1?", "target": "2", "correct": 3, "of": 10},
    {"id": "d", "input": "1+2?", "target": "3", "trials": [False, {"text": "3", "confidence": 0.5, "model": "m"}]},
    {"id": "e", "input": "2+3?", "target": "5", "agents": [["5", "6"], ["6"]], "verdicts": [[True, False], [False]]},
]


def inspect_log() -> dict[str, Any]:
    """A log of Inspect with two samples."""
    message = {"role": "assistant", "content": [{"type": "text", "text": "Oslo"}]}
    samples = [
        {
            "id": number,
            "epoch": 1,
            "input": QUESTION,
            "target": ["Oslo"],
            "choices": ["Oslo", "Bern"],
            "messages": [*QUESTION, message],
            "output": {"model": "m", "choices": [{"message": message, "stop_reason": "stop"}]},
            "scores": {"includes": {"value": "C"}},
            "metadata": {"level": 3, "nested": {"a": 1}},
        }
        for number in (1, 2)
    ]
    info = {"task": "owner/capitals", "model": "provider/m", "created": "2026-01-01T00:00:00+00:00", "config": {}}
    info |= {
        "dataset": {"name": "capitals", "samples": 2},
        "scorers": [{"name": "includes", "options": {"ignore_case": True}}],
    }
    return {"version": 2, "status": "success", "eval": info, "plan": {"steps": []}, "results": {}, "samples": samples}


def write_conversions(folder: Path) -> None:
    """Write them."""
    rows = [{"input": QUESTION, "ideal": ["Oslo", "Christiania"]}, {"input": QUESTION, "ideal": "Oslo"}]
    big_bench = {
        "canary": "guid",
        "name": "sky",
        "description": "Colours",
        "keywords": ["colour"],
        "metrics": ["exact_str_match", "multiple_choice_grade"],
        "task_prefix": "Answer.\n",
        "output_regex": "blue|red",
        "examples": [
            {"input": "Sky?", "target": ["blue", "Blue"]},
            {"input": "Sea?", "target_scores": {"red": 0, "blue": 1}},
        ],
    }
    files: dict[str, Any] = {
        "promptfooconfig.yaml": PROMPTFOO,
        "table.csv": TABLE,
        "lm_eval/sums.yaml": LM_EVAL,
        "lm_eval/test.jsonl": [{"question": "1+1?", "answer": "It is 2. #### 2"}],
        "registry/evals/capitals.yaml": REGISTRY,
        "registry/data/capitals/samples.jsonl": rows,
        "sky.json": big_bench,
        "questions.jsonl": [
            {"question_id": 81, "category": "writing", "turns": ["Write.", "Shorter."]},
            {"question_id": 82, "category": "math", "turns": ["1+1?", "And twice?"], "reference": ["2", "4"]},
        ],
        "model_outputs.json": [{"instruction": "Say x", "output": "x", "generator": "m", "dataset": "d"}] * 2,
        "inspect.jsonl": [{"id": 1, "input": QUESTION, "target": ["a"], "choices": ["a", "b"], "metadata": {"k": 1}}],
        "debates.jsonl": DEBATES,
        "log.json": inspect_log(),
    }
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".jsonl"):
            content = "".join(f"{json.dumps(row)}\n" for row in content)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=1), encoding="utf-8")
    log = inspect_log()
    with zipfile.ZipFile(folder / "log.eval", "w", zipfile.ZIP_DEFLATED) as archive:
        for sample in log.pop("samples"):
            archive.writestr(f"samples/{sample['id']}_epoch_{sample['epoch']}.json", json.dumps(sample))
        archive.writestr("header.json", json.dumps(log))
