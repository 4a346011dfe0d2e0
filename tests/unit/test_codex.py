"""Codex rollouts: new and old form."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from classifier.readers import detect, read_transcripts
from classifier.records import Unscored
from tests.reading import read, turns, write


def line(kind: str, **payload: object) -> dict[str, Any]:
    return {"timestamp": "2026-03-01T10:00:00Z", "type": kind, "payload": payload}


def words(text: str, role: str) -> dict[str, Any]:
    return {"type": "message", "role": role, "content": [{"type": "input_text", "text": text}]}


SPAWN = {"subagent": {"thread_spawn": {"parent_thread_id": "t0", "agent_nickname": "Bosun", "depth": 1}}}
SUMMARY = [{"type": "summary_text", "text": "Count first."}]
ROLLOUT = (
    line("session_meta", id="t1", originator="codex_exec", base_instructions={"text": "You code."}, source=SPAWN),
    line("turn_context", model="g"),
    line("response_item", **words("Terse.", "developer")),
    line("response_item", **words("Count the boats.", "user")),
    line("event_msg", type="user_message", message="Count the boats."),
    line("event_msg", type="agent_reasoning", text="Count first."),
    line("response_item", type="reasoning", summary=SUMMARY, encrypted_content="x"),
    line("response_item", type="function_call", name="shell", arguments='{"command":["ls"]}', call_id="c"),
    line("response_item", type="function_call_output", call_id="c", output="3"),
    line("compacted", message="Three boats so far.", replacement_history=[words("Count the boats.", "user")]),
    line("event_msg", type="agent_message", message="Three."),
    line("response_item", **words("Three.", "assistant"), phase="final_answer"),
)
WANTED = [
    ("system", "You code."),
    ("system", "Terse."),
    ("user", "Count the boats."),
    ("assistant", '(Count first.) [shell {"command":["ls"]}]'),
    ("tool", "3"),
    ("system", "Three boats so far."),
    ("assistant", "Three."),
]


def test_rollout_is_one_transcript(tmp_path: Path) -> None:
    path = write(tmp_path / "rollout.jsonl", *ROLLOUT)
    assert detect(path).format == "codex"
    (found,) = read(path)
    assert turns(found) == WANTED
    facts = found.facts
    assert (found.id, facts.agent, facts.subject_model, facts.task, facts.scenario) == (
        *("t1", "Bosun", "g", "codex_exec", "t0"),
    )
    assert (found.gaps, len(found.warnings)) == ((), 2)


def test_rollout_without_its_events_is_the_same(tmp_path: Path) -> None:
    path = tmp_path / "rollout.jsonl"
    (whole,) = read(write(path, *ROLLOUT))
    (bare,) = read(write(path, *(row for row in ROLLOUT if row["type"] != "event_msg")))
    assert bare == whole


def test_old_form_is_the_items_themselves(tmp_path: Path) -> None:
    header = {"id": "t2", "timestamp": "2025-05-01T10:00:00Z", "instructions": "You code."}
    items = [row["payload"] for row in ROLLOUT if row["type"] == "response_item"]
    path = write(tmp_path / "rollout.jsonl", header, {"record_type": "state"}, *items)
    assert detect(path).format == "codex"
    (found,) = read(path)
    assert (found.id, turns(found)) == ("t2", [turn for turn in WANTED if turn[1] != "Three boats so far."])


@pytest.mark.parametrize(
    ("row", "gap"),
    [
        pytest.param('{"type": "resp', "a line cannot be read, ", id="torn"),
        pytest.param([1], "a line cannot be read, ", id="not-an-object"),
        pytest.param({"type": "response_item", "payload": None}, "a line of type response_item holds no", id="payload"),
        pytest.param({"type": "response_item"}, "a line of type response_item holds no", id="no-payload"),
        pytest.param({"silly": 1}, "an item of type '' is not understood", id="no-type"),
        pytest.param(line("response_item", **words("x", "tol")), "an item's role is unknown", id="role"),
    ],
)
def test_line_that_cannot_be_read_is_a_gap(row: object, gap: str, tmp_path: Path) -> None:
    (found,) = read(write(tmp_path / "rollout.jsonl", *ROLLOUT, row))
    assert turns(found) == WANTED
    assert found.gaps[0].startswith(gap)


def test_several_models_and_unknown_lines_are_warned_of(tmp_path: Path) -> None:
    more = (line("turn_context", model="h"), line("inter_agent_communication"))
    (found,) = read(write(tmp_path / "rollout.jsonl", *ROLLOUT, *more))
    assert found.warnings[-2:] == (
        "lines of type inter_agent_communication are not read",
        "several models took turns: g, h",
    )


def test_rollout_of_events_alone_is_unscored(tmp_path: Path) -> None:
    rows = [row for row in ROLLOUT if row["type"] == "event_msg"]
    (found,) = read_transcripts(write(tmp_path / "rollout.jsonl", *rows))
    assert isinstance(found, Unscored)
    assert "the rollout holds no item" in found.reason
