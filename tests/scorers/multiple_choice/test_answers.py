"""Which option an output names, in the ways that models write answers."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.scorers.multiple_choice.answers import named_letters
from pytest_hiddenlayer.scorers.multiple_choice.options import option_named, options_in

COLOURS = ("light red", "dark blue", "pale green", "plain grey")

# One output per line; \\n is a line break.
NAMES_B = r"""
b is correct
B. Option A is wrong because it is too pale.
**B**\n\nOption A is wrong. Option C is too bright.
B. The others (A, C, D) do not fit.
The correct choice is B, because option A is too pale.
B) dark blue. A is too pale.
Answer: B. Not A.
(B), since (A) is too pale
(B) because A is too bright
B because A is too bright
B: option A is paler.
B - dark blue. Light red is too bright.
B, as A and C are wrong.
B\nA is too pale; C is too bright.
Option (A) is too pale. The answer is $\boxed{\text{B}}$.
I considered option A. Final choice: \boxed{\mathrm{B}}
\boxed{(B)}
\boxed{\text{(B) dark blue}}
\boxed{\mathbf{B}}
\boxed{\textbf{B}}
\boxed{dark blue}
\boxed{\text{dark blue}}
$\boxed{B}$
First A, then C. $$\boxed{\text{Option B}}$$
b. It fits.
The answer is b because it fits.
(b)
b
b) dark blue
answer: (b)
option b
The correct answer is b) dark blue.
the answer is b.
I'd go with b, since it fits.
答案是B
答案：B
答案为B。
答案选B
正确答案是 B。
正确选项是B
故选B
故选：B
选B
选择B
因此选择B项。
我选B，因为A太短
A太短，所以选B
本题答案为B，A不正确
B是正确的
排除A、C、D，B正确
不是A，而是B
正解はB
正解はBです。
答えはB
答えはBです
答え：B
Bが正解です。
Aではなく、Bです。
정답은 B입니다.
정답: B
정답은 B
답은 B이다.
A는 틀렸습니다. 정답은 B입니다.
B가 정답입니다.
A가 아니라 B입니다.
Ｂ
答案是Ｂ
正解は（Ｂ）です
（Ｂ）
Die Antwort ist B
Antwort: B
Die richtige Antwort ist B.
Antwort B ist richtig.
La réponse est B
Réponse : B
La bonne réponse est la B.
La réponse correcte est B.
La respuesta es B
Respuesta: B
La respuesta correcta es la B.
La respuesta correcta es la opción B.
La risposta è B
La risposta corretta è la B.
A resposta é B
A resposta correta é a B.
A alternativa correta é a B.
Resposta: B
Ответ: B
Правильный ответ — B.
Het juiste antwoord is B.
Doğru cevap B
Cevap: B
Đáp án là B
Odpowiedź: B
الإجابة: B
คำตอบคือ B
उत्तर: B
It's not A but B.
It's not A. It's B.
Not A, but B.
The answer is B, not A.
B, not A
B not A
A is wrong. B is correct.
A is too pale, C is too bright, D is far too dim. So B.
I can rule out A and C, so it must be B.
It can't be A. B fits.
Option B is correct; options A and C are wrong.
The answer isn't A; it is B.
Neither A nor C is right. B is.
I choose B over A.
B rather than A
I'd pick B instead of A.
The answer is B rather than C.
Answer: B (A is too pale)
Answer: B, A is too pale
Answer: B, because A is too pale
Answer: **B**
**Answer: B**
**Answer:** B
**Answer:**B
*B*
__B__
`B`
**B.** dark blue
**(B)** dark blue
**B) dark blue**
The answer is 'B'.
The answer is "B".
The answer is “B”.
“B”
Answer - B
ANSWER: B
Final Answer: B
## Answer\nB
Let me think.\nA is too pale.\n\nB
Reasoning about A and C.\n\n**B**
<answer>B</answer>
{"answer": "B"}
```json\n{"answer": "B"}\n```
A dog wears dark blue
A good answer is B
I think B
I think the answer is B
I believe it's B.
So the answer must be B.
Therefore, B.
Thus B is the answer.
B is the answer
dark blue
Dark blue.
DARK BLUE
It wears dark blue.
"dark blue"
(dark blue)
_dark blue_
The answer is dark blue, not light red.
dark\u00a0blue
B. dark blue
B) dark blue\n\nLight red is too bright and pale green as well.
A. light red\nB. dark blue\nC. pale green\nD. plain grey\n\nAnswer: B
A) light red is too bright.\nB) dark blue is right.\nC) pale green is too bright.
Is it A? No. Is it C? No. The answer is B.
If the answer is A, it would be pale. The answer is B.
~~A~~ B
A. No wait, B.
Answer: A. Wait. Answer: B
Of course! The answer is B.
Sure! B
Option B
Option B. Option A is too pale.
Choice B
The answer is option B: dark blue.
The best option is B
Out of A, B, C and D, the correct one is B.
B is correct
B is right, A is wrong
B looks right
it must be B
B!
B
 B
[B]
{B}
<B>
B)
B.
B:
(B).
Answer (B)
Answer B
The answer is: B
The answer is:\n\nB
The answer is\n(B) dark blue
answer is clearly B
answer would be B
My answer is B, though A is close.
Between A and B, I choose B.
I would select B.
We select (B).
#### B
Ans: B
Ans. B
Respuesta final: B
B: dark blue
C is tempting, but B is correct.
A and C are wrong, so B is correct.
Only B is correct.
I vote for B.
Hmm, could it be A? I'd say B.
B is a better answer than A
the right answer is B and A is wrong
C is incorrect. D is incorrect. A is incorrect. B is correct.
Answer: B\n\nExplanation: A is too pale, C is too bright.
Answer: B\n\nA: too pale\nC: too bright
B\n\nExplanation: Option A is too pale.
The answer is B. Option A is wrong.
The answer is (B) and not (A).
\\(\\boxed{B}\\)
\[\boxed{B}\]
B! Option A is a trap.
B is more likely than C.
I prefer B to A.
A is tempting, but B is better.
I was torn between A and C, but ended up with B.
Some say A. It is B.
A, C and D can be ruled out; B remains.
A, C, D는 오답이고 B가 정답이다.
Everything but B is wrong.
This eliminates all but B.
It can't be anything other than B.
There is no doubt that it is B.
A, I mean B
The answer is A... Sorry, I meant B.
Correct: B\nWrong: A, C, D
If I had to choose, I'd choose B. A is too pale.
The answer is 'b'.
Ans. b
b and not a
Cevap B'dir
✅ B\n❌ A\n❌ C\n❌ D
❌ A\n✅ B\n❌ C\n❌ D
- [ ] A. light red\n- [x] B. dark blue\n- [ ] C. pale green
☐ A ☑ B ☐ C ☐ D
| A | no |\n| B | yes |\n| C | no |\n| D | no |
A=wrong, B=right, C=wrong, D=wrong
A. light red [incorrect]\nB. dark blue [correct]\nC. pale green [incorrect]
A) light red\nB) dark blue <-- answer\nC) pale green
A) light red\n**B) dark blue**\nC) pale green\nD) plain grey
Ⓑ
A. light red - This is incorrect.\nB. dark blue - This is correct.\nC. pale green - This is incorrect.
True: B\nFalse: A, C, D
B is not wrong.
No option is better than B.
All are wrong except B.
I can eliminate all options but B.
B: no other option fits.
B - no doubt.
Is it A? No. Is it B? Yes.
A. light red\nB. dark blue\nC. pale green\nD. plain grey\n\nB
A vs B: B wins
B is correct, but it's not the whole story.
选B不选A
虽然A看似合理，但B更准确。
The answer is 𝐁.
"""
NAMES_A = r"""
A
A.
A is better
Hmm, A
A because it is larger
Answer: A
The answer is A
The answer is A in this case.
A. Light red. B is too pale.
A, since B is too pale
答案是A
It is A.
The answer is a.
(a)
a)
a
I think it's A.
A is correct.
So A is right.
Light red
"""
SEVERAL = r"""
Answer: A, B
Answer: A and C
I choose A, B and C
A or B
A/B
A, B
A and B
both A and B
Both A and B are correct.
The answer is A or B
The answer is either A or B.
Answer: A/B
Answer: A & B
Answer: AB
Answer: A, B, C
Answer: (A), (B)
Answer: (A) and (B)
答案是A和B
答案：A、B
答案是AB
정답은 A와 B입니다
正解はAとBです
Die Antwort ist A oder B
La réponse est A ou B
La respuesta es A o B
I think it is A or maybe B.
It could be A or B.
\boxed{A, B}
\boxed{AB}
A or maybe B
A and also B
(A) fits, (B) fits
light red or dark blue
Answer: light red or dark blue
A is correct and B is correct
Options A and B
Either A or B
Answer: A; B
Answer: A B
Answer: a, b
A\nB
A... or B
A (or B)
A, but could also be B
Answer: A. Alternatively, B.
The answer could be A or it could be B.
The answer is A and the answer is B.
A through D
"""
NONE = r"""
B is the wrong answer
B makes no sense
I'm not choosing B
There is no way it is B
The answer is not B.
It can't be B.
The answer isn't B
B is wrong.
Not B
It is not B
It cannot be B.
B is incorrect
Option B is wrong
Definitely not option B.
Neither A nor B.
A is wrong, C is wrong, D is wrong.
I can rule out A.
I would eliminate B.
Rule out A, C and D.
The answer is not A or B
I don't think it's B.
It isn't B.
I wouldn't choose B.
B can be ruled out.
B doesn't fit.
B is too bright
答案不是B
不选B
B是错误的
B不正确
Bではありません
Bは間違いです
B가 아닙니다
정답은 B가 아닙니다.
Die Antwort ist nicht B.
B ist falsch.
Ce n'est pas B.
B est fausse
La respuesta no es B
La risposta non è B
A resposta não é B
dark blue is wrong
It is not dark blue.
A dog is here
I think so
None
I don't know
Be it
I
I, too, am unsure.
A long time
No idea
U.S.A. is big
dark bluelike
the answer is a dog
The answer is A dog
I doubt it's B.
It's unlikely to be B.
B has to be wrong.
B is hardly right.
B is the least likely.
B seems plausible but is incorrect.
The obvious answer is B, but it is wrong.
B would be correct if it were paler.
Nobody would say B.
Avoid B.
Wrong: B
B ❌
❌ B
Everything but B is right.
¬B
Answer: !B
Is it B?
Would B be right? I cannot tell.
It's hard to say whether it is B.
If it were B, it would be too pale.
Het antwoord is niet B
Svaret är inte B
Odpowiedź to nie B
Đáp án không phải là B
Cevap B değil
ไม่ใช่ B
الإجابة ليست B
उत्तर B नहीं है
B está incorrecta
No puede ser B
B scheidet aus
B 아님
B可以排除
N/A
C++
C#
"""


def options(*texts: str) -> dict[str, str]:
    return {chr(ord("A") + index): text for index, text in enumerate(texts)}


def outputs(lines: str) -> list[str]:
    written = lines.strip("\n").split("\n")
    return [line.replace(r"\n", "\n").replace(r"\u00a0", "\u00a0") for line in written]


@pytest.mark.parametrize("output", outputs(NAMES_B))
def test_the_option_is_found(output: str) -> None:
    """The answer may come first or last, in a box, in any language, as letter or text."""
    assert named_letters(output, options(*COLOURS)) == ["B"]


@pytest.mark.parametrize("output", outputs(NAMES_A))
def test_the_letter_a_can_be_the_answer(output: str) -> None:
    """An A that is no article is the option."""
    assert named_letters(output, options(*COLOURS)) == ["A"]


@pytest.mark.parametrize("output", outputs(SEVERAL))
def test_several_options_are_several(output: str) -> None:
    """A hedge between options is not the first or the last of them."""
    assert len(named_letters(output, options(*COLOURS))) > 1


@pytest.mark.parametrize("output", outputs(NONE))
def test_no_option_is_none(output: str) -> None:
    """An option that is ruled out, an article, a pronoun and an option left over are no answers."""
    assert named_letters(output, options(*COLOURS)) == []


@pytest.mark.parametrize(
    ("output", "texts", "letters"),
    [
        ("4.5", ("4", "14.5"), []),
        ("2,600", ("600", "3"), []),
        ("-4", ("4", "6"), []),
        ("-4", ("4", "-4"), ["B"]),
        ("It is 4.", ("4", "6"), ["A"]),
        ("The answer is 4.5", ("4", "6"), []),
        ("40", ("4", "6"), []),
        ("1/4", ("4", "1/4"), ["B"]),
        ("3/4", ("3", "4"), []),
        ("0.5", ("5", ".5"), []),
        ("20%", ("20", "20%"), ["B"]),
        ("$20", ("$20", "20"), ["A"]),
        ("\u221a4", ("4", "6"), []),
        ("\u00b14", ("4", "6"), []),
        ("4 \u00d7 10^5", ("4", "6"), []),
        ("2'600", ("600", "3"), []),
        ("twenty-four hours", ("four hours", "six hours"), []),
        ("1 500", ("500", "2"), []),
        ("1 500 people", ("500", "2"), []),
        ("1 500", ("1500", "2"), ["A"]),
        ("1 500", ("1 500", "2"), ["A"]),
        ("B 500", ("2", "500"), ["B"]),
        ("3:30", ("3", "30"), []),
        ("It starts at 3:30 pm.", ("3", "4"), []),
        ("It starts at 3:30 pm.", ("3:30", "4:30"), ["A"]),
    ],
)
def test_a_number_is_no_part_of_another(output: str, texts: tuple[str, ...], letters: list[str]) -> None:
    """Digits, a sign, a fraction or a decimal next to an option's number make another number."""
    assert named_letters(output, options(*texts)) == letters


@pytest.mark.parametrize(
    ("output", "texts", "letters"),
    [
        ("can\u2019t stop", ("stop", "can't stop"), ["B"]),
        ("The lamp", ("The desk.", "The lamp."), ["B"]),
        ("lamp", ("the desk", "the lamp"), ["B"]),
        ("The answer is a lamp", ("desk", "lamp"), ["B"]),
        ("Malmo\u0308", ("Bergen", "Malm\u00f6"), ["B"]),
        ("New\u00a0York", ("Boston", "New York"), ["B"]),
        ("far\u2011off", ("far", "far-off"), ["B"]),
        ("Yes, because no other fits", ("No", "Yes"), ["B"]),
        ("[0, 1)", ("(0, 1]", "[0, 1)"), ["B"]),
        ("$\\frac{1}{4}$", ("$\\frac{1}{3}$", "$\\frac{1}{4}$"), ["B"]),
        ("\u5bf9", ("\u9519", "\u5bf9"), ["B"]),
        ("答案是木。", ("金", "木"), ["B"]),
        ("木星", ("金", "木"), []),
        ("4 + 6 = 10", ("4", "6", "10"), ["C"]),
        ("4 + 6 = 10, 10 * 2 = 20", ("4", "6", "10"), ["A", "B", "C"]),
        ("Yes, no doubt.", ("Yes", "No"), ["A"]),
        ("don`t go", ("go", "don't go"), ["B"]),
        ("y=4", ("y = 3", "y = 4"), ["B"]),
        ("\\boxed{n\\log n}", ("n", "n log n"), ["B"]),
        ("$f(n \\log n)$", ("f(n)", "f(n log n)"), ["B"]),
        ("f(n\u00b2)", ("f(n)", "f(n^2)"), ["B"]),
        ("1/4", ("$\\frac{1}{3}$", "$\\frac{1}{4}$"), ["B"]),
        ("It has vitamin B, so C", ("iron", "salt", "sugar"), ["C"]),
        ("vitamin B", ("iron", "vitamin B"), ["B"]),
        ("C. Both A and B", ("iron", "salt", "Both A and B"), ["C"]),
    ],
)
def test_an_options_text_in_another_spelling(output: str, texts: tuple[str, ...], letters: list[str]) -> None:
    """Quotes, composition, spaces, a final dot, brackets, case and an article do not matter."""
    assert named_letters(output, options(*texts)) == letters


@pytest.mark.parametrize(
    ("output", "letters"),
    [
        ("I, for my part, would say D", ["D"]),
        ("I think J", ["J"]),
        ("D, I think.", ["D"]),
        ("So do I.", []),
        ("Answer: I think it is D", ["D"]),
        ("The answer is I.", ["I"]),
        ("(I)", ["I"]),
        ("I", ["I"]),
    ],
)
def test_the_pronoun_is_no_option(output: str, letters: list[str]) -> None:
    """With nine options or more, 'I' is the option only where it cannot be the pronoun."""
    assert named_letters(output, options(*(f"case {number}" for number in range(10)))) == letters


def test_an_option_is_named_by_its_text_if_no_other_has_it() -> None:
    """Two options with the same text are not told apart by it."""
    assert option_named("LAMP.", options("desk", "lamp")) == "B"
    assert option_named("lamp", options("lamp", "lamp")) is None


def test_a_list_starts_with_a() -> None:
    """Only the last list that starts with A is the list of options."""
    assert options_in("(A) one\n(B) two\n(A) red\n(B) blue\n(C) grey") == options("red", "blue", "grey")
    assert options_in("B. two\nC. three") == {}


@pytest.mark.slow
@pytest.mark.parametrize(
    "piece", ["B ", "(", "not ", "A, ", "answer is ", "B is ", "the ", "**B** ", "\\boxed{", " ", "选"]
)
def test_long_outputs_take_linear_time(piece: str) -> None:
    """Twenty thousand characters of one phrase do not hang."""
    assert isinstance(named_letters((piece * 20_000)[:20_000], options(*COLOURS)), list)
