"""Requests to and responses of the Anthropic Messages API, alone, as pairs, or as results of a batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.anthropic_blocks import CHAT_ONLY, read_message
from classifier.readers.content import text_of
from classifier.readers.reader import RecordReader
from classifier.readers.turns import NO_PROMPT, Turns
from classifier.records import LogFacts, Transcript

CUT: Final = frozenset({"max_tokens", "model_context_window_exceeded"})
"""Reasons to stop that leave the answer unfinished."""


@dataclass(frozen=True, slots=True)
class _Exchange:
    """What was asked and what was answered; either may be missing from the record."""

    id: str
    request: Mapping[str, Any] | None
    response: Mapping[str, Any] | None
    failure: str | None = None
    """Why there is no response, when the API gave none."""


def transcripts_from_anthropic(record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Transcript]:
    """Read one request, response, `{request, response}` pair or batch result.

    Redacted thinking, and thinking of which only the signature is there, is a gap.

    Raises
    ------
    InputError
        If there is no message, or one of them is not as it should be, or the API gave an error and nothing else.
    """
    exchange = _exchange(record, id)
    request, response = exchange.request, exchange.response
    turns = Turns()
    if request is None:
        turns.warn(NO_PROMPT)
    else:
        _read_request(request, turns, source)
    if exchange.failure:
        if not any(message.role == "assistant" for message in turns.messages):
            raise InputError(exchange.failure, where=source, then="leave the row out")
        turns.warn(exchange.failure)
    if response is not None:
        if turns.messages and turns.messages[-1].role == "assistant":
            turns.warn("the assistant's last turn but one is a beginning that the caller wrote")
        _read_response(response, turns, source)
    yield turns.transcript(exchange.id, source, LogFacts(subject_model=_model(response) or _model(request)))


def _exchange(record: Mapping[str, Any], id: str) -> _Exchange:
    name = str(record.get("id") or record.get("custom_id") or id)
    result, response = record.get("result"), record.get("response")
    if isinstance(result, Mapping):
        message = result.get("message")
        if result.get("type") == "succeeded" and isinstance(message, Mapping):
            return _Exchange(name, None, message)
        return _Exchange(name, None, None, f"the request {result.get('type')}{_error(result)}")
    if "request" in record:
        request = record["request"] if isinstance(record["request"], Mapping) else None
        if isinstance(response, Mapping) and response.get("type") != "error":
            return _Exchange(str(record.get("id") or response.get("id") or id), request, response)
        kind = type(response).__name__
        error = _error(response) if isinstance(response, Mapping) else f": the response is {kind}, not an object"
        return _Exchange(name, request, None, f"the request failed{error}")
    return _Exchange(name, record, None) if "messages" in record else _Exchange(name, None, record)


def _error(holder: Mapping[str, Any]) -> str:
    error = holder.get("error")
    while isinstance(error, Mapping) and isinstance(error.get("error"), Mapping):
        error = error["error"]
    return f" ({error.get('type')}: {error.get('message')})" if isinstance(error, Mapping) else ""


def _read_request(request: Mapping[str, Any], turns: Turns, source: str) -> None:
    system = text_of(request.get("system"))
    if system:
        turns.add("system", system)
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InputError("there are no messages", where=source, then="add a list of messages, or leave the row out")
    for index, message in enumerate(messages):
        where = f"{source} message {index}"
        if not isinstance(message, Mapping):
            raise InputError(f"it is {type(message).__name__}, not an object", where=where, then="correct the row")
        read_message(message, turns, where)


def _read_response(response: Mapping[str, Any], turns: Turns, source: str) -> None:
    if not isinstance(response.get("content"), list):
        raise InputError("the response has no list of content blocks", where=source, then="correct the row")
    read_message({"role": "assistant", "content": response["content"]}, turns, source)
    reason = str(response.get("stop_reason"))
    if reason in CUT:
        turns.gap(f"the last answer was cut off ({reason})")
    elif reason == "refusal":
        turns.warn("the assistant's last turn ended by refusal")
    managed = response.get("context_management")
    if isinstance(managed, Mapping) and managed.get("applied_edits"):
        turns.warn("parts of the context were cleared before the assistant's last turn")


def _model(holder: Mapping[str, Any] | None) -> str | None:
    model = holder.get("model") if holder else None
    return model if isinstance(model, str) else None


def _recognise(record: Mapping[str, Any]) -> str | None:
    result, request, response = record.get("result"), record.get("request"), record.get("response")
    if isinstance(result, Mapping) and "custom_id" in record and "type" in result:
        return "result of a message batch"
    if isinstance(request, Mapping) and isinstance(response, Mapping) and "messages" in request:
        return "request and response" if response.get("type") in ("message", "error") else None
    if record.get("type") == "message" and "stop_reason" in record:
        return "response with stop_reason"
    messages = record.get("messages")
    if not isinstance(messages, list) or not _plain(messages):
        return None
    if "system" in record:
        return "messages beside system"
    return "messages with content blocks" if any(map(_has_blocks, messages)) else None


def _plain(messages: list[Any]) -> bool:
    """Tell messages whose roles and keys the Messages API knows."""
    known = [m for m in messages if isinstance(m, Mapping) and m.get("role") in ("user", "assistant")]
    return bool(known) and len(known) == len(messages) and not any(CHAT_ONLY & m.keys() for m in known)


def _has_blocks(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    kinds = [str(b.get("type")) for b in content if isinstance(b, Mapping)] if isinstance(content, list) else []
    return any(kind.endswith(("tool_use", "tool_result")) or kind.endswith("thinking") for kind in kinds)


READER: Final = RecordReader("anthropic", _recognise, transcripts_from_anthropic)
