"""`coherence`: by rules on real prose, and by a judge."""

from __future__ import annotations

import random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.judges import record, rules, write_case

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.scorers.judge.coherence import CRITERIA, Coherence
from pytest_hiddenlayer.scorers.match.cohesion import cohesion
from pytest_hiddenlayer.scorers.match.sentences import content, sentences, stem
from pytest_hiddenlayer.types import Spec

PROSE = {  # paragraphs out of copyright, by author and year
    "Lincoln 1863": """
        Four score and seven years ago our fathers brought forth on this continent, a new nation, conceived in
        Liberty, and dedicated to the proposition that all men are created equal. Now we are engaged in a great
        civil war, testing whether that nation, or any nation so conceived and so dedicated, can long endure. We
        are met on a great battle-field of that war. We have come to dedicate a portion of that field, as a
        final resting place for those who here gave their lives that that nation might live. It is altogether
        fitting and proper that we should do this. But, in a larger sense, we can not dedicate -- we can not
        consecrate -- we can not hallow -- this ground. The brave men, living and dead, who struggled here, have
        consecrated it, far above our poor power to add or detract. The world will little note, nor long
        remember what we say here, but it can never forget what they did here. It is for us the living, rather,
        to be dedicated here to the unfinished work which they who fought here have thus far so nobly advanced.
    """,
    "Carroll 1865": """
        Alice was beginning to get very tired of sitting by her sister on the bank, and of having nothing to do.
        Once or twice she had peeped into the book her sister was reading, but it had no pictures or
        conversations in it, "and what is the use of a book," thought Alice, "without pictures or
        conversations?" So she was considering in her own mind, whether the pleasure of making a daisy-chain
        would be worth the trouble of getting up and picking the daisies, when suddenly a White Rabbit with pink
        eyes ran close by her. There was nothing so very remarkable in that; nor did Alice think it so very much
        out of the way to hear the Rabbit say to itself, "Oh dear! I shall be late!" But when the Rabbit
        actually took a watch out of its waistcoat-pocket, and looked at it, and then hurried on, Alice started
        to her feet. It flashed across her mind that she had never before seen a rabbit with either a waistcoat-
        pocket, or a watch to take out of it. Burning with curiosity, she ran across the field after it, and was
        just in time to see it pop down a large rabbit-hole under the hedge. In another moment down went Alice
        after it, never once considering how in the world she was to get out again. The rabbit-hole went
        straight on like a tunnel for some way, and then dipped suddenly down.
    """,
    "Darwin 1859": """
        When on board H.M.S. Beagle, as naturalist, I was much struck with certain facts in the distribution of
        the inhabitants of South America. These facts seemed to me to throw some light on the origin of species,
        that mystery of mysteries, as it has been called by one of our greatest philosophers. On my return home,
        it occurred to me, in 1837, that something might perhaps be made out on this question by patiently
        accumulating and reflecting on all sorts of facts which could possibly have any bearing on it. After
        five years' work I allowed myself to speculate on the subject, and drew up some short notes. These I
        enlarged in 1844 into a sketch of the conclusions, which then seemed to me probable. From that period to
        the present day I have steadily pursued the same object.
    """,
    "Doyle 1891": """
        To Sherlock Holmes she is always the woman. I have seldom heard him mention her under any other name. In
        his eyes she eclipses and predominates the whole of her sex. It was not that he felt any emotion akin to
        love for Irene Adler. All emotions, and that one particularly, were abhorrent to his cold, precise but
        admirably balanced mind. He was, I take it, the most perfect reasoning and observing machine that the
        world has seen, but as a lover he would have placed himself in a false position. He never spoke of the
        softer passions, save with a gibe and a sneer.
    """,
    "Melville 1851": """
        Call me Ishmael. Some years ago -- never mind how long precisely -- having little or no money in my
        purse, and nothing particular to interest me on shore, I thought I would sail about a little and see the
        watery part of the world. It is a way I have of driving off the spleen and regulating the circulation.
        Whenever I find myself growing grim about the mouth; whenever it is a damp, drizzly November in my soul;
        I account it high time to get to sea as soon as I can. This is my substitute for pistol and ball. With a
        philosophical flourish Cato throws himself upon his sword; I quietly take to the ship. There is nothing
        surprising in this. If they but knew it, almost all men in their degree, some time or other, cherish
        very nearly the same feelings towards the ocean with me.
    """,
    "Smith 1776": """
        To take an example, therefore, from a very trifling manufacture, the trade of a pin-maker: a workman not
        educated to this business could scarce, perhaps, with his utmost industry, make one pin in a day, and
        certainly could not make twenty. But in the way in which this business is now carried on, not only the
        whole work is a peculiar trade, but it is divided into a number of branches, of which the greater part
        are likewise peculiar trades. One man draws out the wire; another straights it; a third cuts it; a
        fourth points it; a fifth grinds it at the top for receiving the head. I have seen a small manufactory
        of this kind, where ten men only were employed, and where some of them consequently performed two or
        three distinct operations. Those ten persons, therefore, could make among them upwards of forty-eight
        thousand pins in a day. Each person, therefore, might be considered as making four thousand eight
        hundred pins in a day.
    """,
    "Jefferson 1776": """
        We hold these truths to be self-evident, that all men are created equal, that they are endowed by their
        Creator with certain unalienable Rights, that among these are Life, Liberty and the pursuit of
        Happiness. That to secure these rights, Governments are instituted among Men, deriving their just powers
        from the consent of the governed. That whenever any Form of Government becomes destructive of these
        ends, it is the Right of the People to alter or to abolish it, and to institute new Government.
        Prudence, indeed, will dictate that Governments long established should not be changed for light and
        transient causes. But when a long train of abuses and usurpations evinces a design to reduce them under
        absolute Despotism, it is their right, it is their duty, to throw off such Government. Such has been the
        patient sufferance of these Colonies; and such is now the necessity which constrains them to alter their
        former Systems of Government. The history of the present King of Great Britain is a history of repeated
        injuries and usurpations. To prove this, let Facts be submitted to a candid world.
    """,
}
PROSE = {name: " ".join(text.split()) for name, text in PROSE.items()}


def value(text: str) -> float:
    found = cohesion(text)
    assert found is not None
    return found.value


def shuffles(text: str, n: int = 200) -> list[float]:
    rng, parts = random.Random(0), sentences(text)
    return [value(" ".join(rng.sample(parts, len(parts)))) for _ in range(n)]


# ---------------------------------------------------------------- by rules


def test_shuffled_sentences_hang_together_less():
    """The order in which an author put the sentences scores higher than a random one, by 0.05 on average."""
    gains = {name: value(" ".join(sentences(text))) - mean(shuffles(text)) for name, text in PROSE.items()}
    assert mean(gains.values()) > 0.05
    assert sum(gain > 0 for gain in gains.values()) >= len(gains) - 1


def test_sentences_of_different_authors_hang_together_less():
    """A text in which every sentence is another author's scores lower than any author's own."""
    parts = [sentences(text) for text in PROSE.values()]
    mixed = [value(" ".join(text[i] for text in parts)) for i in range(1, 5)]
    own = mean(value(text) for text in PROSE.values())
    assert max(mixed) < own
    assert mean(mixed) < own - 0.2


@pytest.mark.parametrize("n", [2, 3, 5, 20])
def test_one_sentence_repeated_scores_zero(n):
    """Repetition links every neighbour and adds nothing."""
    assert value("The cat sat on the mat. " * n) == 0.0


def test_two_sentences_in_turn_score_low():
    """Going round in a circle is repetition too."""
    assert value("The cat sat on the mat. The mat was warm for the cat. " * 6) < 0.15


def test_repeating_a_text_lowers_its_score():
    """A paragraph said twice scores less than once."""
    assert all(value(f"{text} {text}") < value(text) for text in PROSE.values())


def test_a_case_by_hand():
    """Links 1 (train), 0.5 (It), 0 (nothing); no pair of words comes twice: (1 + .5 + 0) / 3."""
    found = cohesion("The train left Oslo at nine. Our train was late! It came past noon. Grapes ripen slowly.")
    assert found is not None
    assert (found.sentences, found.links, found.repetition) == (4, (1.0, 0.5, 0.0), 0.0)
    assert found.value == pytest.approx(0.5)


def test_repetition_by_hand():
    """Of the second sentence's five pairs of words, its ends included, four stood in the first."""
    found = cohesion("Cats like warm milk. Cats like warm beds.")
    assert found is not None
    assert found.repetition == pytest.approx(3 / 5)  # ^cats, cats-like, like-warm; not warm-beds, beds$
    assert found.value == pytest.approx(1 - 3 / 5)


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("Oslo lies on a fjord. However, Bergen faces open sea.", (0.5,)),
        ("However, Bergen faces open sea. Oslo lies on a fjord.", (0.0, 0.0)),  # hangs on nothing
        ("Ada wrote a proof. She was pleased.", (0.0,)),  # a name at the head is not known as one
        ("A proof by Ada arrived. She was pleased.", (0.5,)),
        ("A proof arrived. She was pleased.", (0.0,)),  # nobody was named
        ("She wrote. Then they met her again.", (0.0, 0.5)),
        ("Shops opened early. Everyone went shopping.", (1.0,)),
        ("Grapes ripen. Trains leave.", (0.0,)),
    ],
)
def test_what_links_two_sentences(text, links):
    """A shared stem is a link, a pronoun that can refer or a connective half of one."""
    found = cohesion(text)
    assert found is not None
    assert found.links == links


@pytest.mark.parametrize("text", ["Just one sentence here.", "No end", "Yes!", "?!", "", " \n ", "1.5"])
def test_one_sentence_is_unscored(text):
    """There is nothing to connect."""
    assert cohesion(text) is None


@given(st.text(max_size=300))
def test_any_text_has_a_value_in_range_or_none(text):
    """Whatever is written, the value lies in [0, 1]."""
    found = cohesion(text)
    assert found is None or 0.0 <= found.value <= 1.0


@given(st.lists(st.sampled_from(["Cats like milk.", "It is warm.", "But why?", "She left."]), min_size=2))
def test_values_of_any_order_of_sentences_lie_in_range(parts):
    """Also where sentences repeat in any pattern."""
    assert 0.0 <= value(" ".join(parts)) <= 1.0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("Dr. Who met J. Smith. He left.", ["Dr. Who met J. Smith.", "He left."]),
        ("It cost 3.50 dollars, i.e. Too much.", ["It cost 3.50 dollars, i.e. Too much."]),
        ('He said "No." Then he left.', ['He said "No.', "Then he left."]),
        ("- one thing\n- another thing\n\n3) a third", ["one thing", "another thing", "a third"]),
        ("See No. 5 and Fig. 2. Then go on.", ["See No. 5 and Fig. 2.", "Then go on."]),
        ("Wait... what? Yes.", ["Wait... what?", "Yes."]),
        ("猫がいる。犬もいる。", ["猫がいる。", "犬もいる。"]),
    ],
)
def test_sentences(text, expected):
    """Sentences end at . ! ? before a capital or digit, and at line breaks, but not after abbreviations."""
    assert sentences(text) == expected


def test_stems():
    """Forms of a word have one stem, and different words have not."""
    assert len({stem(word) for word in ("shop", "shops", "shopped", "shopping")}) == 1
    assert len({stem(word) for word in ("carry", "carries")}) == 1
    assert content("The cat's house was quickly painted") == {"cat", "hous", "quick", "paint"}


# ---------------------------------------------------------------- as a scorer


def test_rules_need_no_model(tmp_path):
    """Without a model named it goes by rules, asks nobody, and says what it rests on."""
    text = "Cats like milk. Milk is warm. Trains leave."
    found = record(write_case(tmp_path, {"coherence": {}}), rules(answer=text))
    assert (found.score, found.outcome, len(found.transcript)) == (pytest.approx(0.5), "correct", 1)
    score = found.scores["coherence"]
    assert score["explanation"] == "1 of 2 neighbours share a word, 0% is repeated"
    assert score["details"] == {"sentences": 3, "links": [1.0, 0.0], "repetition": 0.0}


def test_one_sentence_is_unscored_with_its_reason(tmp_path):
    """A record of one sentence has no score by rules."""
    found = record(write_case(tmp_path, {"coherence": {}}), rules(answer="Cats like milk."))
    assert (found.outcome, found.error) == ("unscored", "one sentence: there is nothing to connect")


def test_the_judge_is_asked_by_the_rubric(tmp_path):
    """With `mode: judge` the run's judge reads the criterion and the text, not the question."""
    case = write_case(tmp_path, {"coherence": {"mode": "judge"}})
    found = record(case, rules({"role": "coherence", "reply": "[[4]]"}))
    assert (found.score, found.outcome) == (0.75, "correct")
    prompt = found.transcript[1]["messages"][-1]["content"]
    assert CRITERIA in prompt
    assert "plums" in prompt
    assert "Which fruit" not in prompt


def test_a_named_model_judges(tmp_path):
    """Naming a model is asking it."""
    case = write_case(tmp_path, {"coherence": {"model": "scripted:x", "scale": "yes_no"}})
    found = record(case, rules(), x=rules({"role": "coherence", "reply": "[[no]]"}))
    assert found.score == 0.0


def test_an_unreadable_judge_is_unscored(tmp_path):
    """The rules do not step in where the judge cannot be read."""
    text = "Cats like milk. Milk is warm."
    found = record(write_case(tmp_path, {"coherence": {"mode": "judge"}}), rules(answer=text))
    assert (found.outcome, found.score) == ("unscored", None)


def test_who_judges_is_known_before_it_runs():
    """`judged` says whether a model is asked, `judges` which."""
    assert [Coherence(mode=mode).judged for mode in (None, "rules", "judge")] == [False, False, True]
    assert (Coherence(model="mlx").judged, Coherence(model="mlx").judges) == (True, ("mlx",))


@pytest.mark.parametrize("params", [{"mode": "rules", "model": "mlx"}, {"mode": "x"}, {"scale": [1]}, {"samples": 0}])
def test_wrong_parameters_are_refused(params):
    """Each before anything runs."""
    with pytest.raises(UsageError):
        build_scorer(Spec(name="coherence", params=params))
