"""Requests to and responses of the OpenAI Responses API, alone, as pairs, as batch results, or as bare items."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.content import text_of
from classifier.readers.reader import RecordReader
from classifier.readers.response_items import COMPACTED, read_item
from classifier.readers.turns import NO_PROMPT, Turns
from classifier.records import LogFacts, Transcript

TELLING_ITEMS: Final = (
    *("reasoning", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output"),
    *("local_shell_call", "local_shell_call_output", "web_search_call", "item_reference"),
)
"""Item types that no other format's messages have."""
ELSEWHERE: Final = ("previous_response_id", "conversation")
"""Keys that say that earlier turns, the assistant's among them, are kept by the API."""


def transcripts_from_responses(record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Transcript]:
    """Read one request, response, `{request, response}` pair, batch result or list of items.

    Encrypted reasoning without a summary is a gap, and so are earlier turns that the API kept, referred to, or
    compacted into an encrypted summary before this request.

    Raises
    ------
    InputError
        If there are no items, or the API gave an error and nothing else.
    """
    request, response = _exchange(record, source)
    turns = Turns()
    system = text_of((request or {}).get("instructions") or (response or {}).get("instructions"))
    if system:
        turns.add("system", system)
    asked = None if request is None else request.get("input", request.get("messages"))
    if not asked:
        turns.warn(NO_PROMPT)
    for index, item in enumerate(_items(asked, source)):
        if item.get("type") in COMPACTED:
            turns.gap("earlier turns are an encrypted summary")
        read_item(item, turns, f"{source} input {index}")
    if any(holder.get(key) for key in ELSEWHERE for holder in (request, response) if holder):
        turns.gap("earlier turns are kept by the API, not in the file")
    if response is not None:
        _read_response(response, turns, source)
    elif not asked:
        raise InputError("there are no items", where=source, then="add input or output, or leave the row out")
    name = str(record.get("id") or record.get("custom_id") or (response or {}).get("id") or id)
    yield turns.transcript(name, source, LogFacts(subject_model=_model(response) or _model(request)))


def _exchange(record: Mapping[str, Any], source: str) -> tuple[Mapping[str, Any] | None, Mapping[str, Any] | None]:
    if "request" in record or "response" in record:
        request, response = record.get("request"), record.get("response")
        if isinstance(response, Mapping) and "body" in response:
            response = response["body"]
        if isinstance(response, str):
            response = _streamed(response, source)
        if not isinstance(response, Mapping) or "output" not in response:
            error = record.get("error") or (response.get("error") if isinstance(response, Mapping) else None)
            raise InputError(f"the request failed ({text_of(_message(error))})", where=source, then="leave the row out")
        return request if isinstance(request, Mapping) else None, response
    if "output" not in record:
        return record, None
    return (record if "input" in record else None), record


def _message(error: object) -> object:
    return error.get("message") if isinstance(error, Mapping) else error


def _streamed(events: str, source: str) -> Mapping[str, Any]:
    """Return the response that a stream of server-sent events ends with."""
    for line in reversed(events.split("\n")):
        if line.startswith("data:"):
            try:
                response = json.loads(line.removeprefix("data:")).get("response")
            except (ValueError, AttributeError):
                continue
            if isinstance(response, Mapping) and response.get("status") in ("completed", "incomplete"):
                return response
    raise InputError("the stream does not end with a response", where=source, then="leave the row out")


def _items(value: object, source: str) -> list[Mapping[str, Any]]:
    """Return input or output as a list of items; a text is the user's message."""
    if isinstance(value, str):
        return [{"role": "user", "content": value}]
    items = value if isinstance(value, list) else []
    if not all(isinstance(item, Mapping) for item in items):
        raise InputError("an item is not an object", where=source, then="correct the row")
    return items


def _read_response(response: Mapping[str, Any], turns: Turns, source: str) -> None:
    for index, item in enumerate(_items(response.get("output"), source)):
        read_item(item, turns, f"{source} output {index}")
    if response.get("status") in ("incomplete", "failed"):
        details = response.get("incomplete_details")
        why = details.get("reason") if isinstance(details, Mapping) else _message(response.get("error"))
        turns.gap(f"the response is {response['status']} ({text_of(why)})")


def _model(holder: Mapping[str, Any] | None) -> str | None:
    model = holder.get("model") if holder else None
    return model if isinstance(model, str) else None


def _recognise(record: Mapping[str, Any]) -> str | None:
    request, response = record.get("request"), record.get("response")
    if isinstance(request, Mapping) and "input" in request and isinstance(response, Mapping | str):
        return "request with input, and response"
    body = response.get("body") if isinstance(response, Mapping) else record
    if isinstance(body, Mapping) and (body.get("object") == "response" or _telling(body.get("output"))):
        return "output of a response"
    if _telling(record.get("messages")):
        return "items among messages"
    asked = record.get("input")
    if _telling(asked) or ("model" in record and isinstance(asked, str | list) and "instructions" in record):
        return "input of a request"
    return None


def _telling(items: object) -> bool:
    found = items if isinstance(items, list) else ()
    return any(isinstance(item, Mapping) and item.get("type") in TELLING_ITEMS for item in found)


READER: Final = RecordReader("responses", _recognise, transcripts_from_responses)
