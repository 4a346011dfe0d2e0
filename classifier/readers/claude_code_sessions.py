"""The conversations in a file of Claude Code: whose records are whose, and which can be read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from classifier.readers.claude_code_tree import Entry, Links, thread
from classifier.records import compact_json

SIDECHAIN: Final = "sidechain"
"""Name of a sub-agent that the log gives none."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """The records of one main conversation, or of one sub-agent."""

    id: str
    """The session's id, and for a sub-agent its own behind a slash."""
    session: str | None
    """The session's id, where the records say."""
    agent: str | None
    """The sub-agent's id, `SIDECHAIN` where it has none; None for the main conversation."""
    entries: list[Entry]
    """Its records, in the file's order."""


def usable_entries(records: Sequence[Mapping[str, Any]], source: str) -> tuple[list[Entry], list[str]]:
    """Return the records, each once, and what is wrong with those that should hold a message and do not."""
    entries: dict[str, Entry] = {}
    bad: list[str] = []
    for index, record in enumerate(records):
        entry = Entry(record, index)
        if "type" not in record or (entry.kind in ("user", "assistant") and not _readable(record)):
            bad.append(f"{source}: record {entry.uuid or index} holds no message")
            continue
        key = entry.uuid or f"#{index}"
        known = entries.get(key)
        # A resumed session repeats records; where two differ, the later stands, whichever line comes first.
        if known is not None and known.value.get("message") != record.get("message"):
            bad.append(f"{source}: record {entry.uuid} is there twice, with other words")
        if known is None or _age(known) < _age(entry):
            entries[key] = entry
    return list(entries.values()), bad


def _readable(record: Mapping[str, Any]) -> bool:
    message = record.get("message")
    if not isinstance(message, Mapping) or message.get("role", record["type"]) not in ("user", "assistant"):
        return False
    return isinstance(message.get("content"), str | list)


def _age(entry: Entry) -> tuple[str, str]:
    return entry.order[0], compact_json(entry.value)


def conversations_of(entries: list[Entry], links: Links, id: str) -> list[Conversation]:
    """Sort the records by session and sub-agent; a resumed session goes under its latest id."""
    latest: dict[Entry, Entry] = {}
    for entry in sorted(entries, key=lambda entry: entry.order):
        if entry.spoken:
            latest[links.root(entry)] = entry
    groups: dict[tuple[str, str], list[Entry]] = {}
    for entry in entries:
        if not entry.spoken:
            continue
        root = links.root(entry)
        session = str(latest[root].value.get("sessionId") or "")
        aside, agent = thread(entry)
        groups.setdefault((session, (agent or root.uuid or SIDECHAIN) if aside else ""), []).append(entry)
    found = [
        Conversation(
            id=f"{session or id}/{branch}" if branch else session or id,
            session=session or None,
            agent=(thread(members[0])[1] or SIDECHAIN) if branch else None,
            entries=members,
        )
        for (session, branch), members in groups.items()
        if any(entry.kind != "system" for entry in members)
    ]
    return sorted(found, key=lambda one: (bool(one.agent), min(entry.order for entry in one.entries)))
