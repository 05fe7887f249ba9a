"""How recorded answers are scored: by their targets, else by their verdicts; and how their texts are read."""

from __future__ import annotations

import re
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from ..scorers.match.choice import Choice
from ..scorers.match.extract import MAX_CHARS, WHOLE, Extract
from ..scorers.match.numbers import find_numbers
from ..scorers.recorded_verdict import RecordedVerdict
from ..strategies.recorded import recorded_vote
from ..types import RecordedAnswer, Recording, Sample
from .draft import DraftSample, Work

READERS = ("exact", "choice", "numeric")
"""The scorers that can read recorded answers."""
VERDICT = "recorded_verdict"
CHOICES = (*READERS, VERDICT)
"""The names for `--scorer`."""
IN_BRACKETS = r"\(([A-J])\)"
MAX_CONFLICTS = 0.1
"""Share of answers with another verdict than equal ones above which texts are not read that way."""
PAIRS = (("yes", "no"), ("true", "false"))
"""Answers that are the choices of a question without `choices`."""
_ANY = Sample(id="", input="")
_LOOKED_AT = 500  # texts that decide how answers are read
_SHORT = 40  # characters of a text that is an answer by itself


def scorer_of(
    samples: Sequence[DraftSample], recordings: Sequence[Recording], work: Work
) -> tuple[Any, dict[str, Any]]:
    """Return the scorer of a task file and further fields, and say which was chosen and why."""
    answers = [answer for recording in recordings for answer in _all(recording)]
    has_text = any(answer.text is not None or answer.answer is not None for answer in answers)
    has_verdict = any(answer.verdict is not None for answer in answers) or any(r.counts for r in recordings)
    if not has_text:
        work.note("no texts are recorded, only verdicts: they are the scores, and there is nothing to vote on")
        return VERDICT, {}
    if work.scorer != VERDICT and any(sample.target is not None for sample in samples):
        return _by_targets(samples, recordings, work), {}
    return _by_verdicts(samples, recordings, has_verdict, work)


def _by_targets(samples: Sequence[DraftSample], recordings: Sequence[Recording], work: Work) -> str:
    """The scorer that compares answers with targets. Two words such as yes and no become the choices of all."""
    targets = {text.strip().casefold() for sample in samples for text in _texts(sample.target)}
    pair = next((pair for pair in PAIRS if targets <= set(pair)), None)
    if pair and work.scorer in (None, "choice") and _set_choices(samples, pair):
        reader, how = "choice", f" with the choices {pair[0]} and {pair[1]}"
    else:
        reader, how = work.scorer or _of_targets(samples), ""
    _say(work, f"answers are compared with the targets by `{reader}`{how}", chosen=work.scorer is not None)
    if reader == "exact":
        _warn_of_words_around(samples, recordings, work)
        _warn_of_whole_texts(recordings, work)
    return reader


def _set_choices(samples: Sequence[DraftSample], pair: tuple[str, str]) -> bool:
    """Whether no sample had choices; then all have these."""
    if any(sample.choices for sample in samples):
        return False
    for sample in samples:
        sample.choices = list(pair)
    return True


def _warn_of_words_around(samples: Sequence[DraftSample], recordings: Sequence[Recording], work: Work) -> None:
    """Say how many wrong answers have a target as a word among others: a trap, because `exact` wants nothing else."""
    looked_at = found = 0
    for sample, recording in zip(samples, recordings, strict=True):
        if looked_at >= _LOOKED_AT:
            break
        targets = [text.strip() for text in _texts(sample.target) if text.strip()]
        words = re.compile("|".join(rf"(?<!\w){re.escape(target)}(?!\w)" for target in targets), re.IGNORECASE)
        known = _texts_of(_all(recording)) if targets else []
        looked_at += len(known)
        found += sum(text.strip() not in targets and words.search(text[-MAX_CHARS:]) is not None for text in known)
    if found > MAX_CONFLICTS * looked_at:
        work.note(
            f"{found} of the first {looked_at} answers have a target among other words or in other spelling, which "
            "`exact` counts as wrong; give `answer`, or write an `extract` rule or `normalize` into the task file"
        )


def _warn_of_whole_texts(recordings: Sequence[Recording], work: Work) -> None:
    """Say that whole texts vote, and almost all differ: a vote then chooses the first, which is no majority."""
    n = distinct = 0
    for recording in recordings:
        by_round: dict[int, list[str]] = {}
        for _, number, answer in recording.answers():
            by_round.setdefault(number, []).extend(_texts_of([answer]))
        voting = [texts for texts in by_round.values() if len(texts) > 1]
        n += sum(len(texts) - 1 for texts in voting)
        distinct += sum(len(set(texts)) - 1 for texts in voting)
        if n >= _LOOKED_AT:
            break
    if n and distinct >= 0.9 * n:
        work.note(
            "almost all texts of a question differ, and `exact` compares whole texts: a vote chooses the first of "
            "them, and its figures say nothing of a majority; give `answer`, or write an `extract` rule"
        )


def _by_verdicts(
    samples: Sequence[DraftSample], recordings: Sequence[Recording], has_verdict: bool, work: Work
) -> tuple[Any, dict[str, Any]]:
    """The scorer that reads verdicts, with the way in which texts are read for votes."""
    texts = _texts_of(answer for recording in recordings for answer in _all(recording))
    if not has_verdict and set(texts) <= {"0", "1"}:
        work.note("all answers are 0 or 1; if they say whether an answer was right, write true and false")
    scores = "the recorded verdicts are the scores" if has_verdict else "there are no targets and no verdicts"
    if (pair := _pair_of(texts, recordings, work)) and _set_choices(samples, pair):
        _say(work, f"{scores}, and texts are read for {pair[0]} or {pair[1]}", chosen=False)
        return {VERDICT: {"answers": "choice"}}, {} if has_verdict else {"min_scored": 0}
    reader = _reader(work.scorer if work.scorer in READERS else _of_texts(texts), texts)
    conflicts, known = conflicts_of(recordings, reader)
    if conflicts > MAX_CONFLICTS * known and work.scorer not in READERS and reader.answers != "exact":
        scores += f"; as `{reader.answers}` reads texts, equal answers to a question would have different verdicts"
        reader = RecordedVerdict()
        conflicts, known = conflicts_of(recordings, reader)
    how = "by the last letter in brackets, such as (B)" if reader.extract.pattern else f"as `{reader.answers}` does"
    _say(work, f"{scores}, and texts are read {how}", chosen=work.scorer in READERS)
    if reader.answers == "exact":
        _warn_of_whole_texts(recordings, work)
    if conflicts:
        work.note(f"{conflicts} of {known} answers have another verdict than most equal answers to their question")
    extract = {"extract": {"pattern": reader.extract.pattern}} if reader.extract.pattern else {}
    fields: dict[str, Any] = {} if has_verdict else {"min_scored": 0}
    return {VERDICT: {"answers": reader.answers, **extract}}, fields


def _reader(name: str, texts: Sequence[str]) -> RecordedVerdict:
    """How texts are read: if half of them have a letter in brackets, the last one is the choice."""
    in_brackets = name == "choice" and _share(texts, _names_in_brackets) >= 0.5
    return RecordedVerdict(answers=name, extract=Extract(pattern=IN_BRACKETS) if in_brackets else WHOLE)  # type: ignore[arg-type]


def _pair_of(texts: Sequence[str], recordings: Sequence[Recording], work: Work) -> tuple[str, str] | None:
    """The pair that nine of ten texts answer with, if equal answers then have equal verdicts."""
    if work.scorer in READERS:
        return None
    for pair in PAIRS:
        if texts and sum(_names_one(text, pair) for text in texts) >= 0.9 * len(texts):
            reader, asked = RecordedVerdict(answers="choice"), Sample(id="", input="", choices=pair)
            conflicts, known = conflicts_of(recordings, reader, asked)
            return pair if conflicts <= MAX_CONFLICTS * known else None
    return None


def _names_one(text: str, pair: tuple[str, str]) -> bool:
    """Whether a text answers with one of two words; a letter may name another list of choices."""
    has_word = re.search(rf"\b(?:{'|'.join(pair)})\b", text[-MAX_CHARS:], re.IGNORECASE)
    return has_word is not None and Choice().parse(text, Sample(id="", input="", choices=pair)) is not None


def conflicts_of(recordings: Iterable[Recording], reader: RecordedVerdict, asked: Sample = _ANY) -> tuple[int, int]:
    """Return how many answers have another verdict than most equal answers to their question, and of how many.

    More than a few mean that the texts are read wrongly: in a game of 24, every answer ends with 24.
    """
    conflicts = known = 0
    for recording in recordings:
        if known >= _LOOKED_AT:
            break
        verdicts: dict[str, Counter[bool]] = {}
        for _, _, answer in recording.answers():
            vote = recorded_vote(
                answer, answer.completion, answer.finish_reason, lambda text: reader.parse(text, asked)
            )
            if vote is not None and answer.verdict is not None:
                verdicts.setdefault(vote, Counter())[answer.verdict] += 1
        conflicts += sum(counts.total() - max(counts.values()) for counts in verdicts.values())
        known += sum(counts.total() for counts in verdicts.values())
    return conflicts, known


def _all(recording: Recording) -> list[RecordedAnswer]:
    final = [] if recording.final is None else [recording.final]
    return [answer for _, _, answer in recording.answers()] + final


def _say(work: Work, what: str, *, chosen: bool) -> None:
    others = "" if chosen else "; choose another with --scorer, or write it into the task file"
    work.note(f"{what}{others}")


def _of_targets(samples: Sequence[DraftSample]) -> str:
    targets = [text for sample in samples for text in _texts(sample.target)]
    if all(sample.choices for sample in samples) or all(map(_is_letter, targets)):
        return "choice"
    return "numeric" if all(map(_is_number, targets)) else "exact"


def _texts_of(answers: Iterable[RecordedAnswer]) -> list[str]:
    known = (answer.text if answer.answer is None else answer.answer for answer in answers)
    return list(islice((text for text in known if text and text.strip()), _LOOKED_AT))


def _of_texts(texts: Sequence[str]) -> str:
    """How texts without targets are read: single letters, numbers, or as they are."""
    if not texts:
        return "exact"
    if max(_share(texts, _names_letter), _share(texts, _names_in_brackets)) >= 0.5:
        return "choice"
    if statistics.median(map(len, texts)) <= _SHORT:
        return "numeric" if _share(texts, _is_number) >= 0.9 else "exact"
    return "numeric" if _share(texts, lambda text: bool(find_numbers(text))) >= 0.9 else "exact"


def _share(texts: Sequence[str], holds: Callable[[str], bool]) -> float:
    return sum(map(holds, texts)) / max(1, len(texts))


def _texts(target: str | list[str] | None) -> list[str]:
    return [target] if isinstance(target, str) else target or []


def _is_letter(text: str) -> bool:
    """Whether a text is the letter of a choice; small letters after j are more often answers themselves."""
    letter = text.strip().strip("()[].:")
    return len(letter) == 1 and ("A" <= letter <= "Z" or "a" <= letter <= "j")


def _is_number(text: str) -> bool:
    """Whether a text is one number, perhaps with a unit, and no sentence."""
    return len(find_numbers(text)) == 1 and len(text.split()) <= 2


def _names_in_brackets(text: str) -> bool:
    return re.search(IN_BRACKETS, text) is not None


def _names_letter(text: str) -> bool:
    return Choice().parse(text, _ANY) is not None
