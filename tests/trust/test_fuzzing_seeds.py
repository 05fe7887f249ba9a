"""Inputs that fuzzing found, each of which broke a reader or a promise once, and any others."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.fuzzing.beginnings import FILES, TEXTS
from support.fuzzing.guided import ROOT, SEEDS, folder_name, targets
from support.fuzzing.text_targets import PROPERTIES
from support.requirements import NEEDS_MLX
from support.trust_scale import times

pytest.importorskip("mlx.core", reason=NEEDS_MLX)
TARGETS = targets()
KEPT = {f"{path.parent.name}-{path.name}": path for path in sorted(SEEDS.glob("*/*"))}
WORDS = [*"0123456789abAB.,:;!?'\"`*_-+=/%$#@|<>()[]{}\\ \n\t", "\x1b[2J", "\u202e", "answer", "Confidence: 80%"]
WORDS += ["Verdict: correct", "[[A]]", "{{ input }}", "{% for x in y %}", "1.", "\\boxed{", "::error::", "http://"]


@pytest.mark.parametrize("kept", KEPT)
def test_an_input_that_broke_a_target_breaks_it_no_more(kept: str):
    """Every input that was kept is read, or refused with an error for the user."""
    names = {folder_name(name): name for name in TARGETS}
    TARGETS[names[KEPT[kept].parent.name]](KEPT[kept].read_bytes())


@pytest.mark.parametrize("name", PROPERTIES)
def test_what_holds_for_any_text(name: str):
    """Texts of words that parsers look for, and any bytes, keep what the target promises."""

    @given(st.one_of(st.lists(st.sampled_from(WORDS), max_size=40).map("".join), st.binary(max_size=200)))
    @settings(max_examples=times(200, 5000), deadline=None, suppress_health_check=list(HealthCheck))
    def holds(data: str | bytes) -> None:
        PROPERTIES[name](data.encode() if isinstance(data, str) else data)

    holds()


def test_inputs_belong_to_a_target():
    """Every folder of kept inputs, and every entry of `FILES` and `TEXTS`, is that of a target."""
    assert FILES.keys() | TEXTS.keys() <= TARGETS.keys()
    assert {path.parent.name for path in KEPT.values()} <= set(map(folder_name, TARGETS))


@pytest.mark.slow
@pytest.mark.skipif(not importlib.util.find_spec("atheris"), reason="atheris is not installed: `make fuzz` does it")
def test_atheris_runs_a_target():
    """The fuzzer tries inputs, prints how many, and ends with 0 if none broke the target."""
    command = [sys.executable, "-m", "support.fuzzing.guided", "--seconds", "5", "terminals"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    tried = ended.stdout.split("terminals")[1].split("inputs")[0].strip().replace(",", "")
    assert int(tried) > 0
