"""Loading a model folder or a hub name: the two tokenizers, errors, and no code from the folder."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

pytest.importorskip("mlx.core", reason=NEEDS_MLX)

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.models import bundled_path
from pytest_hiddenlayer.providers.mlx.loading import load
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider

QUESTION = "What is 37+58? Think step by step."

COMPLETE_AND_REPORT = """
import asyncio, json, sys
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.types import GenerationConfig, Message, Request
model = MlxProvider(sys.argv[1])
request = Request(messages=(Message(role="user", content=sys.argv[2]),), params=GenerationConfig(), seed=0)
completion = asyncio.run(model.complete(request))
asyncio.run(model.close())
usage = completion.usage
print(json.dumps([completion.text, usage.input_tokens, usage.output_tokens, "transformers" in sys.modules]))
"""


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `code` in a new process."""
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


def changed_copy(parent: Path, template: str = "", **config: object) -> Path:
    """Copy the bundled model, with `template` before its chat template and other fields in tokenizer_config.json."""
    folder = parent / "changed"
    shutil.copytree(bundled_path(), folder)
    path = folder / "tokenizer_config.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    fields |= {"chat_template": template + fields["chat_template"], **config}
    path.write_text(json.dumps(fields), encoding="utf-8")
    return folder


def test_messages_that_the_chat_template_rejects_are_an_error(tmp_path: Path):
    """If a chat template raises (many reject a system message), the error has its message."""
    folder = changed_copy(tmp_path, "{{ raise_exception('System role not supported') }}")
    process = run(COMPLETE_AND_REPORT, str(folder), "q")
    assert "ProviderError: the chat template of" in process.stderr
    assert "System role not supported" in process.stderr


@pytest.fixture(scope="module")
def plain() -> list[object]:
    """The report for the bundled model, which needs no transformers."""
    report: list[object] = json.loads(run(COMPLETE_AND_REPORT, str(bundled_path()), QUESTION).stdout)
    return report


@pytest.mark.parametrize(
    "change",
    [{"tokenizer_class": "Qwen2TokenizerFast"}, {"template": "{% if false %}{{ raise_exception('') }}{% endif %}"}],
    ids=["another-tokenizer", "a-function-in-the-template"],
)
def test_both_tokenizers_give_the_same_completion(plain: list[object], tmp_path: Path, change: dict[str, str]):
    """A folder that needs transformers is loaded by mlx_lm.load, and completes with the same text and counts."""
    folder = changed_copy(tmp_path, **change)
    process = run(COMPLETE_AND_REPORT, str(folder), QUESTION)
    assert process.returncode == 0, process.stderr
    assert plain[-1] is False
    assert json.loads(process.stdout.splitlines()[-1]) == [*plain[:-1], True]


def test_mlx_lm_can_be_imported_after_the_bundled_model():
    """The bundled model does not import transformers; `mlx_lm.load` works afterwards; the process exits cleanly."""
    code = (
        "import asyncio, sys\n"
        "from pytest_hiddenlayer.providers.mlx.provider import MlxProvider\n"
        "p = MlxProvider(); asyncio.run(p.close())\n"
        "assert 'transformers' not in sys.modules and 'mlx_lm' not in sys.modules\n"
        "import mlx_lm; from pytest_hiddenlayer.models import bundled_path\n"
        "m, t = mlx_lm.load(str(bundled_path()))\n"
        "print(mlx_lm.generate(m, t, prompt=[2, 294, 0, 3], max_tokens=2) is not None)"
    )
    process = run(code)
    assert (process.returncode, process.stdout.splitlines()[-1:]) == (0, ["True"]), process.stderr


def test_without_mlx_the_provider_is_unavailable():
    """If mlx cannot be imported, the message says what to install."""
    code = (
        "import sys\n"
        "class No:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name.split('.')[0] in ('mlx', 'mlx_lm'): raise ImportError('No module named mlx')\n"
        "sys.meta_path.insert(0, No())\n"
        "from pytest_hiddenlayer.errors import ProviderUnavailableError\n"
        "from pytest_hiddenlayer.providers.mlx.provider import MlxProvider\n"
        "try: MlxProvider()\n"
        "except ProviderUnavailableError as error: print(error)"
    )
    process = run(code)
    assert "provider mlx does not work here" in process.stdout, process.stderr
    assert "pip install mlx-lm" in process.stdout


def test_a_missing_folder_is_a_usage_error(tmp_path: Path):
    """The message names a folder that does not exist, and a similar one."""
    (tmp_path / "llama-small").mkdir()
    with pytest.raises(UsageError, match=r"no such folder or file, did you mean .*llama-small"):
        MlxProvider(str(tmp_path / "lama-small"))


@pytest.mark.parametrize(
    ("files", "lacking"),
    [
        ([], r"no config\.json and no model\*\.safetensors"),
        (["model.safetensors"], r"no config\.json:"),
        (["config.json", "weights.npz"], r"no model\*\.safetensors:"),
    ],
)
def test_a_folder_without_a_model_is_a_usage_error(tmp_path: Path, files: list[str], lacking: str):
    """Before anything is loaded or asked, the message says what the folder lacks."""
    for name in files:
        (tmp_path / name).write_text("{}")
    with pytest.raises(UsageError, match=f"{lacking}.*mlx_lm cannot load it"):
        MlxProvider.check(str(tmp_path))


def test_a_broken_model_is_a_usage_error(tmp_path: Path):
    """The message says why mlx_lm cannot load a folder that looks like a model's."""
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_text("{}")
    with pytest.raises(UsageError, match="mlx_lm cannot load it: "):
        MlxProvider(str(tmp_path))


@pytest.mark.parametrize(("before", "after"), [((300, 1024), 1024), ((3000, 5000), 3000)])
def test_loading_does_not_lower_the_limit_of_open_files(before, after):
    """The limit is raised at most; a hard limit below 4096 is no error. An import of mlx_lm alone does both."""
    code = (
        "import resource, sys\n"
        f"resource.setrlimit(resource.RLIMIT_NOFILE, {before})\n"
        "from pytest_hiddenlayer.providers.mlx.loading import load\n"
        "load(sys.argv[1])\n"
        "print(resource.getrlimit(resource.RLIMIT_NOFILE))\n"
    )
    process = run(code, str(bundled_path()))
    assert process.stdout.strip() == str((after, before[1])), process.stderr


@pytest.mark.parametrize("needs_transformers", [False, True])
def test_a_model_with_code_is_rejected(tmp_path: Path, needs_transformers: bool):
    """A config.json with `model_file` is rejected before mlx_lm reads it, and the file does not run."""
    folder = changed_copy(tmp_path, **({} if not needs_transformers else {"tokenizer_class": "Qwen2TokenizerFast"}))
    marker = tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(marker)!r}, 'w').close()", encoding="utf-8")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    (folder / "config.json").write_text(json.dumps(config | {"model_file": "evil.py"}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"code of its own \(its config\.json has a `model_file`"):
        load(folder)
    assert not marker.exists()


def test_a_hub_model_with_code_is_rejected(monkeypatch: pytest.MonkeyPatch):
    """mlx_lm and transformers are called without trust in code, and the message explains their error."""
    import mlx_lm

    options = {}

    def reject(name: str, **keywords: object) -> None:
        options.update(keywords)
        raise ValueError("a custom module. Pass trust_remote_code=True if you trust this model.")

    monkeypatch.setattr(mlx_lm, "load", reject)
    with pytest.raises(UsageError, match="owner/name: this model needs to run Python code of its own"):
        load("owner/name")
    assert (options["trust_remote_code"], options["tokenizer_config"]) == (False, {"trust_remote_code": False})


def test_a_model_without_a_chat_template_has_a_warning(tmp_path: Path):
    """Messages to a base model are joined by line ends, and every answer says so."""
    folder = changed_copy(tmp_path, tokenizer_class="Qwen2TokenizerFast")
    path = folder / "tokenizer_config.json"
    fields = json.loads(path.read_text(encoding="utf-8"))
    del fields["chat_template"]
    path.write_text(json.dumps(fields), encoding="utf-8")
    code = COMPLETE_AND_REPORT.replace('"transformers" in sys.modules', "completion.warnings")
    for model, warnings in ((folder, ["the model has no chat template"]), (bundled_path(), [])):
        process = run(code, str(model), QUESTION)
        assert process.returncode == 0, process.stderr
        found = json.loads(process.stdout.splitlines()[-1])[-1]
        assert [text[:30] for text in found] == warnings
