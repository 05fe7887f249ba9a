"""`hiddenlayer tournament` as a user types it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.requirements import NEEDS_MATPLOTLIB
from support.tournaments import player

from pytest_hiddenlayer.analysis.tournament.tournament import TournamentOptions, run_tournament
from pytest_hiddenlayer.cli import main


def test_the_command_prints_standings(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`hiddenlayer tournament last` prints table, win rates and statements, and exits with 0."""
    assert main(["tournament", "last", "--elo"]) == 0
    out = capsys.readouterr().out
    assert re.search(r"1 +1–\d +good@scripted:m +\+\d\.\d{3} ± \d\.\d{3} .* 16 +8 +6 +2\n", out)
    assert re.search(r"1 good@scripted:m +· +0\.62 \(8\) +0\.75 \(8\)", out)
    assert "updates, k=16" in out
    assert "24 games on 8 samples of t, decided by headline scores" in out
    assert "only 8 samples: the intervals are rough" in out


def test_the_command_prints_json(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--json prints nothing but what tournament.json holds."""
    assert main(["tournament", "last", "--json"]) == 0
    (stored,) = (here / "reports" / "runs").glob("*/tournament.json")
    assert json.loads(capsys.readouterr().out) == json.loads(stored.read_text(encoding="utf-8"))


def test_the_same_seed_prints_the_same(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same seed gives the same intervals; another seed gives others."""
    printed = []
    for seed in ("5", "5", "6"):
        main(["tournament", "last", "--json", "--elo", "--seed", seed])
        printed.append(json.loads(capsys.readouterr().out)["players"])
    assert printed[0] == printed[1] != printed[2]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("nope",), "no run 'nope'"),
        (("last", "--games", "judge"), "add --judge PROVIDER"),
        (("last", "--games", "labels"), "add --labels FILE"),
        (("last", "--games", "scores", "--judge", "mlx"), "write --games judge"),
        (("last", "--max-games", "5"), "--games scores makes none"),
        (("last", "--judge", "scripted", "--pairs", "active"), "needs --max-games N"),
        (("last", "--judge", "scriptde"), "unknown provider 'scriptde'"),
        (("last", "--labels", "none.jsonl"), "none.jsonl"),
        (("last", "--picture", "x.gif"), "end it in .png or .svg"),
        (("last", "--task", "u"), "--task 'u': no such task"),
    ],
)
def test_wrong_words_exit_4(
    here: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], message: str
) -> None:
    """A wrong argument exits with 4 and says what to do."""
    assert main(["tournament", *words]) == 4
    caught = capsys.readouterr()
    assert message in caught.err
    assert caught.out == ""


@pytest.mark.parametrize(("option", "value"), [("--seed", "-1"), ("--max-games", "0"), ("--max-games", "many")])
def test_numbers_that_are_none_exit_4(
    here: Path, capsys: pytest.CaptureFixture[str], option: str, value: str
) -> None:
    """A number out of range exits with 4 and names its option."""
    with pytest.raises(SystemExit) as caught:
        main(["tournament", "last", option, value])
    assert caught.value.code == 4
    assert option in capsys.readouterr().err


def test_the_picture_holds_rates_and_counts(run: Path) -> None:
    """The picture has a row and a column a player, the best first, and rate and n in each cell but the diagonal's."""
    pytest.importorskip("matplotlib", reason=NEEDS_MATPLOTLIB)
    from pytest_hiddenlayer.analysis.tournament.win_matrix import _figure

    axes = _figure(run_tournament([run], TournamentOptions())).axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == [
        f"{place}  {player(name)}" for place, name in enumerate(("good", "fair", "poor"), 1)
    ]
    cells = {text.get_position(): text.get_text() for text in axes.texts}
    assert cells[1, 0] == "0.62\nn = 8"
    assert cells[0, 1] == "0.38\nn = 8"
    assert len(cells) == 6


@pytest.mark.parametrize(("name", "start"), [("win.png", b"\x89PNG"), ("deep/er/win.svg", b"<?xml")])
def test_the_command_writes_the_picture(here: Path, name: str, start: bytes) -> None:
    """--picture writes PNG and SVG, and creates the folder."""
    pytest.importorskip("matplotlib", reason=NEEDS_MATPLOTLIB)
    assert main(["tournament", "last", "--picture", name]) == 0
    assert (here / name).read_bytes().startswith(start)


def test_without_matplotlib_the_command_says_what_to_install(
    here: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without matplotlib --picture exits with 4 and says what to install; the other options work."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert main(["tournament", "last", "--picture", "win.png"]) == 4
    assert "pip install 'pytest-hiddenlayer[plots]'" in capsys.readouterr().err
    assert main(["tournament", "last"]) == 0


def test_an_interrupted_tournament_goes_on(here: Path) -> None:
    """Games decided before Ctrl-C are in the log, and the same command judges only the others."""
    slow = {"rules": [{"contains": f"question {at}", "reply": "[[A]]", "delay_s": 900 * (at > 3)} for at in range(8)]}
    judge = here / "judge.json"
    judge.write_text(json.dumps(slow), encoding="utf-8")
    command = [sys.executable, "-m", "pytest_hiddenlayer.cli", "tournament", "last", "--judge", "scripted:judge.json"]
    command += ["--concurrency", "48"]  # all calls of 24 games at once, in both orders
    (folder,) = (here / "reports" / "runs").iterdir()
    with subprocess.Popen(command, cwd=here, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as started:
        log = folder / "games.jsonl"
        while not log.is_file() or log.read_bytes().count(b"\n") < 12:
            assert started.poll() is None
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        err = started.communicate(timeout=300)[1]
    assert started.returncode == 2
    assert b"Traceback" not in err
    before = (folder / "games.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(before) == 12
    quick = [{"contains": f"question {at}", "reply": "[[C]]" if at > 3 else "unreadable now"} for at in range(8)]
    judge.write_text(json.dumps({"rules": quick}), encoding="utf-8")
    assert subprocess.run(command, cwd=here, capture_output=True, timeout=300).returncode == 0
    after = (folder / "games.jsonl").read_text(encoding="utf-8").splitlines()
    assert after[:12] == before
    assert [json.loads(line)["winner"] for line in after[12:]] == ["tie"] * 12
