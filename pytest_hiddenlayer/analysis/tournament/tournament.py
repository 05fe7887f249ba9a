"""A tournament of the players of one or several runs, decided by scores, by a judge or by people.

The games go to `games.jsonl` in the first run's folder, each as soon as it is decided, so that
an interrupted tournament goes on where it stood; the standings to `tournament.json` beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ...errors import UsageError
from ...identifiers import slug
from ...io.atomic import write_json
from ...model_names import full_name
from ...types import ModelName
from .games import Game, GameLog, score_games, unplayed
from .judge_bias import effects
from .judged_games import JudgedGames, Progress
from .label_games import label_games
from .leaderboard import Standings, standings
from .players import TournamentData, read_field

FILE = "tournament.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class TournamentOptions:
    """How games are decided, and which."""

    source: Literal["scores", "judge", "labels"] = "scores"
    tasks: tuple[str, ...] = ()  # empty: all
    judge: ModelName | None = None
    labels: Path | None = None
    pairs: Literal["all", "active"] = "all"
    max_games: int | None = None  # None: all
    elo: bool = False
    seed: int = 0
    concurrency: int = 20

    def check(self) -> None:
        """Raise UsageError where two options do not go together."""
        judged = self.source == "judge"
        if judged and self.judge is None:
            raise UsageError("--games judge needs a judge: add --judge PROVIDER[:MODEL]")
        if self.source == "labels" and self.labels is None:
            raise UsageError("--games labels needs the file: add --labels FILE")
        if self.judge is not None and not judged:
            raise UsageError(f"--judge {self.judge} has no use with --games {self.source}; write --games judge")
        if self.labels is not None and self.source != "labels":
            raise UsageError(f"--labels {self.labels} has no use with --games {self.source}; write --games labels")
        if not judged and (self.pairs == "active" or self.max_games is not None):
            raise UsageError(
                f"--pairs active and --max-games save calls to a judge; --games {self.source} makes none"
            )
        if self.pairs == "active" and self.max_games is None:
            raise UsageError("--pairs active needs --max-games N: how many games may be judged")


def hold_tournament(
    folders: Sequence[Path], options: TournamentOptions, on_game: Progress | None = None
) -> Standings:
    """The standings of the players in these runs' folders, also on disk in the first of them.

    Raises UsageError for options that do not go together, fewer than two players, and no game;
    what opening the judge raises.
    """
    options.check()
    field = read_field(folders, options.tasks)
    games, notes, failed = _games(field, options, GameLog(folders[0]), on_game)
    found = standings(
        games,
        players=field.players,
        runs=field.runs,
        failed=failed,
        with_elo=options.elo,
        seed=options.seed,
        notes=[*notes, *field.notes],
    )
    write_json(folders[0] / FILE, found.to_json())
    return found


def _games(
    field: TournamentData, options: TournamentOptions, log: GameLog, on_game: Progress | None
) -> tuple[list[Game], list[str], int]:
    """(games, notes, how many failed); on return all games are in the log."""
    if options.judge is not None:
        return _judged(field, options, options.judge, log, on_game)
    if options.labels is not None:
        games, notes = label_games(field, options.labels)
        notes += effects(field, games)
    else:
        games = list(score_games(field))
        notes = _missing(unplayed(field, games), "was not scored")
    known = log.read()
    for game in games:
        if game.key not in known:
            log.append(game)
    return games, notes, 0


def _judged(
    field: TournamentData, options: TournamentOptions, judge: ModelName, log: GameLog, on_game: Progress | None
) -> tuple[list[Game], list[str], int]:
    play = JudgedGames(field, f"{judge.provider}:{full_name(judge)}", log, seed=options.seed)
    _ask(play, judge, options, on_game)
    games = sorted(play.games.values(), key=lambda game: game.key)
    notes = [f"a judge's call failed: {error}" for error in list(play.failed.values())[:1]]
    met = sum(map(len, play.matchups.values()))
    notes += _missing(sum(1 for _ in field.matchups()) - met, "has no whole answer")
    if len(games) + len(play.failed) < met:
        notes.append(f"{len(games)} of {met} possible games were judged")
    notes += _own(field, judge)
    return games, [*notes, *effects(field, games)], len(play.failed)


def _ask(play: JudgedGames, judge: ModelName, options: TournamentOptions, on_game: Progress | None) -> None:
    """Have the open games decided; where none is, the judge is not even opened."""
    from ...engine.judge_session import JudgeSession

    active = options.max_games if options.pairs == "active" else None
    openings = [] if active is not None else play.beginning(options.max_games)
    if not openings and (active is None or play.left(active) <= 0):
        return
    with JudgeSession(judge, concurrency=options.concurrency, seed=options.seed) as judge_session:
        if active is not None:
            play.play_active(judge_session, active, on_game)
        else:
            play.play(judge_session, openings, on_game)


def _own(field: TournamentData, judge: ModelName) -> list[str]:
    """A sentence where the judge is the model of a player; full names, as players' slugs may be shared."""
    model = full_name(judge)
    own = [
        name
        for name in field.players
        if name.endswith((f"@{judge.provider}:{slug(model)}", f"@{judge.provider}:{model}"))
    ]
    return [f"the judge is the model of {', '.join(own)}: judges favour their own answers"] if own else []


def _missing(count: int, why: str) -> list[str]:
    return [f"{count} meetings left out: one of the two {why}"] if count else []
