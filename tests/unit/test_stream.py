"""Files as they come: torn, damaged, compressed, pretty-printed, mixed, of other tools."""

from __future__ import annotations

import gzip
import io
import json
import os
import sys
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import zstandard

from classifier.errors import InputError
from classifier.readers import read_many, read_transcripts
from classifier.records import Row, Transcript, Unscored

CHAT: dict[str, Any] = {
    "id": "c",
    "messages": [{"role": "user", "content": "2+2?"}, {"role": "assistant", "content": "It is 4. Zoë 😀\u2028"}],
}
RECORD = {**CHAT, "scenario": "s"}
LOG: dict[str, Any] = {
    "version": 2,
    "status": "success",
    "eval": {"task": "t", "model": "m"},
    "samples": [{"id": 1, "epoch": 1, "messages": CHAT["messages"]}],
}


def lines(*records: object) -> bytes:
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode()


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("samples/1_epoch_1.json", json.dumps(LOG["samples"][0]))
        made.writestr("header.json", json.dumps({key: value for key, value in LOG.items() if key != "samples"}))
    return buffer.getvalue()


def read(path: Path, content: bytes) -> list[Row] | str:
    path.write_bytes(content)
    try:
        return list(read_transcripts(path))
    except InputError as error:
        return str(error)


@pytest.mark.parametrize("record", [CHAT, RECORD, LOG], ids=["chat", "record", "inspect"])
def test_every_prefix_of_jsonl_gives_rows_or_a_clean_error(record: dict[str, Any], tmp_path: Path) -> None:
    content = lines(record, record)
    whole = content.index(b"\n")
    for length in range(0, len(content), 7):
        found = read(tmp_path / "a.jsonl", content[:length])
        if isinstance(found, str):
            assert length < whole
            assert "it is empty" in found or "torn off" in found
        else:
            assert [type(row) for row in found[:1]] == [Transcript]
            torn = whole + 1 < length < len(content) - 1
            assert [type(row) for row in found[1:]] == [Unscored] * torn


@pytest.mark.parametrize(
    ("name", "content"),
    [
        pytest.param("a.json", json.dumps(CHAT, indent=1).encode(), id="pretty"),
        pytest.param("a.jsonl", json.dumps(CHAT, indent=1).encode(), id="pretty-under-another-name"),
        pytest.param("a.json", json.dumps([CHAT]).encode() + b"\n\n", id="array"),
        pytest.param("a", json.dumps([CHAT]).encode() + b"\n", id="array-on-a-line"),
        pytest.param("a.json", b"\xef\xbb\xbf\r\n" + lines(CHAT), id="mark-and-blank-line"),
        pytest.param("a.txt", lines(CHAT).replace(b"\n", b"\r\n"), id="other-line-ends"),
        pytest.param("a", gzip.compress(lines(CHAT)), id="gzip"),
        pytest.param("a", zstandard.compress(lines(CHAT)) + zstandard.compress(b"\n"), id="zstandard-frames"),
    ],
)
def test_container_is_told_by_its_content(name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    (row,) = read_transcripts(tmp_path / name)
    assert isinstance(row, Transcript)
    assert row.messages[1].content == CHAT["messages"][1]["content"]


def test_lines_in_a_json_file_are_read_one_by_one(tmp_path: Path) -> None:
    assert [type(row) for row in read(tmp_path / "a.json", lines(CHAT, CHAT))] == [Transcript, Transcript]


@pytest.mark.parametrize("compress", [gzip.compress, zstandard.compress], ids=["gzip", "zstandard"])
def test_torn_compression_is_not_passed_over(compress: Any, tmp_path: Path) -> None:
    content = compress(lines(*[{**CHAT, "id": str(n)} for n in range(3)]))
    for length in range(1, len(content)):
        found = read(tmp_path / "a.jsonl", content[:length])
        if not isinstance(found, str):
            assert isinstance(found[-1], Unscored)


def test_mixture_in_a_folder_is_read_and_the_rest_named(tmp_path: Path) -> None:
    (tmp_path / "a.eval").write_bytes(archive())
    (tmp_path / "b.eval.json").write_text(json.dumps(LOG))
    (tmp_path / "c.jsonl").write_bytes(lines(CHAT, RECORD, {"history": [], "trajectory": []}, LOG))
    pl.DataFrame({"messages": [CHAT["messages"]]}).write_parquet(tmp_path / "d.parquet")
    (tmp_path / "e.traj").write_text(json.dumps({"history": [], "trajectory": []}))
    (tmp_path / "f.json").write_text("{}")
    (tmp_path / "notes.txt").write_text("not looked at")
    found = list(read_many([tmp_path]))
    kinds = [(Path(row.source.split(":")[0]).name[0], isinstance(row, Transcript)) for row in found]
    assert kinds == [
        *zip("abcccc", [True, True, True, True, False, True], strict=True),
        ("d", True),
        ("e", False),
        ("f", False),
    ]
    reasons = [row.reason for row in found if isinstance(row, Unscored)]
    assert ["a SWE-agent trajectory" in reason for reason in reasons] == [True, True, False]
    assert len({row.messages for row in found if isinstance(row, Transcript)}) == 1


@pytest.mark.parametrize("content", [archive(), gzip.compress(archive())], ids=["plain", "compressed"])
def test_archive_is_read_from_standard_input(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
    (row,) = read_transcripts("-")
    assert isinstance(row, Transcript)
    assert row.source == "-:samples/1_epoch_1.json"


def test_archive_is_not_read_as_another_format(tmp_path: Path) -> None:
    (tmp_path / "a.eval").write_bytes(archive())
    with pytest.raises(InputError, match=r"it is a zip archive, .* not chat; leave --from out"):
        list(read_transcripts(tmp_path / "a.eval", format="chat"))


def test_damaged_parquet_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"messages": [CHAT["messages"]]}).write_parquet(tmp_path / "a.parquet")
    content = (tmp_path / "a.parquet").read_bytes()
    for length in range(4, len(content), 50):
        assert "it cannot be read as Parquet" in read(tmp_path / "b.parquet", content[:length])


def test_deep_nesting_is_unscored(tmp_path: Path) -> None:
    content: Any = "deep"
    for _ in range(450):
        content = [content]
    deep = {"messages": [{"role": "assistant", "content": content}]}
    found = read(tmp_path / "a.jsonl", lines(CHAT, deep))
    assert isinstance(found[1], Unscored)
    assert "nested too deep" in found[1].reason


def test_endings_in_capitals_are_found(tmp_path: Path) -> None:
    (tmp_path / "A.JSONL").write_bytes(lines(CHAT))
    (tmp_path / "B.JSON").write_text(json.dumps([CHAT, CHAT]).replace("}, {", "},\n{"))
    assert [type(row) for row in read_many([tmp_path])] == [Transcript] * 3


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes")
def test_pipe_by_name_is_told_from_a_missing_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="it is neither a file nor a folder; send it to - instead"):
        list(read_many([tmp_path / "pipe"]))
