"""Inspect logs: what is in them, and that Inspect's own reader takes them."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from support.records import record

from .conftest import HARD, call, debate_record
from .other_programs import python_with, run_python

READ = """
import json
from inspect_ai.log import list_eval_logs, read_eval_log
from inspect_ai.analysis import evals_df, messages_df, samples_df
folder = sys.argv[1]
logs = [read_eval_log(info) for info in list_eval_logs(folder)]
found = {log.eval.solver: log for log in logs}
debate = found["debate"]
sample = debate.samples[0]
single = {s.id: s for s in found["single"].samples}
hard = next(s for name, s in single.items() if name != "failed")
print(json.dumps({
    "status": sorted({log.status for log in logs}),
    "versions": sorted({log.version for log in logs}),
    "model": debate.eval.model,
    "messages": [[m.role, m.text, m.source] for m in sample.messages],
    "reasoning": [c.reasoning for m in sample.messages if not isinstance(m.content, str)
                  for c in m.content if c.type == "reasoning"],
    "spans": [e.name for e in sample.events if e.event == "span_begin"],
    "seconds": [(e.completed - e.timestamp).total_seconds() for e in sample.events if e.event == "model"],
    "calls": [e.output.completion for e in sample.events if e.event == "model"],
    "scores": {name: score.value for name, score in sample.scores.items()},
    "usage": {name: usage.total_tokens for name, usage in sample.model_usage.items()},
    "metrics": {name: m.value for name, m in debate.results.scores[0].metrics.items()},
    "output": hard.output.completion,
    "error": [s.error.message for s in found["single"].samples if s.error],
    "unscored": [s.scores for s in found["single"].samples if s.error],
    "metadata": hard.metadata["note"],
    "rows": [len(evals_df(folder)), len(samples_df(folder)), len(messages_df(folder))],
}))
"""


def members(path: Path) -> dict[str, Any]:
    """Name → JSON value of every member of a log."""
    with zipfile.ZipFile(path) as archive:
        return {name: json.loads(archive.read(name)) for name in archive.namelist()}


def test_each_cell_is_a_log(hard, tmp_path):
    """A log per cell, with a sample per answer; the same run gives the same bytes."""
    folder = Path(hard.export("inspect", tmp_path / "logs"))
    first, second = sorted(folder.glob("*.eval"))
    assert "samples/s0_epoch_1.json" in members(second)
    content = first.read_bytes()
    hard.export("inspect", folder, force=True)
    assert first.read_bytes() == content


def test_agents_are_named_in_their_messages(runs, tmp_path):
    """Of several speakers each message begins with role and round; a scorer's call is only in the timeline."""
    path = Path(runs.write([debate_record()]).export("inspect", tmp_path / "x.eval"))
    sample = members(path)["samples/s0_epoch_1.json"]
    texts = [m["content"] if isinstance(m["content"], str) else m["content"][-1]["text"] for m in sample["messages"]]
    assert texts == ["6*7?", "[agent-1, round 0] 41", "[agent-2, round 0] 42", "[judge, round 1] 42"]
    assert [message["source"] for message in sample["messages"]] == ["input", "generate", "generate", "generate"]
    spans = [(e["type"], e["name"]) for e in sample["events"] if e["event"] == "span_begin"]
    assert spans[-1] == ("scorer", "llm_judge, round 0")
    assert sample["messages"][1]["metadata"] == {"agent": "agent-1", "round": 0, "seed": 7}


def test_a_single_answer_has_no_prefix(runs, tmp_path):
    """The only message of a single call is the text of the model."""
    run = runs.write([record("a", 1.0, transcript=[call("answer", 0, "o")])])
    sample = members(Path(run.export("inspect", tmp_path / "x.eval")))["samples/a_epoch_1.json"]
    assert [message["content"] for message in sample["messages"]] == ["o"]


def test_unknown_tokens_are_left_out(runs, tmp_path):
    """Inspect would read 0 tokens for a usage that is not known."""
    unknown = call("answer", 0, "o", usage={"input_tokens": None, "output_tokens": 2, "calls": 1})
    run = runs.write([record("a", 1.0, transcript=[unknown])])
    log = members(Path(run.export("inspect", tmp_path / "x.eval")))
    assert log["samples/a_epoch_1.json"]["model_usage"] == {}
    assert "usage" not in log["samples/a_epoch_1.json"]["output"]
    assert log["header.json"]["stats"]["model_usage"] == {}


def test_an_interrupted_run_is_cancelled(runs, tmp_path):
    """A run without summary has this status, and its answers."""
    run = runs.write([record("a", 1.0, transcript=[])])
    (run.folder / "summary.json").unlink()
    log = members(Path(run.export("inspect", tmp_path / "x.eval")))
    assert log["header.json"]["status"] == "cancelled"
    assert log["header.json"]["results"]["scores"][0]["metrics"]["mean"]["value"] == 1.0


@pytest.mark.slow
def test_inspect_reads_the_logs(hard, tmp_path):
    """Inspect's reader and its frames see messages, agents, scores, usage, errors and any text."""
    python = python_with("inspect_ai", "inspect-ai with pandas and pyarrow", "HIDDENLAYER_INSPECT_PYTHON")
    seen = json.loads(run_python(python, READ, hard.export("inspect", tmp_path / "logs")).splitlines()[-1])
    assert seen["status"] == ["success"]
    assert seen["model"] == "scripted/org/m_1"
    assert ["assistant", "[agent-1, round 0] 41", "generate"] in seen["messages"]
    assert seen["reasoning"] == ["6*7"]
    assert seen["spans"] == ["agent-1, round 0", "agent-2, round 0", "judge, round 1", "llm_judge, round 0"]
    assert seen["seconds"] == [0.5] * 4
    assert seen["calls"] == ["41", "42", "42", "yes"]
    assert (seen["scores"], seen["usage"]) == ({"exact": 1.0}, {"m": 20})
    assert seen["metrics"]["mean"] == 1.0
    assert seen["output"] == seen["metadata"] == HARD.replace("\ud800", "\\ud800")
    assert seen["error"] == [HARD.replace("\ud800", "\\ud800")]
    assert seen["unscored"] == [{}]
    assert seen["rows"] == [2, 3, 12]  # of messages: every call with what it was sent, each once


@pytest.mark.slow
def test_inspect_bundles_a_view(hard, tmp_path):
    """`inspect view bundle` makes a page of the logs."""
    python = python_with("inspect_ai", "inspect-ai with pandas and pyarrow", "HIDDENLAYER_INSPECT_PYTHON")
    logs = hard.export("inspect", tmp_path / "logs")
    code = "from inspect_ai.log import bundle_log_dir; bundle_log_dir(sys.argv[1], sys.argv[2])"
    run_python(python, code, logs, str(tmp_path / "view"))
    assert (tmp_path / "view" / "index.html").is_file()
