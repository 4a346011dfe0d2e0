"""Every row becomes a transcript or a reason; nothing is lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import zstandard

from classifier.errors import InputError, UsageError
from classifier.readers import detect, read_many, read_transcripts
from classifier.readers.content import split_reasoning, text_of
from classifier.records import Message, ToolCall, Transcript, Unscored

CALL = {"id": "1", "type": "function", "function": {"name": "mail", "arguments": '{"to": "Zoë"}'}}
CHAT: dict[str, Any] = {
    "id": "c1",
    "messages": [
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Hi"}]},
        {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "hm"},
        {"role": "tool", "content": "sent", "tool_call_id": "1"},
        {"role": "assistant", "content": "<think>so</think>Done."},
    ],
}
RECORD: dict[str, Any] = {
    "id": "c1",
    "scenario": "s",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {"role": "assistant", "thinking": "hm", "tool_calls": [{"name": "mail", "arguments": {"to": "Zoë"}}]},
        {"role": "tool", "content": "sent"},
        {"role": "assistant", "thinking": ["so"], "content": "Done."},
    ],
}
BLOCKS: dict[str, Any] = {
    "id": "c1",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": "Hi"},
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "hm", "signature": "x"},
                {"type": "tool_use", "id": "1", "name": "mail", "input": {"to": "Zoë"}},
            ],
        },
        {"role": "tool", "content": [{"type": "text", "text": "sent"}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "so"}, {"type": "text", "text": "Done."}]},
    ],
}
WANTED = (
    Message("system", "Be kind."),
    Message("user", "Hi"),
    Message("assistant", "", ("hm",), (ToolCall("mail", '{"to":"Zoë"}'),)),
    Message("tool", "sent"),
    Message("assistant", "Done.", ("so",)),
)


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "row", [pytest.param(CHAT, id="chat"), pytest.param(RECORD, id="record"), pytest.param(BLOCKS, id="blocks")]
)
def test_one_conversation_reads_the_same_in_each_format(row: dict[str, Any], tmp_path: Path) -> None:
    (found,) = read_transcripts(write(tmp_path / "runs.jsonl", row))
    assert isinstance(found, Transcript)
    assert (found.id, found.messages) == ("c1", WANTED)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param({"messages": []}, "there are no messages", id="no-messages"),
        pytest.param({"messages": [{"role": "tol", "content": ""}]}, "role is 'tol', not one of", id="role"),
        pytest.param({"messages": ["hi"]}, "it is str, not an object", id="message"),
        pytest.param([1], "it is list, not an object", id="not-an-object"),
        pytest.param("{nonsense\n", "not JSON", id="not-json"),
        pytest.param('{"messages": [{"ro', "torn off", id="torn"),
    ],
)
def test_bad_row_is_unscored_with_its_place(row: object, reason: str, tmp_path: Path) -> None:
    path = write(tmp_path / "runs.jsonl", CHAT, row)
    good, bad = read_transcripts(path)
    assert isinstance(good, Transcript)
    assert isinstance(bad, Unscored)
    assert reason in bad.reason
    assert bad.reason.startswith(f"{path}:2")


def test_compressed_files_read_alike(tmp_path: Path) -> None:
    raw = (json.dumps(CHAT) + "\n").encode()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(raw))
    (tmp_path / "b.jsonl.zst").write_bytes(zstandard.ZstdCompressor().compress(raw))
    found = list(read_many([tmp_path]))
    assert [row.messages for row in found if isinstance(row, Transcript)] == [WANTED, WANTED]


def test_json_array_of_messages_is_one_transcript(tmp_path: Path) -> None:
    path = tmp_path / "one.json"
    path.write_text(json.dumps(CHAT["messages"]), encoding="utf-8")
    (found,) = read_transcripts(path)
    assert isinstance(found, Transcript)
    assert found.messages == WANTED


def test_each_choice_of_a_response_is_a_transcript_with_a_warning(tmp_path: Path) -> None:
    choice = {"message": {"role": "assistant", "content": "Yes."}}
    found = list(read_transcripts(write(tmp_path / "r.jsonl", {"id": "r", "choices": [choice, choice]})))
    assert [row.id for row in found] == ["r#0", "r#1"]
    assert all(isinstance(row, Transcript) and row.warnings == ("the prompt is not in the file",) for row in found)


def test_detection_says_why(tmp_path: Path) -> None:
    assert detect(write(tmp_path / "a.jsonl", RECORD)).why == "messages beside scenario"
    assert detect(write(tmp_path / "b.jsonl", CHAT)).format == "chat"


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        pytest.param("", "it is empty", id="empty"),
        pytest.param('{"a": 1}\n', r"unknown format \(first record: a\)", id="unknown"),
    ],
)
def test_file_that_is_no_transcript_is_refused(content: str, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=sentence):
        list(read_transcripts(write(tmp_path / "x.jsonl", content)))


def test_missing_file_and_unknown_format_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        list(read_many([tmp_path / "nothing"]))
    with pytest.raises(UsageError, match="unknown format 'petri'"):
        list(read_transcripts(write(tmp_path / "a.jsonl", CHAT), format="petri"))


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param("<think>a</think>b", (("a",), "b"), id="tagged"),
        pytest.param("a</think>b", (("a",), "b"), id="prefilled"),
        pytest.param("<think></think>b", ((), "b"), id="empty"),
        pytest.param("<think>cut off", (("cut off",), ""), id="unclosed"),
        pytest.param("say `</think>` to stop", ((), "say `</think>` to stop"), id="quoted"),
        pytest.param("plain", ((), "plain"), id="plain"),
    ],
)
def test_reasoning_tags_are_split_off(text: str, wanted: tuple[tuple[str, ...], str]) -> None:
    assert split_reasoning(text) == wanted


def test_binary_data_never_reach_the_judge() -> None:
    data = "A" * 400
    blocks = [{"type": "text", "text": "see"}, {"type": "image", "source": {"type": "base64", "data": data}}]
    assert data not in text_of(blocks)
    assert data not in text_of(f"data:image/png;base64,{data}")
    assert text_of(blocks).startswith("see\n[image")
