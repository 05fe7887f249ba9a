"""Examples that are too similar to evaluation samples."""

from __future__ import annotations

import pytest
from support.finetuning import example

from pytest_hiddenlayer.finetuning.contamination import JudgedText, check_contamination

LONG = "a farmer has seventeen sheep and all but nine of them run away during the night"


def check(question, judged, answer="x"):
    """The kinds of matches of one example with samples."""
    texts = [JudgedText(task="t", sample=str(i), text=text) for i, text in enumerate(judged)]
    return [pair.kind for pair in check_contamination([example(question, answer)], texts).pairs]


@pytest.mark.parametrize("question", ["What is 2+2?", "what is 2 + 2", "WHAT IS 2+2 ??", "“What is 2+2?”"])
def test_short_texts_are_caught(question):
    """A question of few words is caught whatever its case, punctuation and spacing are."""
    assert check(question, ["What is 2+2?"]) == ["exact"]


def test_a_short_question_inside_an_example_is_caught():
    """A short sample is caught inside a longer example, and inside an answer."""
    assert check("Think first. What is 2+2? Answer with a number only.", ["What is 2+2?"]) == ["contained"]
    assert check("Go on.", ["What is 2+2?"], answer="They asked: what is 2+2? It is 4.") == ["contained"]


@pytest.mark.parametrize("judged", ["60*6", "What is 60*6?", "Calculate 50+16-28.", "48 less than 87", "9, 6, 6, 9"])
@pytest.mark.parametrize(
    "form",
    [
        "What is this? {}",
        "**{}**",
        "1. {}",
        "- {}",
        "Q: {}\nA:",
        "{}\n\n{}",
        "$ {} $",
        "Task: {}\nShow your work.",
        "`{}`",
    ],
)
def test_a_question_in_another_layout_is_caught(form, judged):
    """A calculation, or a list of numbers, is the same question in a list, in bold, in code, or twice."""
    assert check(form.replace("{}", judged), [judged])[0] in ("exact", "contained", "similar")


@pytest.mark.parametrize("question", ["60*6 = ?", "60*6=", "? = 60*6", "Is 60*6 = 360?"])
def test_a_calculation_is_the_same_with_an_equals_sign(question):
    """`= ?` does not go on with a calculation."""
    assert check(question, ["60*6"]) == ["contained"]


@pytest.mark.parametrize("question", ["Please help me. Reverse cloud. Take your time.", "reverse cloud\nplease"])
def test_a_question_of_two_words_is_caught_as_a_sentence(question):
    """Two words are a line or a sentence of their own; inside one they say too little."""
    assert check(question, ["Reverse cloud."]) == ["contained"]
    assert check("How can pilots reverse cloud seeding?", ["Reverse cloud."]) == []


@pytest.mark.parametrize("question", ["What's 2+2?", "What iss 2+2?"])
def test_a_few_other_characters_are_caught(question):
    """A short question with a typing error, or a contraction, is caught."""
    assert check(question, ["What is 2+2?"]) == ["similar"]


@pytest.mark.parametrize(
    ("question", "judged"),
    [
        ("What is 2+3?", "What is 2+2?"),
        ("What is 2+2*5?", "What is 2+2?"),
        ("What is 2-2?", "What is 2+2?"),
        ("60*6+3", "60*6"),
        ("Is 60*6 / 4 = 90?", "60*6"),
        ("Calculate 50+16-28.5", "Calculate 50+16-28"),
        ("9, 6, 6, 9, 9", "9, 6, 6, 9"),
        ("2**3", "2*3"),
        ("How many days are in 13 weeks?", "How many days are in 14 weeks?"),
        ("Who wrote it?", "Who ate it?"),
        ("Hello", "Good day"),
    ],
)
def test_other_questions_are_not_caught(question, judged):
    """Other numbers, signs or words make another question."""
    assert check(question, [judged]) == []


SHOP = "A shop has {} cakes. {} arrive, {} are sold, and {} more arrive. How many cakes does it have?"


def test_a_form_of_many_words_with_other_numbers_is_another_question():
    """Eight words in common do not make one question of two whose numbers all differ; one equal number does."""
    judged = [SHOP.format(12, 34, 56, 78)]
    assert check(SHOP.format(91, 23, 45, 67), judged) == []
    assert check(SHOP.format(12, 23, 45, 67), judged) == ["8-gram"]
    assert check(SHOP.format(12, 34, 56, 78) + " Explain.", judged) == ["13-gram"]


def test_forms_alone_are_not_caught():
    """A form that many questions share does not make two of them alike."""
    countries = ["Mali", "Peru", "Chad", "Togo", "Cuba", "Iran", "Iraq", "Fiji", "Laos", "Oman"]
    judged = [f"What is the capital of {name}?" for name in countries]
    assert check("What is the capital of Malta?", judged) == []
    assert check("What is the capital of Cuba?", judged) == ["exact"]


@pytest.mark.parametrize(("n_words", "kinds"), [(7, []), (8, ["8-gram"]), (12, ["8-gram"]), (13, ["13-gram"])])
def test_word_ngrams(n_words, kinds):
    """Eight consecutive words in common are reported as such, thirteen as the stronger match."""
    part = " ".join(LONG.split()[:n_words])
    assert check(f"Listen carefully now: {part} because of something else entirely", [LONG]) == kinds


def test_instructions_of_an_eval_are_not_a_match():
    """N-grams that all samples of an eval have, its instructions, match no example; they are counted."""
    form = "Read the question with care and then answer it with one word: {}"
    subjects = ("rivers", "trees", "planets", "kings")
    texts = [JudgedText(task="t", sample=word, text=form.format(word)) for word in subjects]
    result = check_contamination([example(form.format("birds of the sea"), "x")], texts)
    assert result.pairs == ()
    assert result.common > 0


def test_the_last_word_before_the_instructions_is_not_a_match():
    """A word that two questions share, followed by the eval's instructions, is no match; a whole question is one."""
    form = "Message: {} Which team answers it: billing, delivery, returns or technical? Answer with one word."
    asked = ("The kettle stopped after a week.", "Where is my parcel?", "I was charged twice.", "Can I pay by card?")
    judged = [JudgedText(task="t", sample=text, text=text, prompt=form.format(text)) for text in asked]
    other, same = (example(form.format(text), "x") for text in ("It should have come last week.", asked[0]))
    assert not check_contamination([other], judged).pairs
    assert check_contamination([same], judged).pairs


def test_a_text_that_a_group_of_samples_shares_is_a_match():
    """Ten questions on one text are one group: the text is not taken for instructions."""
    texts = [JudgedText(task="t", sample=str(n), text=f"{LONG}. {n}?", group="farm") for n in range(10)]
    result = check_contamination([example(f"{LONG}, and then?", "x")], texts)
    assert result.counts == {"13-gram": 10}


def test_pairs_are_reported_with_their_texts():
    """Each pair names both places and shows both texts and what they have in common."""
    result = check_contamination(
        [example("what is 2 + 2", "4")], [JudgedText(task="t", sample="s1", text="What is 2+2?")]
    )
    lines = str(result).splitlines()
    assert lines[0] == "1 of 1 examples are too similar to one of 1 evaluation samples"
    assert lines[1:] == ["  exact: what is 2 + 2: 'what is 2 + 2'", "    t s1: 'What is 2+2?' (what is 2 + 2)"]


def test_ten_thousand_texts_each():
    """Ten thousand examples and ten thousand samples are compared without comparing every pair."""
    forms = ("What is {}+{}?", "How many apples do {} boxes of {} hold?", "Add {} to {} and write the sum in words.")
    questions = [forms[n % 3].format(n, 7 * n % 1000) for n in range(20_000)]
    examples = [example(question, "x") for question in questions[:10_000]]
    judged = [JudgedText(task="t", sample=str(n), text=text) for n, text in enumerate(questions[9_990:19_990])]
    result = check_contamination(examples, judged)
    assert sorted(result.examples) == list(range(9_990, 10_000))


def test_other_numbers_in_a_form_of_many_words_are_not_caught():
    """A question of the same eight words with another number is another question."""
    assert check("Add 3 to 14 and write the sum in words.", ["Add 2 to 14 and write the sum in words."]) == []
