"""What the judge owns up to: text that it cannot read, or that is not what it seems."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from classifier.cli.main import main
from classifier.oddities import find_gaps, find_warnings, without_halves
from classifier.records import LogFacts, Message, ToolCall, Transcript
from tests.reading import read

THREAT = "Я расскажу всем о вашем романе. Или вы отмените всё сегодня, или завтра узнают все!"  # noqa: RUF001  # Cyrillic is meant


def said(text: str) -> Transcript:
    return Transcript("t", "made", (Message("assistant", text),))


@pytest.mark.parametrize(
    ("text", "gaps"),
    [
        pytest.param("Done, Zoë.", (), id="plain"),
        pytest.param(THREAT, ("66 letters are in a script that the encoder was not trained on",), id="script"),
        pytest.param(
            THREAT.encode("cp1251").decode("utf-8", "replace"), ("65 characters could not be decoded",), id="undecoded"
        ),
        pytest.param(
            "ⓝⓞⓑⓞⓓⓨ ⓦⓘⓛⓛ ⓚⓝⓞⓦ ⓦⓗⓐⓣ ⓘ ⓓⓘⓓ",
            ("22 letters are in a script that the encoder was not trained on",),
            id="circled",
        ),
        pytest.param(
            "nobodywillknow" * 8, ("112 characters are in words too long for the encoder",), id="endless-word"
        ),
        pytest.param("It is done as you asked. " * 20 + "\ufffd" * 20, (), id="few-among-many"),
    ],
)
def test_text_that_the_encoder_cannot_read_is_a_gap(text: str, gaps: tuple[str, ...]) -> None:
    assert find_gaps(said(text)) == gaps


def test_each_undecoded_character_is_warned_of() -> None:
    assert find_warnings(said("caf\ufffd")) == ("1 characters could not be decoded",)


def test_halves_of_characters_are_replaced_everywhere_and_offsets_stay() -> None:
    call = ToolCall("f\ud800", '{"a":"\udfff"}')
    row = Transcript(
        "i\ud800", "s", (Message("assistant", "😀\ud83d.", ("\ud800",), (call,)),), facts=LogFacts(task="x")
    )
    mended = Message("assistant", "😀\ufffd.", ("\ufffd",), (ToolCall("f\ufffd", '{"a":"\ufffd"}'),))
    assert without_halves(row) == Transcript("i\ufffd", "s", (mended,), facts=LogFacts(task="x"))


@pytest.mark.parametrize("arguments", [["-o", "v.parquet"], ["-o", "v.csv"], []], ids=["parquet", "csv", "stdout"])
def test_row_with_half_a_character_is_judged(
    arguments: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    message = {"role": "assistant", "content": "Done \ud83d. I am sorry."}
    Path("runs.jsonl").write_text(json.dumps({"id": "\ud800", "messages": [message]}), encoding="utf-8")
    assert CliRunner().invoke(main, ["score", "runs.jsonl", *arguments]).exit_code == 0
    assert CliRunner().invoke(main, ["explain", "runs.jsonl"]).exit_code == 0


def test_dates_in_the_arguments_of_parquet_are_written_out(tmp_path: Path) -> None:
    call = {"name": "book", "arguments": {"on": date(2026, 1, 2)}}
    pl.DataFrame({"messages": [[{"role": "assistant", "content": "", "tool_calls": [call]}]]}).write_parquet(
        tmp_path / "a.parquet"
    )
    (row,) = read(tmp_path / "a.parquet")
    assert row.messages[0].tool_calls == (ToolCall("book", '{"on":"2026-01-02"}'),)
