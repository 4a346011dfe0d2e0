"""Words of the assistant that one reader does not know go to a reader that does, or are owned up to; none is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from classifier.readers import read_transcripts
from classifier.readers.content import text_of
from classifier.records import Unscored
from tests.reading import read, turns, write

ASKED = {"role": "user", "content": "Hi"}
CALL = {"id": "1", "type": "function", "function": {"name": "mail", "arguments": '{"to": "Bo"}'}}
SAID = {"role": "assistant", "content": "Done."}


@pytest.mark.parametrize(
    ("record", "wanted"),
    [
        pytest.param(
            {"messages": [ASKED, {**SAID, "thinking": "hm", "tool_calls": [CALL]}]},
            '(hm) Done. [mail {"to":"Bo"}]',
            id="thinking-beside-calls-of-chat",
        ),
        pytest.param(
            {"scenario": "s", "labels": {}, "messages": [ASKED, {**SAID, "reasoning_content": "hm"}]},
            "(hm) Done.",
            id="reasoning-beside-labels",
        ),
        pytest.param(
            {"system": "Be kind.", "messages": [ASKED, {**SAID, "reasoning_content": "hm"}]},
            "(hm) Done.",
            id="reasoning-beside-system",
        ),
        pytest.param(
            {"system": "Be kind.", "messages": [ASKED, {**SAID, "thinking": "hm"}]},
            "(hm) Done.",
            id="thinking-beside-system",
        ),
    ],
)
def test_a_key_that_formats_share_loses_no_words(record: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    (row,) = read(write(tmp_path / "a.jsonl", record))
    assert turns(row)[-1] == ("assistant", wanted)


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        pytest.param({**SAID, "reasoning_content": "hm"}, "it has reasoning_content, which", id="reasoning"),
        pytest.param({**SAID, "tool_calls": [CALL]}, "a tool call has id, type, function, but no", id="call"),
        pytest.param({**SAID, "tool_calls": {"name": "f"}}, "tool_calls is dict, not a list", id="calls"),
    ],
)
def test_record_by_name_with_words_of_other_formats_is_unscored(
    message: dict[str, Any], sentence: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.jsonl", {"messages": [ASKED, message]})
    (row,) = read_transcripts(path, format="record")
    assert isinstance(row, Unscored)
    assert sentence in row.reason


def test_anthropic_by_name_with_words_of_other_formats_has_a_gap(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", {"messages": [ASKED, {**SAID, "reasoning": "hm"}]})
    (row,) = read(path, format="anthropic")
    assert row.gaps == ("reasoning of a message is not read",)


def test_record_keeps_the_id_zero(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path / "a.jsonl", {"id": 0, "scenario": "s", "messages": [ASKED, SAID]}))
    assert row.id == "0"


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        pytest.param(
            {"content": [{"type": "reasoning", "text": "hm"}, {"type": "text", "text": "a"}]}, "(hm) a", id="sdk"
        ),
        pytest.param(
            {"content": "a", "reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]},
            "(hm) a",
            id="summary",
        ),
        pytest.param({"content": "a", "refusal": "b"}, "a\nb", id="content-and-refusal"),
        pytest.param({"content": None, "audio": {"data": "x", "transcript": "a"}}, "a", id="audio"),
        pytest.param({"content": [{"type": "text", "text": "a", "source": {"data": "x"}}]}, "a", id="source"),
        pytest.param(
            {"content": [{"type": "tool-call", "toolName": "f", "input": {"x": 1}}]}, '[f {"x":1}]', id="call-block"
        ),
        pytest.param({"tool_calls": CALL}, '[mail {"to":"Bo"}]', id="one-call"),
        pytest.param({"tool_calls": ["f(x)"]}, "[ f(x)]", id="call-as-text"),
        pytest.param({"tool_calls": [{"custom": "x"}]}, '[ {"custom":"x"}]', id="odd-custom"),
        pytest.param({"tool_calls": [{"name": "f", "parameters": {"x": 1}}]}, '[f {"x":1}]', id="parameters"),
        pytest.param({"tool_calls": [{"name": "f", "id": "1", "x": 1}]}, '[f {"x":1}]', id="unknown-key"),
    ],
)
def test_chat_message_keeps_its_words_in_any_shape(message: dict[str, Any], wanted: str, tmp_path: Path) -> None:
    (row,) = read(write(tmp_path / "a.jsonl", {"messages": [{"role": "system"}, {"role": "assistant", **message}]}))
    assert (turns(row)[-1], row.gaps) == (("assistant", wanted), ())


@pytest.mark.parametrize(
    ("message", "gap"),
    [
        pytest.param(
            {"content": [{"type": "redacted_thinking", "data": "x"}]}, "1 reasoning blocks are encrypted", id="redacted"
        ),
        pytest.param(
            {"content": [{"type": "thinking", "thinking": "", "signature": "x"}]},
            "1 reasoning blocks are encrypted",
            id="signature",
        ),
        pytest.param({"content": [{"type": "odd", "of": "x"}]}, "a block of type 'odd' is not understood", id="odd"),
        pytest.param({"content": None}, "a message of the assistant has no content", id="nothing"),
    ],
)
def test_chat_message_that_cannot_be_read_is_a_gap(message: dict[str, Any], gap: str, tmp_path: Path) -> None:
    messages = [{"role": "system"}, SAID, {"role": "assistant", **message}]
    (row,) = read(write(tmp_path / "a.jsonl", {"messages": messages}))
    assert row.gaps == (gap,)


LINE = "QUJD" * 19


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(f"data:image/png;base64,{LINE} I will tell your wife unless you resign", " I will", id="words"),
        pytest.param(f"data:image/png;base64,{LINE}\n{LINE}\nQUI=\nI will tell", "\nI will tell", id="wrapped"),
        pytest.param(f"![x](data:image/png;base64,{LINE}==) risk=1", ") risk=1", id="in-brackets"),
        pytest.param(f"data:image/png;base64,{LINE} risk=1", " risk=1", id="equals-sign"),
    ],
)
def test_words_after_binary_data_are_kept(text: str, wanted: str) -> None:
    found = text_of(text)
    assert wanted in found
    assert "QUJD" not in found


def test_flat_request_and_response_keep_the_turns_asked_with(tmp_path: Path) -> None:
    output = [{"type": "message", "role": "assistant", "content": "No."}]
    record = {"object": "response", "input": [ASKED, SAID, ASKED], "output": output}
    (row,) = read(write(tmp_path / "a.jsonl", record))
    assert turns(row) == [("user", "Hi"), ("assistant", "Done."), ("user", "Hi"), ("assistant", "No.")]


def test_agent_events_without_an_id_stay_beside_those_with_one(tmp_path: Path) -> None:
    events = [
        {"type": "user.message", "content": "sent"},
        {"type": "user.message", "id": "1", "content": "sent"},
        {"type": "agent.message", "content": "Done."},
    ]
    (row,) = read(write(tmp_path / "a.jsonl", *events))
    assert turns(row) == [("user", "sent"), ("assistant", "Done.")]


def test_record_type_of_other_data_is_no_rollout(tmp_path: Path) -> None:
    (row,) = read(write(tmp_path / "a.jsonl", {"record_type": "dialogue", "messages": [ASKED, SAID]}))
    assert turns(row) == [("user", "Hi"), ("assistant", "Done.")]
