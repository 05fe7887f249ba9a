"""`llm_call` and `run_strategy`."""

from __future__ import annotations

import asyncio
import json

import pytest
from support.folder import Folder

import pytest_hiddenlayer as hl

SCRIPTED = "scripted:replies.json"


def test_a_call_returns_its_text_and_figures(folder: Folder):
    """The result has text, tokens, cost, latency and transcript."""
    result = hl.llm_call("q1.", provider=SCRIPTED)
    assert (result.text, result.finish_reason, result.cost_usd) == ("a1", "stop", 0.0)
    assert (result.tokens_in, result.tokens_out, len(result.transcript)) == (1, 1, 1)
    assert result.latency_s >= 0
    assert str(result) == "a1"


def test_messages_and_a_system_message_are_sent_as_written(folder: Folder):
    """A chat of role and content reaches the model after the system message."""
    chat = [
        {"role": "user", "content": "hi"},
        hl.Message(role="assistant", content="yes?"),
        {"role": "user", "content": "q2."},
    ]
    result = hl.llm_call(chat, provider=SCRIPTED, system="be brief")
    record = hl.load_run(result.run_id).records[0]
    assert [m["role"] for m in record.prompt or ()] == ["system", "user", "assistant", "user"]
    assert result.text == "a2"


def test_an_equal_call_has_an_equal_seed_and_another_seed_differs(folder: Folder):
    """Calls are reproducible: the seed derives from the question and `seed`."""
    seeds = [hl.llm_call("q1.", provider=SCRIPTED, seed=seed).transcript[0]["seed"] for seed in (0, 0, 1)]
    assert seeds[0] == seeds[1] != seeds[2]


def test_calls_work_inside_a_running_loop_and_as_coroutines(folder: Folder):
    """In a notebook's loop both spellings work; awaited calls run at the same time."""

    async def cell() -> list[str]:
        sync = hl.llm_call("q0.", provider=SCRIPTED).text
        several = await asyncio.gather(*(hl.allm_call(f"q{i}.", provider=SCRIPTED) for i in range(1, 4)))
        strategy = await hl.arun_strategy("self_consistency", "q4.", provider=SCRIPTED)
        return [sync, *(result.text for result in several), str(strategy.output)]

    assert asyncio.run(cell()) == ["a0", "a1", "a2", "a3", "a4"]


def test_a_failed_call_raises_and_is_logged(folder: Folder):
    """The provider's error is the exception, and the record with it is on disk."""
    folder.replies(q1={"error": "server said 500"})
    with pytest.raises(hl.ProviderError, match="server said 500"):
        hl.llm_call("q1.", provider=SCRIPTED)
    (record,) = hl.load_run("last").records
    assert (record.outcome, record.error) == ("error", "server said 500")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"temprature": 1}, "did you mean 'temperature'"),
        ({"temperature": -1}, "temperature=-1: pass a number from 0"),
        ({"max_tokens": True}, "max_tokens=True"),
        ({"provider": "scripted:nowhere.json"}, "nowhere.json"),
        ({"provider": "mlxx"}, "did you mean 'mlx'"),
        ({"seed": "x"}, "a whole number"),
    ],
)
def test_a_wrong_setting_is_a_usage_error(folder: Folder, settings, message):
    """It names the setting and what to write, and nothing is logged."""
    with pytest.raises(hl.UsageError, match=message):
        hl.llm_call("q1.", **{"provider": SCRIPTED, **settings})
    assert folder.runs() == []


@pytest.mark.parametrize("prompt", [[], [{"role": "user"}], [{"role": "user", "text": "q"}]])
def test_a_prompt_that_is_no_chat_is_a_usage_error(folder: Folder, prompt):
    """Messages need role and content."""
    with pytest.raises(hl.UsageError, match=r"prompt"):
        hl.llm_call(prompt, provider=SCRIPTED)


def test_calls_are_recorded_and_replayed(folder: Folder):
    """`record` writes cassettes, from which `replay` answers without the model."""
    assert hl.llm_call("q1.", provider=SCRIPTED, record="cassettes").text == "a1"
    hl.get_tracker().close()
    folder.replies(wrong=[1])
    replayed = hl.llm_call("q1.", provider=SCRIPTED, replay="cassettes")
    assert (replayed.text, replayed.cached) == ("a1", True)


def test_a_strategy_takes_its_parameters_and_scores_against_a_target(folder: Folder):
    """n_agents reaches the debate, every call is in the transcript, and the answer is scored."""
    seen: list[str] = []
    result = hl.run_strategy(
        "debate", "q1.", provider=SCRIPTED, n_agents=2, target="a1", on_call=lambda call: seen.append(call.role)
    )
    assert (result.output, result.answer, result.score, result.outcome) == ("a1", "a1", 1.0, "correct")
    assert [call["role"] for call in result.transcript] == ["agent-1", "agent-2", "agent-1", "agent-2", "judge"]
    assert sorted(seen) == ["agent-1", "agent-1", "agent-2", "agent-2", "judge"]
    assert result.strategy == "debate.n_agents=2"


def test_a_strategy_without_a_target_has_an_answer_and_no_score(folder: Folder):
    """The answer after `Answer:` is read; no score is made up."""
    folder.replies(q1={"reply": "I think so.\nAnswer: Paris."})
    result = hl.run_strategy("self_consistency", "q1.", provider=SCRIPTED, n_samples=3)
    assert (result.answer, result.score, result.outcome) == ("paris", None, "unscored")
    assert result.metadata["vote"]["votes"] == {"paris": 3}


def test_a_scorer_is_named_as_in_a_task_file(folder: Folder):
    """A mapping gives its parameters; its parser reads the votes too."""
    folder.replies(q1={"reply": "about 12.0001"})
    result = hl.run_strategy(
        "single", "q1.", provider=SCRIPTED, target="12", scorers=[{"numeric": {"abs_tol": 0.01}}]
    )
    assert result.score == 1.0


def test_wrong_strategies_and_parameters_are_usage_errors(folder: Folder):
    """The message names what is registered."""
    for name, settings, message in (
        ("debat", {}, "did you mean 'debate'"),
        ("debate", {"n_agent": 3}, "did you mean 'n_agents'"),
        ("debate", {"n_agents": 1}, "n_agents"),
        ("single", {"scorers": ["exat"]}, "did you mean 'exact'"),
        ("single", {"judge": "nobody:x"}, "nobody"),
    ):
        with pytest.raises(hl.UsageError, match=message):
            hl.run_strategy(name, "q1.", provider=SCRIPTED, **settings)


def test_a_registered_strategy_of_the_project_is_found(folder: Folder):
    """The project's conftest.py is loaded, as under pytest."""
    folder.write(
        "conftest.py",
        "from pytest_hiddenlayer import Answer, strategy\n\n"
        "@strategy('loud_here')\nasync def loud(context):\n"
        "    said = await context.ask(context.messages, role='answer')\n"
        "    return Answer(output=said.text.upper())\n",
    )
    assert hl.run_strategy("loud_here", "q1.", provider=SCRIPTED).output == "A1"


def test_what_a_notebook_shows_is_escaped(folder: Folder):
    """Markup in an answer is text in `_repr_html_`."""
    folder.replies(q1={"reply": "<script>alert(1)</script>"})
    for result in (hl.llm_call("q1.", provider=SCRIPTED), hl.run_strategy("single", "q1.", provider=SCRIPTED)):
        page = result._repr_html_()
        assert "<script" not in page
        assert "&lt;script&gt;alert(1)" in page
        assert "alert(1)" in repr(result)


def test_the_bundled_model_answers(folder: Folder):
    """Without a provider, the bundled model is asked."""
    assert "42" in hl.llm_call("Calculate 17+25.").text


def test_records_hold_what_was_asked(folder: Folder):
    """The log holds the record that the result shows, under the result's run."""
    result = hl.run_strategy("single", "q1.", provider=SCRIPTED, temperature=0.5, max_tokens=9)
    (line,) = (folder.path / "reports/runs" / result.run_id / "records.jsonl").read_text().splitlines()
    values = json.loads(line)
    assert (values["task"], values["input"], values["output"], values["label"]) == (
        "questions",
        "q1.",
        "a1",
        "single",
    )
