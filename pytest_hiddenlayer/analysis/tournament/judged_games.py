"""Games that a judge decides: which are open, which come next, and each on disk as soon as it is decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ...engine.judge_session import JudgeSession
from ...errors import ProviderError
from ...scorers.judge.pairwise import CRITERIA, TEMPLATE, judge_pair
from ...stats.paired_comparison_models.match_scheduling import Pair, next_pairs, schedule, shuffled
from .games import Game, GameLog, game_key, triples
from .players import SampleKey, TournamentData

Opening: TypeAlias = tuple[Pair, SampleKey]
Progress: TypeAlias = Callable[[int, int], None]
"""Called after each game with (games decided so far, games wanted)."""

BATCH = 10
"""Games that are chosen at a time by active selection; their verdicts choose the next."""


class JudgedGames:
    """The games of a field before one judge; those that the log knows are not asked again."""

    def __init__(self, field: TournamentData, judge: str, log: GameLog, *, seed: int = 0) -> None:
        self.field, self.judge, self.log, self.seed = field, judge, log, seed
        self.matchups: dict[Pair, list[SampleKey]] = {}  # pair → the samples on which both have an output
        for spot, a, b in field.matchups():
            if None not in (field.entries[spot][a].output, field.entries[spot][b].output):
                self.matchups.setdefault((a, b), []).append(spot)
        known = log.read()
        keys = (self.key(pair, spot) for pair, spots in self.matchups.items() for spot in spots)
        self.games: dict[str, Game] = {key: known[key] for key in keys if key in known}
        self.failed: dict[str, ProviderError] = {}

    def key(self, pair: Pair, spot: SampleKey) -> str:
        """The key of a game: another judge, seed, answer, question or judge's prompt is another game."""
        return game_key(self.field, spot, *pair, "judge", self.judge, str(self.seed), TEMPLATE, CRITERIA)

    def beginning(self, most: int | None) -> list[Opening]:
        """The undecided among the round robin's first `most` games, or of all; decided ones beyond do not count."""
        order = {self.key(*opening): opening for opening in schedule(self.matchups, seed=self.seed)[:most]}
        self.games = {key: game for key, game in self.games.items() if key in order}
        return [opening for key, opening in order.items() if key not in self.games]

    def left(self, most: int) -> int:
        """How many games may still be tried until `most` are decided or none is open."""
        return min(most, sum(map(len, self.matchups.values()))) - len(self.games) - len(self.failed)

    def play(self, judge_session: JudgeSession, openings: Sequence[Opening], on_game: Progress | None = None) -> None:
        """Decide these games."""
        self._play(judge_session, openings, len(self.games) + len(openings), on_game)

    def play_active(self, judge_session: JudgeSession, most: int, on_game: Progress | None = None) -> None:
        """Decide games, those that tell most first, until `most` are; stops where a whole batch fails."""
        wanted = len(self.games) + self.left(most)
        while (left := self.left(most)) > 0:
            before = len(self.games)
            self._play(judge_session, self._next(min(BATCH, left)), wanted, on_game)
            if len(self.games) == before:
                return

    def _next(self, n: int) -> list[Opening]:
        tried = {*self.games, *self.failed}
        queues = {
            pair: [spot for spot in shuffled(spots, pair, self.seed) if self.key(pair, spot) not in tried]
            for pair, spots in self.matchups.items()
        }
        ready = {pair: len(queue) for pair, queue in queues.items()}
        chosen = next_pairs(triples(self.games.values()), ready, n, seed=self.seed)
        return [(pair, queues[pair].pop(0)) for pair in chosen]

    def _play(
        self, judge_session: JudgeSession, openings: Sequence[Opening], total: int, on_game: Progress | None
    ) -> None:
        async def play(pair: Pair, spot: SampleKey) -> None:
            try:
                game = await self._decide(judge_session, pair, spot)
            except ProviderError as error:
                self.failed[self.key(pair, spot)] = error
                return
            self.log.append(game)
            self.games[game.key] = game
            if on_game is not None:
                on_game(len(self.games), total)

        judge_session.gather(play(*opening) for opening in openings)

    async def _decide(self, judge_session: JudgeSession, pair: Pair, spot: SampleKey) -> Game:
        one, other = (self.field.entries[spot][name] for name in pair)
        found = await judge_pair(
            judge_session.ask,
            one.question,
            one.output or "",
            other.output or "",
            reference=one.targets[0] if one.targets else None,
        )
        return Game(
            key=self.key(pair, spot),
            source="judge",
            rater=self.judge,
            task=spot.task,
            sample_id=spot.sample_id,
            cluster=self.field.cluster(spot),
            a=pair[0],
            b=pair[1],
            winner=found.winner,
            consistent=found.consistent,
            votes=(found.first, found.second) if found.first and found.second else None,
            explanation=found.explanation,
        )
