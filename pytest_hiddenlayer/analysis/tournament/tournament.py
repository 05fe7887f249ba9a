"""A tournament between the players of one or several runs, decided by scores, by a judge or by people.

Each game is written to `games.jsonl` in the first run's folder as soon as it is decided, so that an
interrupted tournament can continue. The standings are written to `tournament.json` in that folder.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...engine.judge_session import JudgeSession
from ...errors import UsageError
from ...identifiers import slug
from ...io.atomic import write_json
from ...model_names import full_name
from ...options import RunOptions
from ...types import ModelName
from .games import Game, GameLog, score_games, unplayed
from .judge_bias import bias_statements
from .judged_games import JudgedGames, Progress
from .label_games import label_games
from .leaderboard import Standings, standings
from .players import TournamentData, read_tournament_data

FILE = "tournament.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class TournamentOptions:
    """Which games are played, and what decides them."""

    source: Literal["scores", "judge", "labels"] = "scores"
    tasks: tuple[str, ...] = ()  # empty: all
    judge: ModelName | None = None
    labels: Path | None = None
    pairs: Literal["all", "active"] = "all"
    max_games: int | None = None  # None: all
    elo: bool = False
    seed: int = 0
    calls: RunOptions = RunOptions(concurrency=20)  # of the judge

    def check(self) -> None:
        """Raise UsageError if two options contradict each other."""
        judged = self.source == "judge"
        if judged and self.judge is None:
            raise UsageError("--games judge needs a judge: add --judge PROVIDER[:MODEL]")
        if self.source == "labels" and self.labels is None:
            raise UsageError("--games labels needs the file: add --labels FILE")
        if self.judge is not None and not judged:
            raise UsageError(f"--judge {self.judge} has no effect with --games {self.source}; write --games judge")
        if self.labels is not None and self.source != "labels":
            raise UsageError(f"--labels {self.labels} has no effect with --games {self.source}; write --games labels")
        if not judged and (self.pairs == "active" or self.max_games is not None):
            raise UsageError(
                f"--pairs active and --max-games save calls to a judge; --games {self.source} makes none"
            )
        if self.pairs == "active" and self.max_games is None:
            raise UsageError("--pairs active needs --max-games N: how many games may be judged")


def run_tournament(folders: Sequence[Path], options: TournamentOptions, on_game: Progress | None = None) -> Standings:
    """The standings of the players in these runs' folders; also written to the first folder.

    Raises UsageError for contradicting options, for fewer than two players, and if no game counts;
    also raises what opening the judge raises.
    """
    options.check()
    data = read_tournament_data(folders, options.tasks)
    games, notes, failed = _games(data, options, GameLog(folders[0]), on_game)
    result = standings(
        games,
        players=data.players,
        runs=data.runs,
        failed=failed,
        with_elo=options.elo,
        seed=options.seed,
        notes=[*notes, *data.notes],
    )
    write_json(folders[0] / FILE, result.to_json())
    return result


def _games(
    data: TournamentData, options: TournamentOptions, log: GameLog, on_game: Progress | None
) -> tuple[list[Game], list[str], int]:
    """(games, notes, number of failed games). All games are in the log on return."""
    if options.judge is not None:
        return _judged(data, options, options.judge, log, on_game)
    if options.labels is not None:
        games, notes = label_games(data, options.labels)
        notes += bias_statements(data, games)
    else:
        games = list(score_games(data))
        notes = _left_out(unplayed(data, games), "was not scored")
    logged = log.read()
    for game in games:
        if game.key not in logged:
            log.append(game)
    return games, notes, 0


def _judged(
    data: TournamentData, options: TournamentOptions, judge: ModelName, log: GameLog, on_game: Progress | None
) -> tuple[list[Game], list[str], int]:
    """(games, notes, number of failed games) of a tournament that a judge decides."""
    judged = JudgedGames(data, f"{judge.provider}:{full_name(judge)}", log, seed=options.seed)
    _play(judged, judge, options, on_game)
    games = sorted(judged.games.values(), key=lambda game: game.key)
    notes = [f"a judge's call failed: {error}" for error in list(judged.failed.values())[:1]]
    notes += _left_out(sum(1 for _ in data.matchups()) - judged.possible, "has no complete answer")
    if len(games) + len(judged.failed) < judged.possible:
        notes.append(f"{len(games)} of {judged.possible} possible games were judged")
    notes += _self_judged(data, judge)
    return games, [*notes, *bias_statements(data, games)], len(judged.failed)


def _play(judged: JudgedGames, judge: ModelName, options: TournamentOptions, on_game: Progress | None) -> None:
    """Have the judge decide the open games. The judge is opened only if there are any."""
    active = options.max_games if options.pairs == "active" else None
    open_games = [] if active is not None else judged.open_games(options.max_games)
    if not open_games and (active is None or judged.remaining(active) <= 0):
        return
    with JudgeSession(judge, options=options.calls, seed=options.seed) as judge_session:
        if active is not None:
            judged.play_active(judge_session, active, on_game)
        else:
            judged.play(judge_session, open_games, on_game)


def _self_judged(data: TournamentData, judge: ModelName) -> list[str]:
    """A sentence if the judge is a player's model. Compares full names too, as players may share a slug."""
    model = full_name(judge)
    endings = (f"@{judge.provider}:{slug(model)}", f"@{judge.provider}:{model}")
    judge_players = [player for player in data.players if player.endswith(endings)]
    return (
        [f"the judge is the model of {', '.join(judge_players)}: judges favour their own answers"]
        if judge_players
        else []
    )


def _left_out(count: int, reason: str) -> list[str]:
    return [f"{count} matchups left out: one of the two players {reason}"] if count else []
