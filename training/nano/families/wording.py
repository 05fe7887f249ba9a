"""Words and answers in a requested form."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from ..forms import often
from ..questions import Question, fact_question, story_question, sum_question
from ..sampling import Draw
from ..words import WORDS
from . import Chat

LETTERS = "abcdefghijklmnopqrstuvwxyz"
REWRITES: dict[str, tuple[tuple[str, ...], Callable[[str], str]]] = {
    "upper": (
        often(
            (
                "Write {w} in upper case.",
                "Write {w} in capital letters.",
                "Put {w} in upper case.",
                "Make {w} upper case.",
                "{w} in capitals, please.",
            ),
            (
                "<Write/Put/Print/Type/Show> {w} in <upper case/capitals/capital letters/big letters><./, please.>",
                "<Write/Print/Type> {w} with <capital letters only/all letters in upper case/big letters>.",
                "<Make/Turn/Change> {w} <to upper case/into capitals/into capital letters/into upper case>.",
                "<I want/I need/We need> {w} in <upper case/capitals/capital letters>.",
                "<Upper case/Capitals/In capitals/In upper case/In big letters>: {w}",
                "{w}: <in capitals/write it in upper case/upper case, please/now in capital letters>",
                "Take <the word />{w} and <write it/put it/set it> in <upper case/capitals/capital letters>.",
                "<Give/Show/Write> <me/us> the <word/letters of the word> {w} in <capitals/upper case/big letters>.",
            ),
        ),
        str.upper,
    ),
    "spell": (
        often(
            (
                "Spell {w} with dashes.",
                "Spell {w}, with dashes between the letters.",
                "Write {w} with a dash between all letters.",
                "Put dashes between the letters of {w}.",
            ),
            (
                "<Spell/Write/Print/Say/Type> {w} with <dashes/a dash/dashes between the letters/dashes in between>.",
                "<Put/Set/Write/Place> <dashes/a dash> between <the/all/all the> letters of {w}<./, please.>",
                "<Join/Connect/Link/Write/Separate/Part> the letters of {w} <with/by> dashes.",
                "<Split/Break/Take> {w} into letters<, with dashes between./ with dashes./, dashes between them.>",
                "<With dashes/Letters with dashes/Letter by letter, with dashes>: {w}",
                "{w}: <with dashes/dashes between the letters/spell it with dashes/now with dashes>",
                "Take <the word />{w} and <put dashes between its letters/spell it with dashes/part it by dashes>.",
                "<Write/Give/List> <the/all> letters of {w} <and put dashes between/by dashes/with dashes>.",
                "<Part/Link/Join> the letters: {w}, <with dashes/by dashes>.",
            ),
        ),
        "-".join,
    ),
    "reverse": (
        often(
            ("Reverse {w}.", "Write {w} backwards.", "Spell {w} backwards.", "What is {w} in reverse?"),
            (
                "<Reverse/Invert/Flip/Turn over> <the word /the letters of /the word />{w}<./, please.>",
                "<Write/Spell/Say/Print/Type/Read> {w} <backwards/in reverse/from the end/from back to front>.",
                "<Write/Give/Say> the letters of {w} <in reverse order/backwards/from last to first>.",
                "<What is/How do you spell/How does one write> {w} <in reverse/backwards/from the end>?",
                "<Backwards/In reverse/The other way round/From last to first letter>: {w}",
                "Turn {w} <back to front/the other way round/backwards/end to front>.",
                "{w}: <backwards/write it backwards/now in reverse/from the end, letter after letter>",
                "Take <the word />{w} and <write it backwards/turn it round/reverse it/spell it from the end>.",
                "<Write/Say/Spell/Turn> {w} <letter by letter from the end/round/backwards, one after the other>.",
                "<Start/Begin> with the last letter: <spell/write> {w} <from there/backwards/to its first>.",
            ),
        ),
        lambda word: word[::-1],
    ),
    "capital": (
        (
            "Write {w} with a capital letter.",
            "Capitalize {w}.",
            "<Let/Make> {w} <begin/start> with a capital letter.",
        ),
        str.capitalize,
    ),
    "letters": (
        (
            "How many letters has {w}?",
            "Count the letters of {w}.",
            "How many letters are in {w}?",
            "<Say/Tell me> how many letters {w} has.",
        ),
        lambda word: str(len(word)),
    ),
    "initial": (
        (
            "What is the first letter of {w}?",
            "Name the first letter of {w}.",
            "With which letter does {w} <begin/start>?",
        ),
        lambda word: word[0],
    ),
    "final": (
        ("What is the last letter of {w}?", "Name the last letter of {w}.", "With which letter does {w} <end/stop>?"),
        lambda word: word[-1],
    ),
}
NEW_REWRITES = {
    "upper": ("Give me {w} in upper case letters.",),
    "spell": ("Take the letters of {w} and join them with dashes.",),
    "reverse": ("Turn {w} around, letter by letter.",),
}
_REWRITE_SHARES = {"upper": 4, "spell": 4, "reverse": 5, "capital": 1, "letters": 1, "initial": 1, "final": 1}
REPEATS = (
    "Repeat {w} {n} times, separated by commas.",
    "Repeat {w} {n} times, separated by commas.",
    "Write {w} {n} times, separated by commas.",
    "Say {w} {n} times, with commas between.",
    "<Repeat/Write/Say/Print/Type> {w} {n} times<, with commas./ with commas between./ and put commas between.>",
    "<Repeat/Write/Say> <the word /this: />{w} {n} times, <separated by/parted by/with> commas.",
)
BULLETS = often(
    (
        "Make a bullet list of {l}.",
        "Write {l} as a bullet list.",
        "Turn this into a bullet list: {l}",
        "Put {l} in a bullet list.",
        "Bullet list: {l}",
    ),
    (
        "<Make/Write/Create/Build/Show> <a bullet list/a bulleted list/bullet points/bullets> <of/from/with> {l}.",
        "<Write/Put/Show/Print/Set/Type> {l} <as a bullet list/as bullets/in bullets/in bullet form>.",
        "<Turn/Change/Make> <this/these/these words> into <a bullet list/bullets/a list of bullets>: {l}",
        "<Bullets/Bullet points/As bullets/In bullet points/With bullets>: {l}<./>",
        "<I need/We need/Show me/I would like> <a bullet list of/bullets for/a list with bullets of> {l}.",
        "<I need/We need/I would like> {l} <as a bullet list/as bullets/in bullets>.",
        "{l}<. Write that as a bullet list./ as a bullet list, please./. Make bullets of these./ in bullets.>",
    ),
)
NEW_BULLETS = ("I want {l} as bullet points.", "List {l} with bullets.")
NUMBERED = (
    "Make a numbered list of {l}.",
    "Write {l} as a numbered list.",
    "Number these: {l}",
    "<Make/Write/Show/Give> <a numbered list/a list with numbers> <of/from/with> {l}.",
)
JSON_ASKS = often(
    (
        '{q} Reply as JSON with the key "{k}".',
        '{q} Answer as JSON with the key "{k}".',
        '{q} Answer in JSON, key "{k}".',
        '{q} Give the answer as a JSON object with the key "{k}".',
        '{q}\nReturn JSON: {{"{k}": ...}}',
    ),
    (
        '{q} <Reply/Answer/Respond> <as JSON/in JSON/as a JSON object/in JSON form> with the <one /only />key "{k}".',
        '{q} <Return/Write/Give/Print> <JSON/a JSON object/only JSON> with <the key/one key,/a key> "{k}".',
        '{q} <The/Your> <answer/reply> <is/should be/has to be/shall be> JSON with the key "{k}".',
        '{q} <Use JSON/Answer in JSON/Put it in JSON/Write JSON> <under the key/with the key> "{k}".',
        '{q} <As JSON/In JSON>, <please, with the key/the key being/under the key> "{k}".',
    ),
)
NEW_JSON_ASKS = ('{q} Your reply must be a JSON object whose only key is "{k}".',)
KEYS = ("answer", "answer", "answer", "result", "value", "number", "reply")


def word(draw: Draw) -> str:
    """Return a word or random letters."""
    if draw.chance(0.6):
        return draw.rng.choice(WORDS)
    return "".join(draw.rng.choices(LETTERS, k=draw.rng.randint(3, 7)))


def rewrite(draw: Draw, kind: str = "") -> Chat:
    """Rewrite a word in upper case, spelled or reversed, or give its first letter, last letter or length."""

    def make() -> tuple[str, str]:
        shares = {k: s for k, s in _REWRITE_SHARES.items() if not draw.paraphrase or k in NEW_REWRITES}
        return kind or draw.rng.choices([*shares], [*shares.values()])[0], word(draw)

    chosen, text = draw.problem(make, lambda made: (word_key(*made),))
    forms, answer = REWRITES[chosen]
    prompt = draw.wording(forms, NEW_REWRITES.get(chosen, ())).format(w=text)
    return Chat(prompt=prompt, answer=answer(text), kind=chosen)


def repeat(draw: Draw) -> Chat:
    """Repeat a word several times on one line."""
    text = draw.problem(lambda: word(draw), lambda made: (word_key("repeat", made),))
    times = draw.rng.randint(2, 6)
    return Chat(prompt=draw.wording(REPEATS).format(w=text, n=times), answer=", ".join([text] * times), kind="repeat")


def word_key(kind: str, text: str) -> str:
    """Return the key of a rewriting: its kind and the word."""
    return f"{kind} {text}"


def bullets(draw: Draw, length: int = 0) -> Chat:
    """List words with dashes or numbers."""
    words = draw.problem(
        lambda: draw.rng.sample(WORDS, length or draw.rng.randint(2, 7)), lambda made: (list_key(made),)
    )
    shown = ", ".join(words)
    kind = f"{len(words)} words"
    if draw.chance(0.2) and not draw.paraphrase:
        answer = "\n".join(f"{place}. {text}" for place, text in enumerate(words, 1))
        return Chat(prompt=draw.wording(NUMBERED).format(l=shown), answer=answer, kind=kind)
    prompt = draw.wording(BULLETS, NEW_BULLETS).format(l=shown)
    return Chat(prompt=prompt, answer="\n".join(f"- {text}" for text in words), kind=kind)


def list_key(words: Sequence[str]) -> str:
    """Return the key of a list of words, independent of their order."""
    return f"list {' '.join(sorted(words))}"


def json_answers(draw: Draw) -> Chat:
    """Answer as JSON, without working, so the question must be short."""
    asked = draw.rng.choice((_short_sum, _short_sum, _short_story, fact_question))(draw)
    key = draw.rng.choice(KEYS)
    prompt = draw.wording(JSON_ASKS, NEW_JSON_ASKS).format(q=asked.text, k=key)
    return Chat(prompt=prompt, answer=json.dumps({key: asked.answer}), kind=asked.kind)


def _short_sum(draw: Draw) -> Question:
    sizes = draw.rng.choice(((2, 1), (2, 2), (3, 2), (3, 3)))
    return sum_question(draw, *(("*", (2, 1)) if draw.chance(0.25) else (draw.rng.choice("+-"), sizes)))


def _short_story(draw: Draw) -> Question:
    return story_question(draw, operators=draw.rng.choice("+-*"), digits=2)
