"""Published data sets that some tests read. They are not in the repository; HIDDENLAYER_DATA names their folder.

CONTRIBUTING.md, "Published data", says how to build each sub folder from its public source.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

VARIABLE = "HIDDENLAYER_DATA"
FOLDER = Path(os.environ.get(VARIABLE) or "no-published-data").resolve()

SOURCES = {
    "bbh_5": "tasks of BIG-Bench-Hard with recorded answers (GitHub: suzgunmirac/BIG-Bench-Hard)",
    "bradley_terry": "Stigler's journal citations (Turner & Firth, Journal of Statistical Software 48(9), 2012)",
    "dylan_mmlu_4": "recorded debates of four agents on MMLU (GitHub: SALT-NLP/DyLAN, exp/MMLU/mmlu_optimal7_4)",
    "gsm8k_200": "200 GSM8K problems with recorded answers (GitHub: openai/grade-school-math)",
    "mt_bench": "MT-Bench's questions and judge prompts (GitHub: lm-sys/FastChat, fastchat/llm_judge/data)",
    "scorer_cases": "test cases of other scorers (GitHub: UKGovernmentBEIS/inspect_ai, hendrycks/math, "
    "lucasmaystre/choix)",
}
"""Sub folder → what it holds and where that is published."""


def needs_data(*names: str) -> pytest.MarkDecorator:
    """A mark that skips if one of the sub folders is missing, with its source and the variable to set."""
    missing = [name for name in names if not (FOLDER / name).is_dir()]
    wanted = ", ".join(f"{name}/ ({SOURCES[name]})" for name in missing)
    reason = f"needs {wanted}: set {VARIABLE} to a folder with it, see 'Published data' in CONTRIBUTING.md"
    return pytest.mark.skipif(bool(missing), reason=reason)
