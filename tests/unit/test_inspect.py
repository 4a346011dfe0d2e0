"""Logs of Inspect, made here member by member."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import zstandard

from classifier.errors import InputError
from classifier.readers import detect, read_transcripts
from classifier.readers.inspect import archive
from classifier.readers.inspect.log import read_archive
from classifier.records import Message, Row, ToolCall, Transcript, Unscored

HEAD: dict[str, Any] = {
    "version": 2,
    "status": "success",
    "eval": {"task": "rota", "model": "m/one", "metadata": {"mode": "honest"}},
}
LONG = "The rota has a gap on Friday. " * 5
SAMPLE: dict[str, Any] = {
    "id": "s/1",
    "epoch": 2,
    "input": "Plan the rota.",
    "messages": [
        {"role": "system", "content": "Be kind."},
        {"role": "user", "content": [{"type": "text", "text": "Plan"}, {"type": "image", "image": "attachment://aa"}]},
        {
            "role": "assistant",
            "content": [
                {"type": "reasoning", "reasoning": "attachment://bb"},
                {"type": "reasoning", "reasoning": "cipher", "redacted": True},
                {
                    "type": "tool_use",
                    "tool_type": "web_search",
                    "name": "web",
                    "arguments": '{"q": "x"}',
                    "result": "y",
                },
                {"type": "text", "text": "I will ask."},
            ],
            "tool_calls": [{"id": "1", "function": "mail", "arguments": {"to": "Bo"}}],
        },
        {"role": "tool", "content": "", "function": "mail", "error": {"type": "timeout", "message": "too slow"}},
        {"role": "assistant", "content": "<think>so</think>Done."},
    ],
    "output": {"model": "m/one", "choices": [{"stop_reason": "stop"}]},
    "scores": {"match": {"value": float("nan")}, "monitor": {"value": {"max": 0.5}}},
    "attachments": {"aa": "data:image/png;base64," + "QUJD" * 60, "bb": LONG},
}
HIDDEN = "1 reasoning blocks are encrypted or withheld"
MESSAGES = (
    Message("system", "Be kind."),
    Message("user", "Plan\n[image]"),
    Message("assistant", "I will ask.", (LONG,), (ToolCall("web", '{"q":"x"}'), ToolCall("mail", '{"to":"Bo"}'))),
    Message("tool", "y", name="web"),
    Message("tool", "too slow", name="mail"),
    Message("assistant", "Done.", ("so",)),
)


def zipped(members: Mapping[str, object], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Make an archive; method 93 is written by storing zstandard frames and renaming the method."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as made:
        for name, value in members.items():
            content = value if isinstance(value, bytes) else json.dumps(value).encode()
            if method != archive.ZSTANDARD:
                made.writestr(name, content, method)
                continue
            made.writestr(name, zstandard.ZstdCompressor().compress(content))
            info = made.getinfo(name)
            place = buffer.tell()
            buffer.seek(info.header_offset + 8)
            buffer.write(archive.ZSTANDARD.to_bytes(2, "little"))
            buffer.seek(info.header_offset + 14)
            buffer.write(zlib.crc32(content).to_bytes(4, "little"))
            buffer.seek(info.header_offset + 22)
            buffer.write(len(content).to_bytes(4, "little"))
            buffer.seek(place)
            info.compress_type, info.file_size = archive.ZSTANDARD, len(content)
            info.CRC = zlib.crc32(content)
    return buffer.getvalue()


def log(
    *samples: Mapping[str, Any], head: Mapping[str, Any] = HEAD, more: Mapping[str, object] | None = None
) -> dict[str, object]:
    members: dict[str, object] = {"_journal/start.json": {**head, "status": None}}
    for sample in samples:
        members[f"samples/{sample.get('id')}_epoch_{sample.get('epoch')}.json"] = sample
    return {**members, **(more or {}), "header.json": head}


def rows(content: bytes) -> list[Row]:
    return list(read_archive(io.BytesIO(content), source="x.eval"))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, archive.ZSTANDARD])
def test_sample_reads_the_same_by_each_method(method: int) -> None:
    (row,) = rows(zipped(log(SAMPLE), method))
    assert isinstance(row, Transcript)
    assert (row.id, row.source, row.messages) == ("s/1#2", "x.eval:samples/s/1_epoch_2.json", MESSAGES)
    facts = (row.facts.task, row.facts.subject_model, row.facts.condition, row.facts.scenario, row.facts.epoch)
    assert facts == ("rota", "m/one", "honest", "s/1", 2)
    assert row.facts.logged_scores == {"match": "nan", "monitor": {"max": 0.5}}
    assert row.gaps == (HIDDEN,)
    assert row.warnings == ()


def test_archive_and_json_read_the_same(tmp_path: Path) -> None:
    (tmp_path / "a.eval").write_bytes(zipped(log(SAMPLE)))
    # Pretty-printed and without its ending: told by its content.
    (tmp_path / "b.log").write_text(json.dumps({**HEAD, "samples": [SAMPLE]}, indent=1))
    first, second = (next(read_transcripts(tmp_path / name)) for name in ("a.eval", "b.log"))
    assert isinstance(first, Transcript)
    assert isinstance(second, Transcript)
    assert first.messages == second.messages
    assert detect(tmp_path / "a.eval").format == detect(tmp_path / "b.log").format == "inspect"


def with_(**changes: object) -> dict[str, Any]:
    return {**SAMPLE, **changes}


@pytest.mark.parametrize(
    ("sample", "gap"),
    [
        pytest.param(with_(error={"message": "out of disk"}), "ended in an error (out of disk)", id="error"),
        pytest.param(with_(limit={"type": "token", "limit": 9}), "stopped at a limit (token 9)", id="limit"),
        pytest.param(with_(output={"choices": [{"stop_reason": "max_tokens"}]}), "was cut off (max_tokens)", id="cut"),
        pytest.param(with_(attachments={}), "2 attachments are not in the log", id="attachments"),
    ],
)
def test_sample_that_is_not_whole_has_a_gap(sample: dict[str, Any], gap: str) -> None:
    (row,) = rows(zipped(log(sample)))
    assert isinstance(row, Transcript)
    (found,) = set(row.gaps) - {HIDDEN}
    assert gap in found


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        pytest.param(log(head={**HEAD, "version": 4}), "log version is 4, this version reads up to 3", id="version"),
        pytest.param(log(), "the log holds no samples (status success)", id="no-samples"),
        pytest.param(log(with_(messages=[])), "the sample has no messages", id="no-messages"),
        pytest.param(log(with_(messages=[{"role": "tol"}])), "role is 'tol'", id="role"),
        pytest.param(log(with_(messages=["hi"])), "it is str, not an object", id="message"),
        pytest.param(log(more={"samples/x_epoch_1.json": [1]}), "it is list, not an object", id="list"),
        pytest.param(log(more={"samples/x_epoch_1.json": b"{"}), "it is not JSON", id="not-json"),
        pytest.param(log(more={"samples/x_epoch_1.json": b"[" * 90_000}), "it is not JSON", id="deep"),
        pytest.param(log(more={"samples/x_epoch_1/sample.json": {}}), "stored in chunks", id="chunked"),
    ],
)
def test_what_cannot_be_read_is_unscored(members: dict[str, object], reason: str) -> None:
    (row,) = rows(zipped(members))
    assert isinstance(row, Unscored)
    assert reason in row.reason


def test_sample_that_is_listed_but_not_held_is_unscored() -> None:
    found = rows(zipped(log(SAMPLE, more={"summaries.json": [{"id": "s/1", "epoch": 2}, {"id": 7, "epoch": 1}]})))
    assert [type(row) for row in found] == [Transcript, Unscored]
    assert found[1].id == "7#1"


def test_retried_sample_counts_once() -> None:
    content = zipped(log(with_(messages=[{"role": "assistant", "content": "old"}])))
    buffer = io.BytesIO(content)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(buffer, "a") as made:
        made.writestr("samples/s/1_epoch_2.json", json.dumps(SAMPLE))
    (row,) = rows(buffer.getvalue())
    assert isinstance(row, Transcript)
    assert row.messages == MESSAGES


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, archive.ZSTANDARD])
def test_every_truncation_gives_rows_or_a_clean_error(method: int) -> None:
    content = zipped(log(SAMPLE, with_(id="b"), more={"summaries.json": [{"id": "s/1", "epoch": 2}]}), method)
    seen = set()
    for length in range(0, len(content), 3):
        try:
            found = rows(content[:length])
        except InputError as error:
            seen.add(str(error).partition(";")[0])
            continue
        assert isinstance(found[-1], Unscored)
        assert "it is cut off after" in found[-1].reason
        seen.add(str(sum(isinstance(row, Transcript) for row in found)))
    assert seen == {"x.eval: it is cut off before the first sample", "0", "1", "2"}


def test_every_changed_byte_gives_rows_or_a_clean_error() -> None:
    content = zipped(log(SAMPLE), archive.ZSTANDARD)
    whole = rows(content)
    for place in range(0, len(content), 2):
        changed = bytearray(content)
        changed[place] ^= 0xFF
        try:
            found = rows(bytes(changed))
        except InputError:
            continue
        assert found
        texts = [row.messages for row in found if isinstance(row, Transcript)]
        assert texts in ([], [row.messages for row in whole if isinstance(row, Transcript)])


def test_bomb_is_refused_before_it_is_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "RATIO_FREE", 1000)
    monkeypatch.setattr(archive, "LARGEST_RATIO", 10)
    (row,) = rows(zipped(log(more={"samples/x_epoch_1.json": b" " * 1_000_000})))
    assert isinstance(row, Unscored)
    assert "it is larger than" in row.reason


def test_zip_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "letter.docx"
    path.write_bytes(zipped({"word/document.xml": b"<w/>"}))
    with pytest.raises(InputError, match="it is a zip archive, but no Inspect log; name a log"):
        list(read_transcripts(path))


def model_event(text: str, *, calls: object = None, **more: object) -> dict[str, Any]:
    message = {"role": "assistant", "content": text, "tool_calls": calls}
    return {"event": "model", "input": [], "output": {"choices": [{"message": message}]}, **more}


def test_model_turns_that_the_conversation_lacks_are_rows_of_their_own() -> None:
    spans = [
        {"event": "span_begin", "id": "h", "type": "agent", "name": "helper"},
        {"event": "span_begin", "id": "t", "parent_id": "h", "type": "tool", "name": "bash"},
        {"event": "span_begin", "id": "g", "type": "scorer", "name": "grade"},
    ]
    events = [
        *spans,
        model_event("Done."),
        model_event("Draft: wipe the disk.", input=[{"role": "user", "content": "attachment://bb"}]),
        model_event("Helper speaks.", span_id="t", input_refs=[[1, 2]]),
        model_event("GRADE: C", span_id="g"),
        model_event("I grade.", role="grader"),
        model_event("failed", error="timeout"),
        model_event("Done.", calls=[{"function": "submit", "arguments": {"answer": "I will ask"}}]),
    ]
    pool = [{"role": "user", "content": "unused"}, {"role": "user", "content": "Help."}]
    found = rows(zipped(log(with_(events=events, events_data={"messages": pool}))))
    main, draft, helper = (row for row in found if isinstance(row, Transcript))
    assert main.messages == MESSAGES
    assert (draft.id, draft.facts.agent) == ("s/1#2~beside", None)
    assert draft.messages == (Message("user", LONG), Message("assistant", "Draft: wipe the disk."))
    assert (helper.id, helper.facts.agent) == ("s/1#2~helper", "helper")
    assert helper.messages == (Message("user", "Help."), Message("assistant", "Helper speaks."))
    assert "the final conversation lacks" in draft.warnings[0]


def test_old_sample_with_events_alone_is_put_together() -> None:
    steps = [{"event": "step", "action": action, "type": "scorer"} for action in ("begin", "end")]
    asked = [{"role": "user", "content": "tc://cc"}]
    turn = model_event("Yes.", input=asked)
    events = [{"event": "tool", "events": [turn]}, steps[0], model_event("GRADE: C"), steps[1]]
    sample = {"id": 1, "epoch": 1, "transcript": {"events": events, "content": {"cc": LONG}}, "score": {"value": "C"}}
    (row,) = rows(zipped(log(sample)))
    assert isinstance(row, Transcript)
    assert row.messages == (Message("user", LONG), Message("assistant", "Yes."))
    assert row.warnings == ("the messages were put together from events",)
    assert row.facts.logged_scores == {"score": "C"}
