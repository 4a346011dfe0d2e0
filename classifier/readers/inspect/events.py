"""What models said in the events and the final conversation lacks: replaced drafts, sub-agents, compacted turns."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from classifier.records import Message, ToolCall

GRADING: Final = ("scorer", "scorers")
"""Types of the spans and steps in which a model grades."""
GRADER_ROLES: Final = ("grader", "judge", "scorer")
"""Roles of a model that grades."""
DEEPEST: Final = 50
"""Nesting of events in old logs that is followed."""


@dataclass(frozen=True, slots=True)
class ModelTurn:
    """One answer of a model."""

    agent: str | None
    """Role or agent that it speaks for, where the log says so."""
    prompt: Sequence[object]
    """Raw messages it answered."""
    answer: object
    """Raw message it gave."""


@dataclass(slots=True)
class Spoken:
    """What the assistant says in a conversation, to tell whether a turn is part of it."""

    text: str = ""
    """Everything it says aloud."""
    calls: set[ToolCall] = field(default_factory=set)
    """Every call it makes."""

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Spoken:
        """Gather a conversation."""
        spoken = [message for message in messages if message.role == "assistant"]
        return cls("\n\n".join(m.content for m in spoken), {call for m in spoken for call in m.tool_calls})

    def holds(self, turn: Message) -> bool:
        """Tell whether a turn is there, in whole or, when an agent hands its answer on, as text."""
        return turn.content.strip() in self.text and all(self._holds_call(call) for call in turn.tool_calls)

    def _holds_call(self, call: ToolCall) -> bool:
        # An agent's final `submit` is taken out of the conversation and its argument put into the text.
        return call in self.calls or (call.name.startswith("submit") and _argument(call) in self.text)


def _argument(call: ToolCall) -> str:
    try:
        values = list(json.loads(call.arguments).values())
    except (ValueError, AttributeError):
        return call.arguments
    return str(values[0]) if len(values) == 1 else call.arguments


def model_turns(sample: Mapping[str, Any]) -> Iterator[ModelTurn]:
    """Yield the answers of models in a sample's events, resolved already; those of graders are left out."""
    pool = _pool(sample)
    spans: dict[str, Mapping[str, Any]] = {}
    steps: list[str] = []
    for event in _flat(sample.get("events"), 0):
        kind = event.get("event")
        if kind == "span_begin":
            spans[str(event.get("id"))] = event
        elif kind == "step":
            if event.get("action") == "begin":
                steps.append(str(event.get("type")))
            elif steps:
                steps.pop()
        elif kind == "model" and not event.get("error"):
            around = _around(event, spans)
            grading = any(span.get("type") in GRADING for span in around) or any(step in GRADING for step in steps)
            if not grading and event.get("role") not in GRADER_ROLES:
                for answer in _answers(event):
                    yield ModelTurn(_agent(event, around), _prompt(event, pool), answer)


def _flat(events: object, depth: int) -> Iterator[Mapping[str, Any]]:
    for event in events if isinstance(events, list) else ():
        if isinstance(event, Mapping):
            yield event
            if depth < DEEPEST:
                yield from _flat(event.get("events"), depth + 1)


def _around(event: Mapping[str, Any], spans: Mapping[str, Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the spans that an event lies in, the nearest first."""
    found: list[Mapping[str, Any]] = []
    span = spans.get(str(event.get("span_id")))
    while span is not None and len(found) < len(spans):
        found.append(span)
        span = spans.get(str(span.get("parent_id")))
    return found


def _agent(event: Mapping[str, Any], around: Sequence[Mapping[str, Any]]) -> str | None:
    if isinstance(event.get("role"), str):
        return str(event["role"])
    return next((str(span.get("name")) for span in around if span.get("type") == "agent"), None)


def _answers(event: Mapping[str, Any]) -> Iterator[object]:
    output = event.get("output")
    choices = output.get("choices") if isinstance(output, Mapping) else None
    for choice in choices if isinstance(choices, list) else ():
        if isinstance(choice, Mapping) and isinstance(choice.get("message"), Mapping):
            yield choice["message"]


def _pool(sample: Mapping[str, Any]) -> Sequence[object]:
    """Return the messages that events refer to by their numbers."""
    data = sample.get("events_data")
    pool = data.get("messages") if isinstance(data, Mapping) else sample.get("message_pool")
    return pool if isinstance(pool, list) else ()


def _prompt(event: Mapping[str, Any], pool: Sequence[object]) -> Sequence[object]:
    given = event.get("input")
    if isinstance(given, list) and given:
        return given
    found: list[object] = []
    refs = event.get("input_refs")
    for pair in refs if isinstance(refs, list) else ():
        if isinstance(pair, list) and len(pair) == 2 and all(type(n) is int and n >= 0 for n in pair):
            found.extend(pool[pair[0] : pair[1]])
    return found
