"""The samples of four families, where they lie beside the project: what each holds, by reading it."""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from classifier.readers import read_transcripts
from classifier.records import Row, Transcript, Unscored
from classifier.segmentation import READING_ORDER
from tests.conftest import ROOT

FORMATS = ROOT.parent / "shared" / "formats"
pytestmark = pytest.mark.skipif(not FORMATS.is_dir(), reason=f"no samples at {FORMATS}")

FAMILIES = {
    "anthropic_messages": "anthropic",
    "claude_code": "claude-code",
    "codex_cli": "codex",
    "openai_responses": "responses",
}
EVENTS = "anthropic_messages/managed_agents_session_events.jsonl"
LETTERS = {"system": "s", "user": "u", "assistant": "a", "tool": "t"}
BASE64 = re.compile(r"[A-Za-z0-9+/]{200}")


@dataclass(frozen=True)
class Held:
    """What one transcript of a sample holds."""

    roles: str
    """First letter of each message's role."""
    words: tuple[str, ...] = ()
    """Words of the assistant's parts, in order of reading."""
    gaps: int = 0
    """How many kinds of text are missing."""


A = "anthropic_messages/"
C = "claude_code/"
R = "openai_responses/"
TWO_LOOKS = Held("suattuat", ("call both", "Checking", 'look {"k":1}', "look {}", "Done"), gaps=1)
HELD = {
    A + "anthropic-claude-opus-5-reasoning-high.1.json": [Held("a", ("Rational Root Theorem suggests", "## Step 1"))],
    A + "anthropic-clear-thinking.1.json": [Held("a", ("divided by 5", "÷ 5"))],
    A + "anthropic-code-execution-20250825.1.json": [
        Held("atata", ("text_editor_code_execution {", "execute the script:", "bash_code_execution {", "Perfect!"))
    ],
    A + "anthropic-compaction.1.json": [Held("a", ("## Summary of", "Linear Structures"))],
    A + "anthropic-mcp.1.json": [Held("ata", ("echo {", "responded back"))],
    A + "anthropic-programmatic-tool-calling.1.json": [
        Held("ata", ("code_execution {", 'rollDie {"player":"player2"}'))
    ],
    A + "anthropic-refusal.json": [Held("a")],
    A + "anthropic-text.json": [Held("a", ("doing well",))],
    A + "anthropic-tool-no-args.json": [Held("a", ("no required parameters", "Okay", "updateIssueList {}"))],
    A + "made_hard_cases.jsonl": [TWO_LOOKS, Held("a", ("divided by 5", "÷ 5"))],
    EVENTS: [Held("suata", ('get_weather {"location":"Prague"}', "sunny"))],
    C + "ccl_edge_cases.jsonl": [
        Held("a", ('TodoWrite {"todos":["broken_todo"',), gaps=3),
        Held("uauatuuuauu", ("Great example", "FailingTool {", "Lorem ipsum", "MultiEdit {"), gaps=2),
    ],
    C + "ccl_representative_messages.jsonl": [Held("uauatauatau", ("decorator is", "Edit {", "Bash {"))],
    C + "ccl_session_b.jsonl": [Held("uau", ("divider logic",))],
    C + "ccl_todowrite_examples.jsonl": [
        Held("uaataatuaat", ("I'll help", "TodoWrite {", "Absolutely", "TodoWrite {"))
    ],
    C + "scout_agent-atest01.jsonl": [Held("uata", ("I'll explore", 'Bash {"command":"ls -la"}', "## Codebase"))],
    C + "scout_agent_session.jsonl": [Held("uata", ("exploration agent", "Task {", "three main directories"))],
    C + "scout_clear_split_session.jsonl": [Held("ua", ("first response",)), Held("ua", ("fresh start",))],
    C + "scout_compaction_session.jsonl": [Held("uassua", ("I'm ready", "Based on the summary"))],
    C + "scout_tool_call_conversation.jsonl": [Held("uata", ("should use the Read", "I'll read", "Read {"))],
    C + "sw_sample_session.json": [
        Held("uatatatatatuatatatuatauatatasuata", ("straightforward", "Write {", "Grep {", "test failure", "multiply"))
    ],
    C + "sw_sample_session.jsonl": [Held("uatatua", ("I'll create", "Write {", "Bash {", "Done!"))],
    "codex_cli/made_compaction_subagent.jsonl": [Held("ssuuatsa", ("apply_patch *** Begin", "Fixed."), gaps=1)],
    "codex_cli/made_old_flat_format.jsonl": [Held("uata", ("Plan the README", 'shell {"command":["bash"', "Done."))],
    R + "openai-apply-patch-tool.1.json": [Held("a", ('apply_patch {"type":"create_file"',))],
    R + "openai-compaction.1.json": [Held("a", ("Testing strategies",))],
    R + "openai-custom-tool.1.json": [Held("a", ("write_sql SELECT",))],
    R + "openai-local-shell-tool.1.json": [Held("a", ('local_shell {"type":"exec","command":["ls"]',), gaps=1)],
    R + "openai-mcp-tool.1.json": [Held("ata", ("web_search_exa {", "latest results"), gaps=1)],
    R + "openai-phase.1.json": [Held("a", ("quickly check", "latest AI updates"))],
    R + "openai-reasoning-encrypted-content.1.json": [Held("a", ("Reporting final", "Final result: 570"))],
    R + "openai-web-search-tool.1.json": [Held("ata", ("web_search {", "Short answer", '"open_page"'), gaps=1)],
    R + "parallel-tool-call-wrapper.1.json": [Held("a", ("weather {", "cityAttractions {"))],
}
UNREAD = {A + "made_hard_cases.jsonl": 2}
PAIRS = {A: (82, 7, 64), R: (29, 0, 4)}
"""Rows of the files of pairs, those whose request failed, and those that were cut or whose reasoning the API kept."""


def rows_of(path: Path, format: str | None = None) -> list[Row]:
    return list(read_transcripts(path, format=format))


def format_of(name: str) -> str | None:
    # A recording of a client's calls: its lines are arrays, which detection does not look at.
    return "managed-agents" if name == EVENTS else None


def spoken(transcript: Transcript) -> str:
    own = [message for message in transcript.messages if message.role == "assistant"]
    return "\n".join(part for message in own for field in READING_ORDER for part in message.parts(field))


@pytest.mark.parametrize("name", [pytest.param(name, id=name) for name in HELD])
def test_sample_holds(name: str) -> None:
    rows = rows_of(FORMATS / name, format_of(name))
    found = [row for row in rows if isinstance(row, Transcript)]
    assert len(rows) - len(found) == UNREAD.get(name, 0)
    assert ["".join(LETTERS[m.role] for m in row.messages) for row in found] == [held.roles for held in HELD[name]]
    for row, held in zip(found, HELD[name], strict=True):
        text, place = spoken(row), 0
        for words in held.words:
            place = text.index(words, place)
        assert len(row.gaps) == held.gaps


@pytest.mark.parametrize(("family", "counts"), [pytest.param(name, counts, id=name) for name, counts in PAIRS.items()])
def test_pairs_are_read_or_refused_with_a_reason(family: str, counts: tuple[int, int, int]) -> None:
    rows = rows_of(FORMATS / family / "real_request_response_pairs.jsonl")
    refused = [row for row in rows if isinstance(row, Unscored)]
    found = [row for row in rows if isinstance(row, Transcript)]
    assert (len(rows), len(refused), sum(bool(row.gaps) for row in found)) == counts
    assert all("the request failed (not_found_error" in row.reason for row in refused)
    assert all(row.messages[-1].role == "assistant" and spoken(row) for row in found)


def test_no_sample_is_left_out() -> None:
    there = {str(path.relative_to(FORMATS)) for family in FAMILIES for path in (FORMATS / family).glob("*.json*")}
    assert there == {*HELD, *(family + "real_request_response_pairs.jsonl" for family in PAIRS)}


def json_lines() -> list[str]:
    return sorted(str(path.relative_to(FORMATS)) for family in FAMILIES for path in (FORMATS / family).glob("*.jsonl"))


@pytest.mark.parametrize("name", json_lines())
def test_sample_cut_anywhere_is_read(name: str, tmp_path: Path) -> None:
    lines = (FORMATS / name).read_bytes().splitlines(keepends=True)
    format = format_of(name) or FAMILIES[name.split("/")[0]]
    path = tmp_path / "cut.jsonl"
    for count, line in list(enumerate(lines, start=1))[:30]:
        whole = b"".join(lines[:count])
        path.write_bytes(whole)
        assert rows_of(path, format)
        path.write_bytes(whole[: -len(line) // 2])
        torn = rows_of(path, format)
        assert any(isinstance(row, Unscored) or row.gaps for row in torn)


@pytest.mark.parametrize("name", [name for name in json_lines() if name.startswith(C)])
def test_order_of_lines_does_not_matter(name: str, tmp_path: Path) -> None:
    lines = (FORMATS / name).read_text(encoding="utf-8").rstrip("\n").split("\n")
    path = tmp_path / "shuffled.jsonl"
    wanted = [(row.id, row.messages) for row in rows_of(FORMATS / name) if isinstance(row, Transcript)]
    rng = random.Random(0)
    for _ in range(5):
        rng.shuffle(lines)
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
        assert [(row.id, row.messages) for row in rows_of(path) if isinstance(row, Transcript)] == wanted


def test_rollout_without_its_events_is_the_same(tmp_path: Path) -> None:
    sample = FORMATS / "codex_cli" / "made_compaction_subagent.jsonl"
    lines = [line for line in sample.read_text(encoding="utf-8").split("\n") if '"event_msg"' not in line]
    path = tmp_path / "bare.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert [row.messages for row in rows_of(path) if isinstance(row, Transcript)] == [
        row.messages for row in rows_of(sample) if isinstance(row, Transcript)
    ]


def test_no_binary_data_are_left() -> None:
    for name in [*HELD, *(family + "real_request_response_pairs.jsonl" for family in PAIRS)]:
        for row in rows_of(FORMATS / name, format_of(name)):
            texts = [m.content for m in row.messages] if isinstance(row, Transcript) else []
            own = [spoken(row)] if isinstance(row, Transcript) else []
            assert not any(BASE64.search(text) for text in texts + own), name


def test_detection_sends_each_sample_to_its_reader() -> None:
    for name in HELD:
        first = json.loads((FORMATS / name).read_text(encoding="utf-8").split("\n")[0]) if name.endswith("l") else {}
        if isinstance(first, dict):
            named = rows_of(FORMATS / name, FAMILIES[name.split("/")[0]])
            assert named == rows_of(FORMATS / name)
