"""Chat messages, as chat completion APIs take and give them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.chat_blocks import calls_of, gaps_of, reasoning_of
from classifier.readers.content import ROLE_WORDS, split_reasoning, text_of
from classifier.readers.exchange import branches, shape_of
from classifier.readers.reader import RecordReader
from classifier.readers.turns import NO_CONTENT
from classifier.records import ROLES, LogFacts, Message, Role, Transcript

SAID: Final = ("content", "value", "refusal", "audio")
"""Keys of what a message says; an answer in sound has its transcript in `audio`."""
NAMES: Final = ("custom_id", "id", "prompt_id", "conversation_id", "uuid")
"""Keys of a record's id, the one that its owner chose first."""


def transcripts_from_chat(record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Transcript]:
    """Read one record, whatever its shape; one transcript a choice, or a preference.

    Raises
    ------
    InputError
        If there are no messages, or one of them is not as it should be.
    """
    name = next((str(record[key]) for key in NAMES if record.get(key) is not None), id)
    for branch in branches(record, source):
        places = (f"{source} message {index}" for index in range(len(branch.messages)))
        messages = tuple(map(read_message, branch.messages, places))
        gaps = (*branch.gaps, *_gaps(branch.messages, messages))
        scenario = record.get("scenario")
        facts = LogFacts(subject_model=branch.model, scenario=scenario if isinstance(scenario, str) else None)
        yield Transcript(name + branch.suffix, source, messages, branch.warnings, gaps, facts)


def _gaps(raw: list[Any], read: Iterable[Message]) -> Iterator[str]:
    spoken = [(given, message) for given, message in zip(raw, read, strict=True) if message.role == "assistant"]
    yield from gaps_of(given for given, _ in spoken)
    silent = [given for given, message in spoken if message == Message("assistant", name=message.name)]
    if any(all(given.get(key) is None for key in SAID) for given in silent):
        yield NO_CONTENT


def read_message(message: object, where: str) -> Message:
    """Read one chat message.

    Raises
    ------
    InputError
        If it is no object, or its role is unknown.
    """
    if not isinstance(message, Mapping):
        raise InputError(f"it is {type(message).__name__}, not an object", where=where, then="correct the row")
    role = read_role(message.get("role", message.get("from")), where)
    text = "\n".join(dict.fromkeys(text for key in SAID if (text := text_of(message.get(key)))))
    name = message.get("name")
    if role != "assistant":
        return Message(role, text, name=name if isinstance(name, str) else None)
    tagged, said = split_reasoning(text)
    thinking = (*reasoning_of(message), *tagged)
    return Message(role, said, thinking, calls_of(message), name if isinstance(name, str) else None)


def read_role(role: object, where: str) -> Role:
    """Return our word for a role.

    Raises
    ------
    InputError
        If it is unknown.
    """
    word = ROLE_WORDS.get(str(role).lower(), str(role).lower())
    for known in ROLES:
        if word == known:
            return known
    raise InputError(f"role is {role!r}, not one of {', '.join(ROLES)}", where=where, then="correct the row")


READER: Final = RecordReader("chat", shape_of, transcripts_from_chat)
