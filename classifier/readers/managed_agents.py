"""Session events of Anthropic's managed agents: as the API lists them, or as a client recorded its calls."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.content import text_of
from classifier.readers.reader import Line, SessionReader
from classifier.readers.results import result_text
from classifier.readers.session import unreadable
from classifier.readers.turns import ABSENT, Turns
from classifier.records import LogFacts, Row

SPEAKERS: Final = ("user.", "agent.")
"""First words of the events that hold turns; `session.`, `span.` and the like hold none."""
RESULT_IDS: Final = ("tool_use_id", "custom_tool_use_id", "mcp_tool_use_id")
HELD_LISTS: Final = ("events", "data")


def read_managed_agents(lines: Iterable[Line], *, id: str, source: str) -> Iterator[Row]:
    """Read the events of one session.

    An event that a client sent comes back in the stream under an id; where there are ids, the sent one is left out.
    The agent's reasoning is only announced (`agent.thinking`), never shown: each announcement is a gap.

    Raises
    ------
    InputError
        If no event is a turn.
    """
    found: list[Mapping[str, Any]] = []
    bad: list[str] = []
    for line in lines:
        inside = list(_objects(line.value))
        found.extend(inside)
        if not inside:
            bad.append(f"{line.place}: {line.problem or 'it holds no event'}")
    header = next((value for value in found if value.get("type") == "session"), {})
    turns = Turns()
    agent = header.get("agent")
    about = agent if isinstance(agent, Mapping) else {}
    if about.get("system"):
        turns.add("system", text_of(about["system"]))
    events = _turn_events(found)
    if not events:
        raise InputError("no event is a turn of user or agent", where=source, then="name a file of session events")
    for event in events:
        _read_event(event, turns)
    if bad:
        turns.gap(unreadable(bad))
    session = str(header.get("id") or id)
    model = about.get("model")
    facts = LogFacts(
        agent=_text(about.get("name")),
        subject_model=_text(model.get("id") if isinstance(model, Mapping) else model),
        task="managed-agents",
        scenario=_text(header.get("id")),
    )
    yield turns.transcript(session, source, facts)


def _objects(value: object) -> Iterator[Mapping[str, Any]]:
    """Yield the events and the session in a record, however they are wrapped."""
    if isinstance(value, Mapping):
        if isinstance(value.get("type"), str):
            yield value
        for key in HELD_LISTS:
            yield from _objects(value.get(key))
    elif isinstance(value, list):
        for item in value:
            yield from _objects(item)


def _turn_events(found: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    spoken = [value for value in found if str(value["type"]).startswith(SPEAKERS)]
    if not any(value.get("id") for value in spoken):
        return spoken
    # What the agent says is never sent by a client: it stays, with an id or without.
    kept = [value for value in spoken if value.get("id") or str(value["type"]).startswith("agent.")]
    return list({str(value.get("id") or f"#{index}"): value for index, value in enumerate(kept)}.values())


def _read_event(event: Mapping[str, Any], turns: Turns) -> None:
    kind, content = str(event["type"]), event.get("content")
    if kind.endswith("tool_result"):
        call = next((event[key] for key in RESULT_IDS if event.get(key)), None)
        turns.result(result_text(content), call)
    elif kind.startswith("user.") or kind == "agent.thread_message_received":
        text = text_of(content) or text_of(event.get("deny_message") or event.get("description"))
        if text:
            turns.add("user", text)
    elif kind.endswith("tool_use"):
        turns.call(event.get("name"), event.get("input"), event.get("id"))
    elif kind == "agent.thinking":
        turns.hide(ABSENT)
    elif kind == "agent.thread_context_compacted":
        turns.warn("earlier turns were compacted into a summary")
    else:
        _read_said(content, kind, turns)


def _read_said(content: object, kind: str, turns: Turns) -> None:
    text = text_of(content)
    turns.say(text)
    redacted = isinstance(content, list) and any(
        isinstance(b, Mapping) and b.get("type") == "redacted" for b in content
    )
    if redacted or not text:
        turns.gap(f"an event {kind} holds no text that can be read")


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _recognise(record: Mapping[str, Any]) -> str | None:
    kind = record.get("type")
    if isinstance(kind, str) and kind.startswith((*SPEAKERS, "session.", "span.")):
        return f"event {kind}"
    return None


READER: Final = SessionReader("managed-agents", _recognise, read_managed_agents)
