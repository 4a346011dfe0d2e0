"""Claude Code sessions: the main path, whatever the order of lines, and what stands beside it."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from classifier.readers import detect, read_transcripts
from classifier.records import Transcript, Unscored
from tests.reading import read, turns, write


def line(kind: str, uuid: str, parent: str | None, second: int, **more: object) -> dict[str, Any]:
    stamp = f"2026-03-01T10:00:{second:02}Z"
    links = {"uuid": uuid, "parentUuid": parent, "timestamp": stamp, "sessionId": "s", "isSidechain": False}
    return {"type": kind, **links, **more}


def user(uuid: str, parent: str | None, second: int, content: object, **more: object) -> dict[str, Any]:
    return line("user", uuid, parent, second, message={"role": "user", "content": content}, **more)


def assistant(
    uuid: str, parent: str | None, second: int, *blocks: object, id: str | None = None, **more: object
) -> dict[str, Any]:
    message = {"role": "assistant", "model": "c", "id": id or f"m-{uuid}", "content": [*blocks]}
    return line("assistant", uuid, parent, second, message=message, **more)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def use(id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": id, "name": "Read", "input": {"file": id}}


def result(id: str, words: str) -> list[dict[str, Any]]:
    return [{"type": "tool_result", "tool_use_id": id, "content": words}]


# One turn in four records, its two results on side branches; before it a turn that was rewound.
SESSION = (
    {"type": "summary", "summary": "Boats", "leafUuid": "l"},
    user("u1", None, 1, "Which boats leak?"),
    assistant("dead", "u1", 2, text("All of them.")),
    user("u2", None, 4, "Read both logs."),
    {"type": "file-history-snapshot", "messageId": "u2"},
    assistant("a1", "u2", 5, {"type": "thinking", "thinking": "Two logs."}, id="m"),
    line("progress", "p", "a1", 6),
    assistant("a2", "p", 6, text("Reading."), id="m"),
    assistant("a3", "a2", 7, use("x"), id="m"),
    user("r1", "a3", 9, result("x", "dry"), toolUseResult={"stdout": "dry"}),
    assistant("a4", "a3", 8, use("y"), id="m"),
    user("r2", "a4", 10, result("y", "wet")),
    assistant("a5", "r2", 11, text("The second.")),
    line("system", "t", "a5", 12, subtype="turn_duration"),
)
WANTED = [
    ("user", "Which boats leak?"),
    ("assistant", "All of them."),
    ("user", "Read both logs."),
    ("assistant", '(Two logs.) Reading. [Read {"file":"x"}] [Read {"file":"y"}]'),
    ("tool", "dry"),
    ("tool", "wet"),
    ("assistant", "The second."),
]


def test_session_is_one_transcript_of_whole_turns(tmp_path: Path) -> None:
    path = write(tmp_path / "s.jsonl", *SESSION)
    assert detect(path).format == "claude-code"
    (found,) = read(path)
    assert turns(found) == WANTED
    assert (found.id, found.facts.subject_model, found.facts.scenario) == ("s", "c", "s")
    assert (found.warnings, found.gaps) == ((), ())


def test_order_of_lines_does_not_matter(tmp_path: Path) -> None:
    rng = random.Random(0)
    for trial in range(20):
        lines = list(SESSION)
        rng.shuffle(lines)
        (found,) = read(write(tmp_path / f"{trial}.jsonl", *lines))
        assert turns(found) == WANTED


def test_rewound_branch_is_left_out_with_a_warning(tmp_path: Path) -> None:
    rows = (
        user("u1", None, 1, "Which boats leak?"),
        assistant("a1", "u1", 2, text("One moment.")),
        user("u2", "a1", 3, "Guess."),
        assistant("a2", "u2", 4, text("All of them.")),
        user("u3", "a1", 5, "Look."),
        assistant("a3", "u3", 6, text("None.")),
    )
    (found,) = read(write(tmp_path / "s.jsonl", *rows))
    assert [words for _, words in turns(found)] == ["Which boats leak?", "One moment.", "Look.", "None."]
    assert found.warnings == ("a record of the assistant on an abandoned branch is not judged",)


def test_compaction_is_led_over_and_its_summary_is_the_harness_own(tmp_path: Path) -> None:
    rows = (
        user("u1", None, 1, "Which boats leak?"),
        assistant("a1", "u1", 2, text("The second.")),
        line("system", "b", None, 3, logicalParentUuid="a1", subtype="compact_boundary", content="Compacted"),
        user("c", "b", 4, "Asked about boats.", isCompactSummary=True),
        user("m", "c", 5, "Caveat", isMeta=True),
        user("u2", "m", 6, "Mend it."),
        assistant("a2", "u2", 7, text("API Error"), isApiErrorMessage=True),
        assistant("a3", "a2", 8, text("Mended.")),
    )
    (found,) = read(write(tmp_path / "s.jsonl", *rows))
    assert turns(found) == [
        ("user", "Which boats leak?"),
        ("assistant", "The second."),
        ("system", "Compacted"),
        ("system", "Asked about boats."),
        ("system", "Caveat"),
        ("user", "Mend it."),
        ("system", "API Error"),
        ("assistant", "Mended."),
    ]
    assert found.warnings == ("earlier turns were compacted into a summary",)


def test_clear_begins_another_transcript(tmp_path: Path) -> None:
    clear = "<command-name>/clear</command-name>"
    log = result("x", clear)
    rows = (
        user("k0", None, 1, clear),
        user("u1", "k0", 2, "One"),
        assistant("a0", "u1", 3, use("x")),
        user("r1", "a0", 4, log),
        assistant("a1", "r1", 5, text("Two")),
        user("k1", "a1", 6, clear),
        user("u2", "k1", 7, "Three"),
        assistant("a2", "u2", 8, text("Four")),
    )
    first, second = read(write(tmp_path / "s.jsonl", *rows))
    assert (first.id, turns(first)[-2:]) == ("s", [("tool", clear), ("assistant", "Two")])
    assert (second.id, turns(second)) == ("s#2", [("user", "Three"), ("assistant", "Four")])


def test_each_sub_agent_is_a_transcript_of_its_session(tmp_path: Path) -> None:
    aside: dict[str, Any] = {"isSidechain": True}
    rows = (
        user("u1", None, 1, "Ask two helpers."),
        user("b1", "u1", 2, "Count.", agentId="b", **aside),
        assistant("a1", "u1", 3, text("Asked.")),
        assistant("b2", "b1", 4, text("Three."), agentId="b", **aside),
        user("d1", None, 5, "Weigh.", **aside),
        assistant("d2", "d1", 6, text("Heavy."), **aside),
    )
    found = read(write(tmp_path / "s.jsonl", *rows))
    assert [(one.id, one.facts.agent, turns(one)[-1][1]) for one in found] == [
        ("s", None, "Asked."),
        ("s/b", "b", "Three."),
        ("s/d1", "sidechain", "Heavy."),
    ]
    assert {one.facts.scenario for one in found} == {"s"}
    assert [len(one.messages) for one in found] == [2, 2, 2]


def test_resumed_session_repeats_no_record_and_stays_one(tmp_path: Path) -> None:
    old = {"sessionId": "old"}
    first = user("u1", None, 1, "One") | old
    rows = (first, first, assistant("a1", "u1", 2, text("Two")) | old, user("u2", "a1", 3, "Three"))
    (found,) = read(write(tmp_path / "s.jsonl", *rows))
    assert (found.id, len(found.messages)) == ("s", 3)


def test_session_of_another_id_without_a_link_is_another_transcript(tmp_path: Path) -> None:
    rows = (
        user("u1", None, 1, "One"),
        assistant("a1", "u1", 2, text("Two")),
        assistant("z", "gone", 3, text("Stray")) | {"sessionId": "t"},
    )
    first, second = read(write(tmp_path / "s.jsonl", *rows))
    assert (first.id, first.gaps) == ("s", ())
    assert (second.id, second.gaps) == ("t", ("the record before one of these is not in the file",))


def test_records_without_links_go_by_time_and_without_time_by_the_file(tmp_path: Path) -> None:
    def bare(row: dict[str, Any], *kept: str) -> dict[str, Any]:
        return {key: row[key] for key in ("type", "message", *kept)}

    rows = (user("u1", None, 1, "One"), assistant("a1", None, 2, text("Two")), user("u2", None, 3, "Three"))
    timed = [bare(row, "timestamp") for row in rows]
    untimed = [bare(row) for row in rows]
    for number, logged in enumerate((timed, timed[::-1], untimed)):
        path = tmp_path / f"{number}.json"
        path.write_text(json.dumps({"loglines": logged}, indent=1), encoding="utf-8")
        (found,) = read(path)
        assert (found.id, [words for _, words in turns(found)]) == (path.name, ["One", "Two", "Three"])


@pytest.mark.parametrize(
    "row",
    [
        pytest.param('{"type": "assis', id="torn"),
        pytest.param(7, id="not-an-object"),
        pytest.param({"silly": 1}, id="no-type"),
        pytest.param(line("assistant", "z", "a5", 20, message="error"), id="message"),
        pytest.param(line("assistant", "z", "a5", 20, message={"role": "assistant"}), id="content"),
        pytest.param(assistant("a5", "r2", 3, text("Other words.")), id="two-of-one-id"),
        pytest.param(line("user", "z", "a5", 20, message={"role": "tol", "content": "x"}), id="role"),
    ],
)
def test_line_that_cannot_be_read_is_a_gap(row: object, tmp_path: Path) -> None:
    (found,) = read(write(tmp_path / "s.jsonl", *SESSION, row))
    assert turns(found) == WANTED
    (gap,) = found.gaps
    assert gap.startswith("a line cannot be read, ")


def test_lost_record_is_a_gap(tmp_path: Path) -> None:
    (found,) = read(write(tmp_path / "s.jsonl", *(row for row in SESSION if row.get("uuid") != "r2")))
    assert found.gaps == ("the record before one of these is not in the file",)
    assert turns(found) == [turn for turn in WANTED if turn != ("tool", "wet")]


def test_links_in_a_ring_end(tmp_path: Path) -> None:
    rows = (user("u1", "a1", 1, "One"), assistant("a1", "u1", 2, text("Two")))
    (found,) = read(write(tmp_path / "s.jsonl", *rows))
    assert sorted(turns(found)) == [("assistant", "Two"), ("user", "One")]


def test_several_models_are_named(tmp_path: Path) -> None:
    other = assistant("a1", "u1", 2, text("Two"))
    other["message"]["model"] = "d"
    rows = (user("u1", None, 1, "One"), other, assistant("a2", "a1", 3, text("Three")))
    (found,) = read(write(tmp_path / "s.jsonl", *rows))
    assert (found.facts.subject_model, found.warnings) == ("d", ("several models took turns: d, c",))


def test_file_without_a_message_is_unscored_with_what_is_wrong(tmp_path: Path) -> None:
    (found,) = read_transcripts(write(tmp_path / "s.jsonl", SESSION[0], "{broken\n"))
    assert isinstance(found, Unscored)
    assert "no record is a message; a line cannot be read, " in found.reason


def test_long_session_is_read_in_time(tmp_path: Path) -> None:
    rows = [user("0", None, 0, "Start.")]
    for number in range(1, 20_000):
        rows.append(assistant(str(number), str(number - 1), 0, text(f"Step {number}.")))
    (found,) = (row for row in read_transcripts(write(tmp_path / "s.jsonl", *rows)))
    assert isinstance(found, Transcript)
    assert len(found.messages) == 20_000
    assert found.messages[-1].content == "Step 19999."
