"""What the fuzzer begins with: files of the project of `seeds.py`, and texts."""

from __future__ import annotations

import json
from collections.abc import Sequence

from support.fuzzing.commands import A, B

RUN = f"reports/runs/{A}"
FILES = {
    "task": "evals/*.yaml",
    "samples jsonl": "evals/*.jsonl",
    "samples json": "evals/*.json",
    "samples csv": "evals/*.csv",
    "samples parquet": "evals/*.parquet",
    "records": f"{RUN}/records.jsonl",
    "records parquet": f"reports/runs/{B}/records.parquet",
    "manifest": f"{RUN}/run.json",
    "shard": "reports/runs/shard-1/run.json",
    "snapshot": "snapshots/*/*.json",
    "cassette": "cassettes/*.jsonl",
    "prices": "hiddenlayer-prices.yaml",
    "servers": "servers.yaml",
    "preset": "presets/mine.yaml",
    "labels": "reports/labels.jsonl",
    "reviews": f"{RUN}/reviews.jsonl",
    "games": f"{RUN}/games.jsonl",
    "batch entry": "files/*.json",
    "capture": "reports/runs/run/probes/*.npz",
    "concept vector": "files/*.safetensors",
    "gguf": "files/*.gguf",
    "adapter": "files/adapter/*.json",
    "training chats": "files/chats.jsonl",
    "checkpoint": "files/adapter/checkpoints/*/state.json",
    "unfinished calls": "reports/runs/killed/calls/*.jsonl",
    "cache": "cache/responses.sqlite",
}
"""Target → files of the project of `seeds.py` that it begins with."""

_CHAT = {
    "choices": [{"message": {"content": "a"}, "finish_reason": "stop", "logprobs": {"content": []}}],
    "model": "m",
}
_CHUNKS = [
    {"choices": [{"delta": {"content": "a"}, "logprobs": {"content": [{"token": "a", "logprob": -0.1}]}}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
    {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}},
]
_RESPONSE = {
    "object": "response", "status": "completed", "model": "m", "usage": {"input_tokens": 1, "output_tokens": 2},
    "output": [{"type": "message", "content": [{"type": "output_text", "text": "a", "logprobs": []}]}],
}  # fmt: skip
_MESSAGE = {
    "content": [{"type": "text", "text": "a"}], "stop_reason": "end_turn", "model": "m",
    "usage": {"input_tokens": 1, "output_tokens": 2, "cache_creation": {"ephemeral_1h_input_tokens": 1}},
}  # fmt: skip
_EVENTS = [
    {"type": "message_start", "message": {"model": "m", "content": [], "usage": {"input_tokens": 1}}},
    {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "a"}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 2}},
    {"type": "message_stop"},
]
TEXTS: dict[str, Sequence[str]] = {
    "responses": [
        *map(json.dumps, (_CHAT, _CHUNKS, _RESPONSE, _MESSAGE, _EVENTS)),
        json.dumps([{"type": "response.completed", "response": _RESPONSE}]),
    ],
    "replies": [
        "Verdict: correct\nConfidence: 80%",
        "1. Add 2\n2. [after 1] Multiply\nANSWER: 5",
        '{"steps": [{"id": "a", "task": "add", "after": []}]}',
        "TOOL: calculator: 2+2",
        "[[A]] is better. Scores: 5, 3, 4. The best are 1 and 2. Choice: 2. likely",
        '```json\n{"answer": "4", "side": "affirmative"}\n```',
    ],
    "answers": ["The answer is B.", "12.5 %", "\\boxed{1{,}000 \\frac{1}{2}}", "<think>4</think> 5", "½ m² ≈ 3e-4"],
    "templates": [
        "{{ input | upper }}{% for c in choices %}{{ loop.index }}. {{ c }}\n{% endfor %}",
        "{{ metadata.of[0] }}",
    ],
    "patterns": [r"^#### (\-?[0-9.,]+)$", r"(?:a|b){2,3}?[^c]*", r"(?i)\bx\b"],
    "options": ["openai:gpt-5", "debate:n_agents=5,n_rounds=3", "2/8", "8GiB", "2*ssh=mac2//python=x", "0.10"],
    "keys": ["ab c3Att", "\x05. text"],
}
"""Target → texts that the fuzzer begins with."""
