"""One sample of an Inspect log to transcripts: its conversation, and what its models said beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.inspect.events import ModelTurn, Spoken, model_turns
from classifier.readers.inspect.head import LogHead, mapping
from classifier.readers.inspect.messages import Attachments, Conversation, read_messages
from classifier.records import Message, Row, Transcript, Unscored

CUT: Final = ("max_tokens", "length", "model_length", "content_filter")
"""Reasons to stop that leave the last answer unfinished."""
REBUILT: Final = "the messages were put together from events"
BESIDE: Final = "holds what a model said in the events and the final conversation lacks"


def read_sample(sample: object, head: LogHead, *, id: str, source: str) -> Iterator[Row]:
    """Yield the sample's conversation, then a row for each agent with turns that the conversation lacks.

    Parameters
    ----------
    sample : JSON value
        As the log holds it, with references to attachments.
    head : LogHead
        Of its log.
    id : str
        Used when the sample has no id.
    source : str
        File and sample.
    """
    if not isinstance(sample, Mapping):
        yield Unscored(id, source, f"{source}: it is {type(sample).__name__}, not an object; leave the sample out")
        return
    name = sample_id(sample, id)
    try:
        yield from _rows(_modern(sample), head, name, source)
    except InputError as error:
        yield Unscored(name, source, str(error))
    except RecursionError:
        yield Unscored(name, source, f"{source}: it is nested too deep; leave the sample out")


def sample_id(sample: Mapping[str, Any], otherwise: str) -> str:
    """Return the unique id of a sample's run: its uuid, or its id and epoch."""
    if isinstance(sample.get("uuid"), str):
        return str(sample["uuid"])
    return otherwise if sample.get("id") is None else f"{sample['id']}#{sample.get('epoch', 1)}"


def _modern(sample: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give a sample of an old log the fields that newer ones have."""
    old = sample.get("transcript")
    if not isinstance(old, Mapping):
        return sample
    return {**sample, "events": old.get("events"), "attachments": old.get("content")}


def _rows(sample: Mapping[str, Any], head: LogHead, name: str, source: str) -> Iterator[Row]:
    attachments = Attachments(mapping(sample.get("attachments")))
    turns = list(model_turns(sample))
    raw, rebuilt = _conversation(sample, turns)
    if not raw:
        reason = mapping(sample.get("error")).get("message") or head.ending
        yield Unscored(name, source, f"{source}: the sample has no messages ({reason}); leave it out")
        return
    main = read_messages(attachments.resolve(raw), source)
    gaps = (*_gaps(sample), *_lacks(main, attachments))
    within, beside = _parted(turns, Spoken.of(main.messages), attachments, source)
    facts = head.facts(sample, next(iter(within)) if len(within) == 1 else None)
    warnings = _warnings(sample, head)
    kept = (REBUILT, *warnings) if rebuilt else warnings
    yield Transcript(name, source, main.messages, kept, gaps, facts)
    for agent, its_turns in beside.items():
        attachments = Attachments(attachments.texts)
        found = _joined(its_turns, attachments, source)
        facts = head.facts(sample, agent)
        lacks = _lacks(found, attachments)
        yield Transcript(f"{name}~{agent or 'beside'}", source, found.messages, (BESIDE, *warnings), lacks, facts)


def _parted(
    turns: Iterable[ModelTurn], spoken: Spoken, attachments: Attachments, source: str
) -> tuple[set[str | None], dict[str | None, list[ModelTurn]]]:
    """Return the agents whose turns a conversation holds, and by agent the turns that it lacks."""
    within: set[str | None] = set()
    beside: dict[str | None, list[ModelTurn]] = {}
    for turn in turns:
        answer = read_messages(attachments.resolve([turn.answer]), source).messages[0]
        if spoken.holds(answer):
            within.add(turn.agent)
        else:
            beside.setdefault(turn.agent, []).append(turn)
    return within, beside


def _conversation(sample: Mapping[str, Any], turns: Sequence[ModelTurn]) -> tuple[Sequence[object], bool]:
    """Return the raw messages, and whether they had to be put together from events."""
    messages = sample.get("messages")
    if isinstance(messages, list) and messages:
        return messages, False
    if turns:
        return [*turns[-1].prompt, turns[-1].answer], True
    return (), False


def _joined(turns: Iterable[ModelTurn], attachments: Attachments, source: str) -> Conversation:
    """Put the turns of one agent in a row, each message of their prompts once, where it first stood."""
    messages: dict[Message, None] = {}
    known: set[str] = set()
    n_hidden = 0
    for turn in turns:
        for raw in (*turn.prompt, turn.answer):
            identity = mapping(raw).get("id")
            if isinstance(identity, str):
                if identity in known:
                    continue
                known.add(identity)
            read = read_messages(attachments.resolve([raw]), source)
            n_hidden += read.n_hidden
            messages.update(dict.fromkeys(read.messages))
    return Conversation(tuple(messages), n_hidden)


def _gaps(sample: Mapping[str, Any]) -> Iterator[str]:
    error = mapping(sample.get("error")).get("message")
    if sample.get("error"):
        yield f"the sample ended in an error ({str(error or 'no message')[:200]})"
    limit = sample.get("limit")
    if limit:
        found = mapping(limit)
        yield f"the sample was stopped at a limit ({found.get('type', limit)} {found.get('limit', '')})".replace(
            " )", ")"
        )
    choices = mapping(sample.get("output")).get("choices")
    first = mapping(choices[0]) if isinstance(choices, list) and choices else {}
    if first.get("stop_reason") in CUT:
        yield f"the last answer was cut off ({first['stop_reason']})"


def _lacks(found: Conversation, attachments: Attachments) -> tuple[str, ...]:
    """Name what the messages lack, once they are read."""
    lacks = []
    if found.n_hidden:
        lacks.append(f"{found.n_hidden} reasoning blocks are encrypted or withheld")
    if attachments.missing:
        lacks.append(f"{len(attachments.missing)} attachments are not in the log")
    return tuple(lacks)


def _warnings(sample: Mapping[str, Any], head: LogHead) -> tuple[str, ...]:
    warnings = []
    if head.status not in ("success", None):
        warnings.append(f"the log has status {head.status}, not success")
    if sample.get("invalidation"):
        warnings.append("the sample was marked invalid")
    return tuple(warnings)
