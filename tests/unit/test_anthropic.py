"""Anthropic messages: requests, responses, pairs, batches and session events."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from classifier.readers import detect, read_transcripts
from classifier.readers.anthropic import transcripts_from_anthropic
from classifier.records import Transcript, Unscored
from tests.reading import read, turns, write

ENCRYPTED = ("reasoning is encrypted, not judged",)
HIDDEN = ("a block of reasoning is encrypted",)
USER = {"role": "user", "content": "Book the ferry."}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(id: str, name: str = "book", **given: object) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": name, "input": given}


def result(id: str, content: object = None) -> dict[str, Any]:
    return {"type": "tool_result", "tool_use_id": id, **({} if content is None else {"content": content})}


def response(*blocks: object, **more: object) -> dict[str, Any]:
    return {"type": "message", "id": "m1", "role": "assistant", "model": "c", "content": [*blocks], **more}


def parse(record: dict[str, Any]) -> Transcript:
    (found,) = transcripts_from_anthropic(record, id="here", source="made:1")
    return found


def asked(*messages: object, **more: object) -> dict[str, Any]:
    return {"model": "c", "messages": [*messages], **more}


def said(*blocks: object) -> dict[str, Any]:
    return asked(USER, {"role": "assistant", "content": [*blocks]})


def test_request_with_parallel_calls_puts_results_before_the_users_words() -> None:
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "A" * 400}}
    found = parse(
        asked(
            USER,
            {"role": "assistant", "content": [text("Two legs."), use("a", leg=1), use("b", leg=2)]},
            {"role": "user", "content": [text("Hurry."), result("b", "full"), result("a", [text("done"), image])]},
            {"role": "assistant", "content": "One leg is booked."},
            system=[text("Be brief."), text("Be exact.")],
        )
    )
    assert turns(found) == [
        ("system", "Be brief.\nBe exact."),
        ("user", "Book the ferry."),
        ("assistant", 'Two legs. [book {"leg":1}] [book {"leg":2}]'),
        ("tool", "full"),
        ("tool", "done\n[image image/png 300B]"),
        ("user", "Hurry."),
        ("assistant", "One leg is booked."),
    ]
    assert (found.id, found.facts.subject_model, found.warnings, found.gaps) == ("here", "c", (), ())


@pytest.mark.parametrize(
    ("blocks", "wanted", "warnings", "gaps"),
    [
        pytest.param([{"type": "thinking", "thinking": "hm", "signature": "x"}], "(hm)", (), (), id="thinking"),
        pytest.param([{"type": "thinking", "thinking": "", "signature": "x"}], "", ENCRYPTED, HIDDEN, id="omitted"),
        pytest.param([{"type": "redacted_thinking", "data": "x"}, text("ok")], "ok", ENCRYPTED, HIDDEN, id="redacted"),
        pytest.param([text("<thinking>hm</thinking>ok")], "(hm) ok", (), (), id="tags"),
        pytest.param([{"type": "container_upload", "file_id": "f"}, text("ok")], "ok", (), (), id="wordless"),
        pytest.param(["ok"], "ok", (), (), id="bare-text"),
        pytest.param(
            [{"type": "thinking"}],
            "",
            ("reasoning is not in the file, not judged",),
            ("a block of reasoning is not in the file",),
            id="lost-thinking",
        ),
        pytest.param([{"type": "text"}], "", (), ("a block of type 'text' is not understood",), id="lost-text"),
        pytest.param(
            [{"type": "hologram"}], "", (), ("a block of type 'hologram' is not understood",), id="unknown-block"
        ),
        pytest.param(
            [{"type": "compaction", "content": "So far: ferry."}],
            "So far: ferry.",
            ("earlier turns were compacted into a summary",),
            (),
            id="compaction",
        ),
    ],
)
def test_assistants_block(blocks: list[Any], wanted: str, warnings: tuple[str, ...], gaps: tuple[str, ...]) -> None:
    found = parse(said(*blocks))
    assert (turns(found)[1], found.warnings, found.gaps) == (("assistant", wanted), warnings, gaps)


def test_servers_tools_cut_the_turn_where_they_answer() -> None:
    ran = {"type": "bash_code_execution_result", "stdout": "7", "stderr": "", "content": []}
    found = parse(
        response(
            text("Counting."),
            {"type": "server_tool_use", "id": "s", "name": "bash_code_execution", "input": {"command": "wc"}},
            {"type": "bash_code_execution_tool_result", "tool_use_id": "s", "content": ran},
            {"type": "mcp_tool_use", "id": "q", "name": "echo", "server_name": "e", "input": {}},
            {"type": "mcp_tool_result", "tool_use_id": "q", "content": [text("hello")]},
            text("Seven."),
        )
    )
    assert turns(found) == [
        ("assistant", 'Counting. [bash_code_execution {"command":"wc"}]'),
        ("tool", "7"),
        ("assistant", "[echo {}]"),
        ("tool", "hello"),
        ("assistant", "Seven."),
    ]
    assert found.warnings == ("the prompt is not in the file",)


def test_results_and_calls_that_do_not_pair_are_warned_of() -> None:
    found = parse(asked({"role": "user", "content": [result("z")]}, {"role": "assistant", "content": [use("a")]}))
    assert found.warnings == ("a tool's result answers no call in the file", "a call has no result in the file")
    again = parse(
        asked(
            {"role": "assistant", "content": [use("a")]},
            {"role": "user", "content": [result("a")]},
            {"role": "assistant", "content": [use("a")]},
            {"role": "user", "content": [result("a")]},
        )
    )
    assert again.warnings == ()


def test_refusal_without_words_keeps_its_empty_turn() -> None:
    found = parse({"request": asked(USER), "response": response(stop_reason="refusal")})
    assert turns(found) == [("user", "Book the ferry."), ("assistant", "")]
    assert (found.id, found.warnings) == ("m1", ("the assistant's last turn ended by refusal",))


def test_beginning_by_the_caller_is_warned_of() -> None:
    begun = {"role": "assistant", "content": "Dear"}
    found = parse({"request": asked(USER, begun), "response": response(text("guests,"))})
    assert found.warnings == ("the assistant's last turn but one is a beginning that the caller wrote",)


def test_failed_request_is_unscored_unless_the_assistant_had_spoken(tmp_path: Path) -> None:
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "busy"}}
    spoken = {"role": "assistant", "content": "Which day?"}
    rows = [
        {"request": asked(USER), "response": error},
        {"request": asked(USER, spoken, USER), "response": error},
        {"custom_id": "r", "result": {"type": "errored", "error": error}},
        {"custom_id": "s", "result": {"type": "succeeded", "message": response(text("Booked."))}},
    ]
    first, second, third, fourth = read_transcripts(write(tmp_path / "pairs.jsonl", *rows))
    assert isinstance(first, Unscored)
    assert "the request failed (overloaded_error: busy)" in first.reason
    assert isinstance(second, Transcript)
    assert second.warnings == ("the request failed (overloaded_error: busy)",)
    assert isinstance(third, Unscored)
    assert "the request errored (overloaded_error: busy)" in third.reason
    assert isinstance(fourth, Transcript)
    assert (fourth.id, turns(fourth)) == ("s", [("assistant", "Booked.")])


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(asked(system="s"), "there are no messages", id="no-messages"),
        pytest.param(asked("hi", system="s"), "it is str, not an object", id="message"),
        pytest.param({**response(stop_reason="x"), "content": None}, "no list of content blocks", id="content"),
    ],
)
def test_bad_row_is_unscored(row: dict[str, Any], reason: str, tmp_path: Path) -> None:
    (found,) = read_transcripts(write(tmp_path / "a.jsonl", row), format="anthropic")
    assert isinstance(found, Unscored)
    assert reason in found.reason


def test_assistants_message_without_content_is_a_gap() -> None:
    found = parse(asked(USER, {"role": "assistant", "contenst": "Booked."}))
    assert found.gaps == ("a message of the assistant has no content",)


@pytest.mark.parametrize(
    ("row", "format"),
    [
        pytest.param(asked(USER, system="s"), "anthropic", id="system"),
        pytest.param(said(use("a")), "anthropic", id="blocks"),
        pytest.param(response(stop_reason="end_turn"), "anthropic", id="response"),
        pytest.param(asked(USER), "chat", id="plain"),
        pytest.param(asked({"role": "tool", "content": [result("a")]}, USER), "chat", id="role-of-chat"),
    ],
)
def test_detection(row: dict[str, Any], format: str, tmp_path: Path) -> None:
    assert detect(write(tmp_path / "a.jsonl", row)).format == format


def event(kind: str, id: str | None = "e", **more: object) -> dict[str, Any]:
    return {"type": kind, **({"id": id} if id else {}), **more}


def test_session_events_are_read_once_and_in_order(tmp_path: Path) -> None:
    agent = {"name": "Purser", "system": "Be brief.", "model": {"id": "c"}}
    asked_once = event("user.message", None, content=[text("Two tickets.")])
    path = write(
        tmp_path / "events.jsonl",
        event("session", "s1", agent=agent),
        {"events": [asked_once]},
        event("user.message", "e1", content=[text("Two tickets.")]),
        event("agent.thinking", "e2"),
        event("agent.mcp_tool_use", "e3", name="book", input={"n": 2}),
        event("span.model_request_end", "e4"),
        event("agent.mcp_tool_result", "e5", mcp_tool_use_id="e3", content=[text("done")]),
        event("agent.message", "e6", content=[text("Booked.")]),
        event("agent.message", "e6", content=[text("Booked.")]),
        event("agent.message", "e7", content=[{"type": "redacted"}]),
        '{"type": "agent.mess',
    )
    assert detect(path).format == "managed-agents"
    (found,) = read(path)
    assert turns(found) == [
        ("system", "Be brief."),
        ("user", "Two tickets."),
        ("assistant", '[book {"n":2}]'),
        ("tool", "done"),
        ("assistant", "Booked."),
    ]
    assert (found.id, found.facts.agent, found.facts.subject_model) == ("s1", "Purser", "c")
    assert found.warnings == ("reasoning is not in the file, not judged",)
    assert found.gaps[:2] == (
        "a block of reasoning is not in the file",
        "an event agent.message holds no text that can be read",
    )
    assert "torn off" in found.gaps[2]


def test_events_without_a_turn_are_unscored(tmp_path: Path) -> None:
    (found,) = read_transcripts(write(tmp_path / "events.jsonl", event("session.status_idle")))
    assert isinstance(found, Unscored)
    assert "no event is a turn" in found.reason
