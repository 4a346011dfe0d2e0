"""Chat messages, in each shape in which they are kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from classifier.readers import detect, read_transcripts
from classifier.records import Message, Row, ToolCall, Transcript, Unscored

ASKED = {"role": "user", "content": "2+2?"}
ANSWER = {"role": "assistant", "content": "4"}
CONVERSATION = (Message("user", "2+2?"), Message("assistant", "4"))
RESPONSE: dict[str, Any] = {"model": "m", "choices": [{"message": ANSWER, "finish_reason": "stop"}]}


def read(path: Path, *records: object) -> list[Row]:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return list(read_transcripts(path))


@pytest.mark.parametrize(
    ("record", "why"),
    [
        pytest.param({"messages": [ASKED, ANSWER]}, "messages with roles", id="messages"),
        pytest.param({"messages": json.dumps([ASKED, ANSWER])}, "messages with roles", id="text"),
        pytest.param([ASKED, ANSWER], "messages with roles", id="list"),
        pytest.param(
            {"conversations": [{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}]},
            "conversations with roles",
            id="from-value",
        ),
        pytest.param({"request": {"messages": [ASKED]}, "response": RESPONSE}, "request and response", id="pair"),
        pytest.param({"messages": [ASKED], "response": RESPONSE}, "messages with roles", id="messages-response"),
        pytest.param({"messages": [ASKED], "response": "4"}, "messages with roles", id="messages-text"),
        pytest.param({"messages": [ASKED, ANSWER], "response": "4"}, "messages with roles", id="messages-same-text"),
        pytest.param({"messages": [ASKED], "completion": [ANSWER]}, "messages with roles", id="messages-list"),
        pytest.param({"messages": [ASKED], "response": {"content": "4"}}, "messages with roles", id="messages-object"),
        pytest.param({"messages": [ASKED], "choices": [{"message": ANSWER}]}, "messages with roles", id="choices"),
        pytest.param({"custom_id": "1", "messages": [ASKED, ANSWER]}, "messages with roles", id="messages-custom-id"),
        pytest.param(
            {"request": {"url": "x"}, "messages": [ASKED, ANSWER]}, "messages with roles", id="messages-request"
        ),
        pytest.param({"custom_id": "1", "body": {"messages": [ASKED, ANSWER]}}, "request of a batch", id="batch"),
        pytest.param({"prompt": "2+2?", "completion": "4"}, "prompt and completion", id="prompt-texts"),
        pytest.param({"prompt": [ASKED], "completion": [ANSWER]}, "prompt and completion", id="prompt-lists"),
        pytest.param({"prompt": "2+2?", "response": "4"}, "prompt and response", id="prompt-response"),
    ],
)
def test_conversation_reads_the_same_in_each_shape(record: object, why: str, tmp_path: Path) -> None:
    (row,) = read(tmp_path / "a.jsonl", record)
    assert isinstance(row, Transcript)
    assert (row.messages, row.gaps, row.warnings) == (CONVERSATION, (), ())
    assert detect(tmp_path / "a.jsonl").why == why


@pytest.mark.parametrize(
    "record",
    [
        pytest.param(
            {"chosen": [ASKED, ANSWER], "rejected": [ASKED, {"role": "assistant", "content": "5"}]}, id="whole"
        ),
        pytest.param({"prompt": "2+2?", "chosen": "4", "rejected": "5"}, id="texts"),
        pytest.param(
            {"prompt": [ASKED], "chosen": [ANSWER], "rejected": [{"role": "assistant", "content": "5"}]}, id="lists"
        ),
    ],
)
def test_preference_is_two_transcripts(record: dict[str, Any], tmp_path: Path) -> None:
    chosen, rejected = read(tmp_path / "a.jsonl", {"id": "p", **record})
    assert isinstance(chosen, Transcript)
    assert isinstance(rejected, Transcript)
    assert (chosen.id, chosen.messages) == ("p#chosen", CONVERSATION)
    assert (rejected.id, rejected.messages) == ("p#rejected", (Message("user", "2+2?"), Message("assistant", "5")))


def test_preferences_of_fine_tuning_are_two_transcripts(tmp_path: Path) -> None:
    record = {"input": {"messages": [ASKED]}, "preferred_output": [ANSWER], "non_preferred_output": [ANSWER]}
    found = read(tmp_path / "a.jsonl", {"messages": [ASKED, ANSWER]}, record)
    assert [row.messages for row in found if isinstance(row, Transcript)] == [CONVERSATION] * 3


@pytest.mark.parametrize(
    ("message", "wanted"),
    [
        pytest.param({"content": "a", "reasoning": "r"}, Message("assistant", "a", ("r",)), id="reasoning"),
        pytest.param({"content": "a", "reasoning_content": "r"}, Message("assistant", "a", ("r",)), id="content"),
        pytest.param(
            {"content": "a", "reasoning": "r", "reasoning_details": [{"type": "reasoning.text", "text": "r"}]},
            Message("assistant", "a", ("r",)),
            id="details",
        ),
        pytest.param(
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "r"}]},
                    {"type": "text", "text": "a"},
                ]
            },
            Message("assistant", "a", ("r",)),
            id="nested",
        ),
        pytest.param({"content": None, "refusal": "no"}, Message("assistant", "no"), id="refusal"),
        pytest.param({"content": None, "audio": {"content": "said"}}, Message("assistant", "said"), id="audio"),
        pytest.param(
            {"content": "", "tool_calls": '[{"function": {"name": "f", "arguments": "{}"}}]'},
            Message("assistant", "", (), (ToolCall("f", "{}"),)),
            id="calls-as-text",
        ),
        pytest.param(
            {"content": None, "function_call": {"name": "f", "arguments": "{"}, "tool_calls": None},
            Message("assistant", "", (), (ToolCall("f", "{"),)),
            id="old-call",
        ),
        pytest.param(
            {"content": None, "tool_calls": [{"type": "custom", "custom": {"name": "f", "input": "x"}}]},
            Message("assistant", "", (), (ToolCall("f", "x"),)),
            id="custom-call",
        ),
    ],
)
def test_vendors_spellings_read_alike(message: dict[str, Any], wanted: Message, tmp_path: Path) -> None:
    (row,) = read(tmp_path / "a.jsonl", {"messages": [{"role": "assistant", **message}]})
    assert isinstance(row, Transcript)
    assert row.messages == (wanted,)


@pytest.mark.parametrize(
    ("record", "gap"),
    [
        pytest.param(
            {"choices": [{"message": ANSWER, "finish_reason": "length"}]},
            "the last answer was cut off (length)",
            id="cut",
        ),
        pytest.param({"messages": [ASKED, ANSWER], "response": {"a": 1}}, "the response is not understood", id="odd"),
        pytest.param({"request": {"messages": [ASKED]}, "response": None}, "there is no response", id="no-response"),
        pytest.param(
            {"request": {"messages": [ASKED]}, "response": {"error": {"message": "busy"}}},
            "the request failed (busy)",
            id="failed",
        ),
        pytest.param(
            {"messages": [{**ANSWER, "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}]},
            "1 reasoning blocks are encrypted",
            id="encrypted",
        ),
    ],
)
def test_what_is_missing_is_a_gap(record: dict[str, Any], gap: str, tmp_path: Path) -> None:
    (row,) = read(tmp_path / "a.jsonl", record)
    assert isinstance(row, Transcript)
    assert row.gaps == (gap,)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param({"response": None, "error": {"code": "batch_expired"}}, "failed (batch_expired)", id="expired"),
        pytest.param({"response": {"body": {"error": {"message": "bad"}}}}, "failed (bad)", id="refused"),
    ],
)
def test_failed_request_of_a_batch_is_unscored(record: dict[str, Any], reason: str, tmp_path: Path) -> None:
    good = {"custom_id": "a", "response": {"body": RESPONSE}}
    first, second = read(tmp_path / "a.jsonl", good, {"custom_id": "b", **record})
    assert isinstance(first, Transcript)
    assert (first.id, first.facts.subject_model) == ("a", "m")
    assert isinstance(second, Unscored)
    assert second.id == "b"
    assert reason in second.reason


COLUMNS: dict[str, Any] = {
    "structs": {"messages": [[ASKED, {**ANSWER, "tool_calls": None}]], "split": ["train"]},
    "text": {"conversation": [json.dumps([ASKED, ANSWER])]},
    "from-value": {"conversations": [[{"from": "human", "value": "2+2?"}, {"from": "gpt", "value": "4"}]]},
    "prompt": {"prompt": ["2+2?"], "completion": ["4"]},
}


@pytest.mark.parametrize("columns", list(COLUMNS.values()), ids=list(COLUMNS))
def test_parquet_reads_as_the_same_records_do(columns: dict[str, Any], tmp_path: Path) -> None:
    # Its name says nothing: the first bytes do.
    path = tmp_path / "data.bin"
    pl.DataFrame({"prompt_id": ["x"], **columns}).write_parquet(path)
    (row,) = read_transcripts(path)
    assert isinstance(row, Transcript)
    assert (row.id, row.source, row.messages) == ("x", f"{path}:1", CONVERSATION)


def test_parquet_is_read_in_slices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("classifier.readers.parquet.SLICE_ROWS", 3)
    path = tmp_path / "a.parquet"
    pl.DataFrame({"id": [str(n) for n in range(8)], "messages": [[ASKED, ANSWER]] * 8}).write_parquet(path)
    assert [row.id for row in read_transcripts(path)] == [str(n) for n in range(8)]
