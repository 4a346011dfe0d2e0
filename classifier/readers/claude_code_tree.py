"""The tree of a Claude Code session: which of its records are the conversation, and in which order.

Records are written as they happen and linked by `parentUuid`. Rewinding leaves branches behind; parallel calls put the
results of one turn on side branches; a compaction begins a new root that names its parent otherwise; other tools strip
the links. So the order comes from the links, then from the time stamps, and from the file only where both are silent.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

PARENTS: Final = ("parentUuid", "logicalParentUuid")
"""Keys that name a record's parent; the second leads over a compaction."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """One record of a session; two are the same only if they are one object."""

    value: Mapping[str, Any]
    """The record."""
    index: int
    """Its place in the file."""

    @property
    def uuid(self) -> str:
        """Its id; empty where it has none."""
        return str(self.value.get("uuid") or "")

    @property
    def kind(self) -> str:
        """Its type."""
        return str(self.value.get("type"))

    @property
    def spoken(self) -> bool:
        """Whether it holds a message of the conversation."""
        return self.kind in ("user", "assistant", "system")

    @property
    def order(self) -> tuple[str, int]:
        """What to sort by where no link tells."""
        return str(self.value.get("timestamp") or ""), self.index

    @property
    def blocks(self) -> list[Mapping[str, Any]]:
        """Its message's content blocks."""
        message = self.value.get("message")
        content = message.get("content") if isinstance(message, Mapping) else None
        return [block for block in content if isinstance(block, Mapping)] if isinstance(content, list) else []

    @property
    def turn(self) -> str | None:
        """Id of the assistant's turn that it is a part of: each block is written as a record of its own."""
        message = self.value.get("message")
        id = message.get("id") if isinstance(message, Mapping) and self.kind == "assistant" else None
        return str(id) if id else None


class Links:
    """Which record each record follows, by its own word."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_uuid = {entry.uuid: entry for entry in entries if entry.uuid}
        self._roots: dict[Entry, Entry] = {}

    def parent(self, entry: Entry) -> Entry | None:
        """Return the record that it follows, if that is in the file; a sub-agent's first follows none."""
        for key in PARENTS:
            found = self._by_uuid.get(str(entry.value.get(key)))
            if found is not None and found is not entry and thread(found) == thread(entry):
                return found
        return None

    def orphaned(self, entry: Entry) -> bool:
        """Tell whether it names a parent that is not in the file."""
        named = [str(entry.value[key]) for key in PARENTS if entry.value.get(key)]
        return bool(named) and not any(uuid in self._by_uuid for uuid in named)

    def root(self, entry: Entry) -> Entry:
        """Return the first of the records that lead to it."""
        trail: dict[Entry, None] = {}
        above: Entry | None = entry
        top = entry
        while above is not None and above not in trail:
            if above in self._roots:
                top = self._roots[above]
                break
            trail[above] = None
            top, above = above, self.parent(above)
        self._roots.update(dict.fromkeys(trail, top))
        return top

    def spoken_parent(self, entry: Entry) -> Entry | None:
        """Return the nearest record before it that holds a message."""
        seen = {entry}
        above = self.parent(entry)
        while above is not None and not above.spoken and above not in seen:
            seen.add(above)
            above = self.parent(above)
        return above if above is not None and above.spoken else None


def thread(entry: Entry) -> tuple[bool, str]:
    """Return what tells a sub-agent's records from the main conversation's."""
    aside = bool(entry.value.get("isSidechain"))
    return aside, str(entry.value.get("agentId") or "") if aside else ""


def main_path(entries: Sequence[Entry], links: Links) -> list[Entry]:
    """Return the records of one conversation that lead to its latest record, in order, each turn of them whole.

    A record without a link follows the one before it in time.
    """
    spoken = sorted((entry for entry in entries if entry.spoken), key=lambda entry: entry.order)
    before = dict(zip(spoken[1:], spoken, strict=False))
    parents = {entry: links.spoken_parent(entry) or before.get(entry) for entry in spoken}
    path: dict[Entry, None] = {}
    step = _last_leaf(spoken, parents)
    while step is not None and step not in path:
        path[step] = None
        step = parents[step]
    return _with_whole_turns(list(reversed(path)), spoken, parents)


def _last_leaf(spoken: Sequence[Entry], parents: Mapping[Entry, Entry | None]) -> Entry | None:
    """Return the latest message of user or assistant that none of theirs follows; notes of the system do not count."""
    voiced = [entry for entry in spoken if entry.kind != "system"]
    followed: set[Entry] = set()
    for entry in voiced:
        above = parents[entry]
        while above is not None and above not in followed:
            followed.add(above)
            above = parents[above] if above.kind == "system" else None
    leaves = [entry for entry in voiced if entry not in followed]
    return next(reversed(leaves or voiced), None)


def _with_whole_turns(
    path: Sequence[Entry], spoken: Sequence[Entry], parents: Mapping[Entry, Entry | None]
) -> list[Entry]:
    """Bring the records of each turn together, and the results of its calls after it, from side branches too."""
    turns: dict[str, list[Entry]] = {}
    results: dict[str, list[Entry]] = {}
    for entry in spoken:
        if entry.turn:
            turns.setdefault(entry.turn, []).append(entry)
        for call in answered(entry):
            results.setdefault(call, []).append(entry)
    on_path, whole = set(path), dict[Entry, None]()
    for entry in path:
        if entry in whole:
            continue
        parts = _in_order(turns[entry.turn], parents) if entry.turn else [entry]
        whole.update(dict.fromkeys(parts))
        for call in (str(block.get("id")) for part in parts for block in part.blocks if "id" in block):
            found = results.get(call, [])
            if not on_path.intersection(found):
                whole.update(dict.fromkeys(found[-1:]))
    return list(whole)


def _in_order(parts: list[Entry], parents: Mapping[Entry, Entry | None]) -> list[Entry]:
    """Sort the records of one turn by time, and by their links where they bear one time stamp."""
    within = set(parts)

    def rank(part: Entry) -> int:
        seen: set[Entry] = set()
        above = parents[part]
        while above in within and above not in seen:
            seen.add(above)
            above = parents[above]
        return len(seen)

    return sorted(parts, key=lambda part: (part.order[0], rank(part), part.index))


def answered(entry: Entry) -> list[str]:
    """Return the ids of the calls whose results a record holds."""
    return [str(block.get("tool_use_id")) for block in entry.blocks if block.get("type") == "tool_result"]
