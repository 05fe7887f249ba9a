"""`choice`: the output names the right one of several lettered options."""

from __future__ import annotations

from dataclasses import dataclass

from ...protocols import Ask
from ...types import Sample, Score
from .extract import WHOLE, Extract, truncate
from .messages import compared, listed, no_target, not_found
from .multiple_choice import named_letters, options_in


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """1 where the output names the target's option by letter or text, else 0.

    The options are the sample's `choices`, or the lettered list at the end of its input.
    The target is a letter ('B', '(B)') or an option's text. An output that names several
    options and gives none of them as its answer is wrong, and the explanation says so.
    """

    extract: Extract = WHOLE

    name = "choice"
    version = "1"
    pass_score = 1.0
    needs_target = True

    def parse(self, output: str, sample: Sample) -> str | None:
        """The letter that is named; None where there is none or more than one."""
        letters = self._letters(output, sample)
        return letters[0] if len(letters) == 1 else None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1, 0, or unscored where the target is none of the options."""
        if not sample.targets:
            return no_target()
        options = _options(sample)
        right = sorted({letter for target in sample.targets for letter in _target_letters(target, options)})
        if not right:
            known = ", ".join(options) or "a letter"
            return Score(value=None, explanation=f"the target {listed(sample.targets)} is none of {known}")
        letters = self._letters(output, sample)
        if len(letters) != 1:
            found = f"found several: {', '.join(letters)}" if letters else "found no option"
            return not_found(found, right)
        return compared(letters[0], right, letters[0] in right)

    def _letters(self, output: str, sample: Sample) -> list[str]:
        text = self.extract.apply(output)
        return named_letters(truncate(text, self.extract.take), _options(sample)) if text else []


def _options(sample: Sample) -> dict[str, str]:
    """Letter → text; at most 26, empty where neither choices nor the input list any."""
    if sample.choices:
        return {chr(ord("A") + i): text for i, text in enumerate(sample.choices[:26])}
    if isinstance(sample.input, str):
        return options_in(sample.input)
    return options_in("\n".join(message.content for message in sample.input))


def _target_letters(target: str, options: dict[str, str]) -> list[str]:
    """The letter that the target is, or those of the options whose text it is."""
    same = [letter for letter, text in options.items() if text.strip().casefold() == target.strip().casefold()]
    letter = target.strip().strip("()[].:").upper()
    is_letter = len(letter) == 1 and (letter in options if options else "A" <= letter <= "Z")
    return [letter] if is_letter else same
