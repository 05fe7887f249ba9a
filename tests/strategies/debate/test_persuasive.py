"""`persuasive_debate`: who argues for what, who reads what, and how quotations are checked."""

from __future__ import annotations

import pytest
from support.answer_pairs import PAIR_TASK, PASSAGE, chooses, debaters_and_judge
from support.strategies import FakeProvider

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.debate.judging.quotes import mark_quotes

ARGUE = "Round {round} says {own}."


def debate(judge=None, argue=ARGUE, **kwargs):
    return FakeProvider(debaters_and_judge(judge or chooses("noon"), argue), **kwargs)


def test_each_debater_defends_one_answer(answer):
    """The two debaters have different answers, and each reads its own as its own."""
    fake = debate()
    record = answer("persuasive_debate", fake, task=PAIR_TASK)
    shown = {"A": "noon", "B": "dusk"}
    for name, notes in record.answer_metadata["debaters"].items():
        own = shown[notes["assigned"]]
        assert all(f"Your answer: {own}\n" in prompt for prompt in fake.prompts(name))
    assert sorted(notes["assigned"] for notes in record.answer_metadata["debaters"].values()) == ["A", "B"]
    assert (record.output, record.outcome) == ("noon", "correct")


def test_simultaneous_debaters_read_the_rounds_before(answer):
    """By default both debaters of a round are asked at once and read all earlier rounds, not this one."""
    fake = debate(overlapping={0: 2, 1: 2, 2: 2})
    answer("persuasive_debate", fake, task=PAIR_TASK)
    for number in range(3):
        for prompt in fake.prompts("debater-.", round=number):
            assert [f"Round {earlier} says" in prompt for earlier in range(3)] == [n < number for n in range(3)]
            assert prompt.count("Your opponent: ") == prompt.count("You: ") == number


def test_sequential_debaters_read_each_other(answer):
    """In a sequential debate the second debater reads what the first said in this round."""
    fake = debate()
    answer("persuasive_debate:order=sequential,n_rounds=1", fake, task=PAIR_TASK)
    (first,), (second,) = fake.prompts("debater-1"), fake.prompts("debater-2")
    assert "Round 0 says" not in first
    assert "Your opponent: Round 0 says" in second


def test_the_judge_reads_the_same_debate_in_both_orders(answer):
    """Both of the judge's prompts have all arguments, each with the number of its answer in that prompt."""
    fake = debate()
    answer("persuasive_debate:n_rounds=2", fake, task=PAIR_TASK)
    prompts = fake.prompts("judge", round=2)
    assert len(prompts) == 2
    assert prompts[0] != prompts[1]
    for prompt in prompts:
        number = 1 if "Answer 1: noon" in prompt else 2
        assert prompt.count(f"For answer {number}: Round 0 says noon.") == 1
        assert prompt.count(f"For answer {3 - number}: Round 1 says dusk.") == 1


def test_the_judge_form_is_that_of_the_naive_judge(answer):
    """The judge reads the naive judge's prompt with arguments in between, so that only these differ."""
    naive, fake = debate(), debate()
    answer("naive_judge", naive, task=PAIR_TASK)
    answer("persuasive_debate", fake, task=PAIR_TASK)
    for alone in naive.prompts("judge"):
        before, after = alone.split("\n\nWhich answer", 1)
        assert any(p.startswith(before) and p.endswith(f"\n\nWhich answer{after}") for p in fake.prompts("judge"))


def test_the_passage_may_be_hidden_from_the_judge(answer):
    """With judge_reads=question only the debaters read the passage."""
    fake = debate()
    answer("persuasive_debate:judge_reads=question", fake, task=PAIR_TASK)
    assert all(PASSAGE in prompt for prompt in fake.prompts("debater-."))
    assert not any(PASSAGE in prompt for prompt in fake.prompts("judge"))


def test_quotations_are_checked_and_counted(answer):
    """With quotes=true everybody reads whether a quotation is in the task, and the record counts it."""
    argue = "It is {own}: <quote>clock  struck Twelve</quote>, <quote>dusk fell</quote>."
    fake = debate(argue=argue)
    record = answer("persuasive_debate:quotes=true,n_rounds=2", fake, task=PAIR_TASK)
    for prompt in (*fake.prompts("judge"), *fake.prompts("debater-.", round=1)):
        assert "<v_quote>clock  struck Twelve</v_quote>, <u_quote>dusk fell</u_quote>" in prompt
    notes = record.answer_metadata["debaters"]["debater-1"]
    assert (notes["verified_quotes"], notes["unverified_quotes"]) == ([1, 1], [1, 1])
    assert "<quote>" in fake.prompts("debater-1", round=0)[0]


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("<quote>nobody moved!</quote>", "<v_quote>nobody moved!</v_quote>"),
        ("<quote>body moved</quote>", "<u_quote>body moved</u_quote>"),
        ("<v_quote>it was dusk</v_quote>", "<u_quote>it was dusk</u_quote>"),
        ("<quote> </quote>", "<u_quote></u_quote>"),
        ("no quote", "no quote"),
        ("<quote>open", "<quote>open"),
    ],
)
def test_a_quotation_counts_if_its_words_are_in_the_text(text, marked):
    """Whole words in order are a quotation; a mark that the debater set itself is checked again."""
    assert mark_quotes(text, PASSAGE)[0] == marked


def test_the_best_of_n_arguments_is_selected_by_the_judge(answer):
    """With best_of_n each turn is sampled n times, and the argument that the judge names is said."""
    drafts = iter(range(100))
    base = debaters_and_judge(chooses("noon"))

    def reply(request):
        if request.role.startswith("selector"):
            return "Best: 3"
        return f"Draft {next(drafts)}" if request.role.startswith("debater") else base(request)

    fake = FakeProvider(reply)
    record = answer("persuasive_debate:best_of_n=3,n_rounds=1", fake, task=PAIR_TASK)
    selected = [prompt.split("Argument 3: ")[1].splitlines()[0] for prompt in fake.prompts("selector-.")]
    assert len(fake.prompts("debater-1")) == 3
    assert all(f": {text}" in prompt for text in selected for prompt in fake.prompts("judge"))
    assert record.answer_metadata["unreadable_selections"] == 0


@pytest.mark.parametrize("said", ["Hm.", "Best: 7", "Best: 2…"])
def test_an_unreadable_selection_keeps_the_first_argument(answer, said):
    """A selection that names no argument, or is cut off, is counted; the first argument is said."""
    base = debaters_and_judge(chooses("noon"))
    fake = FakeProvider(lambda r: said if r.role.startswith("selector") else base(r))
    record = answer("persuasive_debate:best_of_n=2,n_rounds=1", fake, task=PAIR_TASK)
    assert (record.outcome, record.answer_metadata["unreadable_selections"]) == ("correct", 2)


def test_long_cut_off_and_empty_arguments_are_counted(answer):
    """An argument over the limit is kept; one that was cut off is read as far as it goes; an empty one is named."""
    base = debaters_and_judge(chooses("noon"))
    said = {"debater-1": "one two three four", "debater-2": "It is…"}
    fake = FakeProvider(lambda r: said.get(r.role) or base(r))
    record = answer("persuasive_debate:word_limit=3,n_rounds=1", fake, task=PAIR_TASK)
    assert (record.answer_metadata["over_limit"], record.answer_metadata["truncated_arguments"]) == (1, 1)
    assert all("one two three four" in p and "It is…" in p for p in fake.prompts("judge"))
    assert "at most 3 words" in fake.prompts("debater-1")[0]
    empty = FakeProvider(lambda r: " " if r.role.startswith("debater") else base(r))
    assert answer("persuasive_debate:n_rounds=1", empty, task=PAIR_TASK).outcome == "correct"
    assert "(no argument)" in empty.prompts("judge")[0]


def test_debaters_have_no_scores_by_round(answer):
    """An assigned answer is not what a debater believes: it has no accuracy per round."""
    assert "round_scores" not in answer("persuasive_debate", debate(), task=PAIR_TASK).answer_metadata


def test_default_temperatures(answer):
    """Debaters are sampled at 0.4 and the judge is greedy; `temperature` sets that of the debaters only."""
    for typed, warm in (("persuasive_debate", 0.4), ("persuasive_debate:temperature=1", 1.0)):
        fake = debate()
        answer(typed, fake, task=PAIR_TASK)
        assert {r.params.temperature for r in fake.requests if r.role != "judge"} == {warm}
        assert {r.params.temperature for r in fake.requests if r.role == "judge"} == {0.0}


def test_a_failing_debater_is_an_error_with_the_rest_on_record(answer):
    """A failed call makes the outcome `error`, and the transcript keeps what was said before."""
    base = debaters_and_judge(chooses("noon"), ARGUE)
    fake = FakeProvider(lambda r: "boom" if (r.role, r.round) == ("debater-2", 1) else base(r))
    record = answer("persuasive_debate", fake, task=PAIR_TASK)
    assert (record.outcome, record.error) == ("error", "server said 500")
    assert [call["round"] for call in record.transcript][:2] == [0, 0]


@pytest.mark.parametrize("typed", ["n_rounds=0", "order=both", "word_limit=0", "best_of_n=0", "temperature=-1"])
def test_wrong_parameters_are_refused(answer, typed):
    """A parameter outside its range is an error before anything is asked."""
    with pytest.raises(UsageError, match=typed.partition("=")[0]):
        answer(f"persuasive_debate:{typed}", debate(), task=PAIR_TASK)
