"""Rollouts of the Codex command line: one session a file, made of items of the Responses API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.content import text_of
from classifier.readers.reader import Line, SessionReader
from classifier.readers.response_items import read_item
from classifier.readers.session import records_of
from classifier.readers.turns import Turns
from classifier.records import LogFacts, Row

TOLD_ELSEWHERE: Final = ("session_meta", "event_msg", "turn_context", "world_state")
"""Types of lines that hold no turn, or one that an item holds too."""
ENVELOPES: Final = (*TOLD_ELSEWHERE, "response_item", "compacted")
"""Types of lines that hold a payload."""
BARE_ITEMS: Final = ("message", "reasoning", "function_call", "function_call_output", "local_shell_call")
"""Types of lines in the format before September 2025, where lines are the items themselves."""
TASK: Final = "codex"


def read_codex(lines: Iterable[Line], *, id: str, source: str) -> Iterator[Row]:
    """Read one rollout.

    Only `response_item` lines are read: `event_msg` lines tell the same again. What was said before a compaction
    stays, and the compaction's summary, which the harness put in, is a system message. A sub-agent has a file of its
    own, and its parent's session as its scenario. Encrypted reasoning is a gap, but for its summary where it has one.

    Raises
    ------
    InputError
        If the file holds no item.
    """
    session = records_of(lines)
    turns = Turns()
    for gap in session.gaps:
        turns.gap(gap)
    header = _header(session.records)
    system = text_of(header.get("base_instructions") or header.get("instructions"))
    if system:
        turns.add("system", system)
    items = 0
    for record in session.records:
        items += _read_record(record, turns, source)
    if not items:
        raise InputError("the rollout holds no item", where=source, then="leave the file out")
    name = _text(header.get("id")) or id
    yield turns.transcript(name, source, _facts(header, session.records, turns))


def _header(records: tuple[Mapping[str, Any], ...]) -> Mapping[str, Any]:
    """Return the first line about the session; a fork's file goes on with the lines of its parent."""
    for record in records:
        payload = record.get("payload")
        if record.get("type") == "session_meta" and isinstance(payload, Mapping):
            return payload
        if "type" not in record and "timestamp" in record and "id" in record:
            return record
    return {}


def _read_record(record: Mapping[str, Any], turns: Turns, source: str) -> bool:
    """Read one line and tell whether it was an item."""
    kind, payload = record.get("type"), record.get("payload")
    if kind in TOLD_ELSEWHERE or "record_type" in record or (kind is None and "timestamp" in record):
        return False
    if kind not in ENVELOPES and "payload" not in record:
        return _read_item(record, turns, source)
    if not isinstance(payload, Mapping):
        turns.gap(f"a line of type {kind} holds no payload")
    elif kind == "response_item":
        return _read_item(payload, turns, source)
    elif kind == "compacted":
        turns.warn("earlier turns were compacted into a summary")
        if text_of(payload.get("message")):
            turns.add("system", text_of(payload["message"]))
    else:
        turns.warn(f"lines of type {kind} are not read")
    return False


def _read_item(item: Mapping[str, Any], turns: Turns, source: str) -> bool:
    try:
        read_item(item, turns, source)
    except InputError:
        turns.gap("an item's role is unknown")
    return True


def _facts(header: Mapping[str, Any], records: tuple[Mapping[str, Any], ...], turns: Turns) -> LogFacts:
    contexts = [record.get("payload") for record in records if record.get("type") == "turn_context"]
    models = dict.fromkeys(str(c["model"]) for c in contexts if isinstance(c, Mapping) and c.get("model"))
    if len(models) > 1:
        turns.warn(f"several models took turns: {', '.join(models)}")
    parent, agent = _spawned(header.get("source"))
    return LogFacts(
        agent=agent,
        subject_model=next(iter(models), None) or _text(header.get("model")),
        task=_text(header.get("originator")) or TASK,
        scenario=parent or _text(header.get("id")),
    )


def _spawned(origin: object) -> tuple[str | None, str | None]:
    """Return the parent session's id and the sub-agent's name, for a session that an agent began."""
    kind = origin.get("subagent") if isinstance(origin, Mapping) else None
    spawn = kind.get("thread_spawn") if isinstance(kind, Mapping) else None
    if not isinstance(spawn, Mapping):
        return None, (kind if isinstance(kind, str) else None)
    name = spawn.get("agent_nickname") or spawn.get("agent_role")
    return _text(spawn.get("parent_thread_id")), _text(name) or "subagent"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _recognise(record: Mapping[str, Any]) -> str | None:
    kind = record.get("type")
    if kind in ENVELOPES and "payload" in record:
        return f"line of type {kind}"
    if record.get("record_type") == "state":
        return "line of record_type state"
    if kind is None and {"id", "timestamp", "instructions"} <= record.keys():
        return "header of a rollout"
    if kind in BARE_ITEMS and ("role" in record or kind != "message") and "stop_reason" not in record:
        return f"item of type {kind}"
    return None


READER: Final = SessionReader("codex", _recognise, read_codex)
