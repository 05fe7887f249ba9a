"""`hiddenlayer completion`: the printed scripts complete commands, options and values in the shells themselves."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from pytest_hiddenlayer.cli import main

COMPLETE = """
source {script}
COMP_WORDS=({words}) COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 ))
COMP_LINE="${{COMP_WORDS[*]}}" COMP_POINT=${{#COMP_LINE}}
spec=$(complete -p hiddenlayer)
function=$(sed -E 's/.*-F ([^ ]+) .*/\\1/' <<< "$spec")
$function hiddenlayer "${{COMP_WORDS[$COMP_CWORD]}}" "${{COMP_WORDS[$((COMP_CWORD - 1))]}}"
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture
def bash(tmp_path, capsys):
    """A function: the completions that bash offers for a command line whose last word is not finished."""
    assert main(["completion", "bash"]) == 0
    script = tmp_path / "hiddenlayer.bash"
    script.write_text(capsys.readouterr().out)

    def complete(*words: str) -> set[str]:
        quoted = " ".join(f"'{word}'" for word in words)
        command = ["bash", "--norc", "-c", COMPLETE.format(script=script, words=quoted)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=True)
        assert not done.stderr
        return set(done.stdout.split())

    return complete


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("comp",), {"compact", "compare", "completion"}),
        (("run", "--budg"), {"--budget"}),
        (("run", "--provider", "m"), {"mlx"}),
        (("ask", "--strategy", "deb"), {"debate", "debate_when_needed"}),
        (("run", "--cache", ""), {"seeded", "all", "off"}),
        (("models", ""), {"get", "remove"}),
        (("open", "la"), {"last"}),
        (("completion", "z"), {"zsh"}),
    ],
)
def test_bash_completes(bash, words, offered):
    """Bash offers commands, options of a command, and the values that an option takes."""
    assert bash("hiddenlayer", *words) == offered


@pytest.mark.parametrize(("shell", "check"), [("zsh", "-n"), ("fish", "--no-execute")])
def test_other_shells_accept_their_script(shell, check, tmp_path, capsys):
    """zsh and fish read the scripts printed for them without an error."""
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}: apt-get install {shell}")
    assert main(["completion", shell]) == 0
    script = tmp_path / "script"
    script.write_text(capsys.readouterr().out)
    done = subprocess.run([shell, check, str(script)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which("fish") is None, reason="needs fish: apt-get install fish")
@pytest.mark.parametrize(("line", "offered"), [("comp", "compare"), ("run --budg", "--budget"), ("open la", "last")])
def test_fish_completes(line, offered, tmp_path, capsys):
    """fish offers commands, options and values."""
    assert main(["completion", "fish"]) == 0
    script = tmp_path / "hiddenlayer.fish"
    script.write_text(capsys.readouterr().out)
    command = ["fish", "--no-config", "-c", f"source {script}; complete -C 'hiddenlayer {line}'"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert offered in [shown.split("\t")[0] for shown in done.stdout.splitlines()]


def test_an_unknown_shell_is_one_clear_sentence(capsys):
    """A shell without a script is a usage error that names those that have one."""
    with pytest.raises(SystemExit, match="4"):
        main(["completion", "tcl"])
    assert "choose from" in capsys.readouterr().err


def test_without_shtab_the_sentence_names_it(capsys, monkeypatch):
    """Without shtab the command exits with 4 and says what to install."""
    monkeypatch.setitem(sys.modules, "shtab", None)
    assert main(["completion", "bash"]) == 4
    assert "found no package shtab; install it: pip install shtab" in capsys.readouterr().err
