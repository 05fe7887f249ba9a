"""The requests of strategies that nano-2 was trained on: its prompt files, with `{name}` for a variable."""

from __future__ import annotations

RECONSIDER = "{task}\nOther agents said: {answers}.\nReconsider and give your answer."
PLAN = "Split into steps: {task}"
WORK = "{task}\nDo only this step: {step}."
MERGE = "{task}\nWorker result: {results}\nGive the final answer."
