"""Games that a judge decides: selects the open games, and writes each to the log once it is decided."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias

from ...engine.judge_session import JudgeSession
from ...errors import ProviderError
from ...scorers.judge.pairwise import CRITERIA, TEMPLATE, judge_pair
from ...stats.paired_comparison_models.match_scheduling import Pair, next_pairs, schedule, shuffled
from ..answers import SampleKey
from .games import Game, GameLog, game_key, game_results
from .players import TournamentData

OpenGame: TypeAlias = tuple[Pair, SampleKey]
Progress: TypeAlias = Callable[[int, int], None]
"""Called after each game with (games decided so far, games wanted)."""

BATCH = 10
"""Games that active selection chooses at a time; their verdicts decide the next choice."""


class JudgedGames:
    """The games of a tournament with one judge. Games in the log are not judged again."""

    def __init__(self, data: TournamentData, judge: str, log: GameLog, *, seed: int = 0) -> None:
        self.data, self.judge, self.log, self.seed = data, judge, log, seed
        self.matchups: dict[Pair, list[SampleKey]] = {}  # pair → the samples on which both have an output
        for sample, a, b in data.matchups():
            if None not in (data.results[sample][a].output, data.results[sample][b].output):
                self.matchups.setdefault((a, b), []).append(sample)
        logged = log.read()
        keys = (self.key(pair, sample) for pair, samples in self.matchups.items() for sample in samples)
        self.games: dict[str, Game] = {key: logged[key] for key in keys if key in logged}
        self.failed: dict[str, ProviderError] = {}

    @property
    def possible(self) -> int:
        """How many games the answers allow."""
        return sum(map(len, self.matchups.values()))

    def key(self, pair: Pair, sample: SampleKey) -> str:
        """The key of a game. It changes with the judge, its seed and prompt, the question, and the answers."""
        return game_key(self.data, sample, *pair, "judge", self.judge, str(self.seed), TEMPLATE, CRITERIA)

    def open_games(self, max_games: int | None) -> list[OpenGame]:
        """The undecided games among the first `max_games` of a round robin, or among all.

        Decided games beyond the first `max_games` no longer count.
        """
        order = {self.key(*game): game for game in schedule(self.matchups, seed=self.seed)[:max_games]}
        self.games = {key: game for key, game in self.games.items() if key in order}
        return [game for key, game in order.items() if key not in self.games]

    def remaining(self, max_games: int) -> int:
        """The number of games still to be tried until `max_games` are decided or no game is open."""
        return min(max_games, self.possible) - len(self.games) - len(self.failed)

    def play(
        self, judge_session: JudgeSession, open_games: Sequence[OpenGame], on_game: Progress | None = None
    ) -> None:
        """Have the judge decide these games."""
        self._play(judge_session, open_games, len(self.games) + len(open_games), on_game)

    def play_active(self, judge_session: JudgeSession, max_games: int, on_game: Progress | None = None) -> None:
        """Have the judge decide the most informative games first, until `max_games` are decided.

        Stops early if a whole batch fails.
        """
        wanted = len(self.games) + self.remaining(max_games)
        while (remaining := self.remaining(max_games)) > 0:
            decided = len(self.games)
            self._play(judge_session, self._most_informative(min(BATCH, remaining)), wanted, on_game)
            if len(self.games) == decided:
                return

    def _most_informative(self, n: int) -> list[OpenGame]:
        """At most `n` untried games, the most informative first."""
        tried = {*self.games, *self.failed}
        queues = {
            pair: [sample for sample in shuffled(samples, pair, self.seed) if self.key(pair, sample) not in tried]
            for pair, samples in self.matchups.items()
        }
        open_counts = {pair: len(queue) for pair, queue in queues.items()}
        pairs = next_pairs(game_results(self.games.values()), open_counts, n, seed=self.seed)
        return [(pair, queues[pair].pop(0)) for pair in pairs]

    def _play(
        self, judge_session: JudgeSession, open_games: Sequence[OpenGame], wanted: int, on_game: Progress | None
    ) -> None:
        async def play(pair: Pair, sample: SampleKey) -> None:
            try:
                game = await self._decide(judge_session, pair, sample)
            except ProviderError as error:
                self.failed[self.key(pair, sample)] = error
                return
            self.log.append(game)
            self.games[game.key] = game
            if on_game is not None:
                on_game(len(self.games), wanted)

        judge_session.gather(play(*game) for game in open_games)

    async def _decide(self, judge_session: JudgeSession, pair: Pair, sample: SampleKey) -> Game:
        a, b = (self.data.results[sample][player] for player in pair)
        verdict = await judge_pair(
            judge_session.ask,
            a.question,
            a.output or "",
            b.output or "",
            reference=a.targets[0] if a.targets else None,
        )
        return Game(
            key=self.key(pair, sample),
            source="judge",
            rater=self.judge,
            task=sample.task,
            sample_id=sample.sample_id,
            cluster=self.data.cluster(sample),
            a=pair[0],
            b=pair[1],
            winner=verdict.winner,
            consistent=verdict.consistent,
            votes=(verdict.first, verdict.second) if verdict.first and verdict.second else None,
            explanation=verdict.explanation,
        )
