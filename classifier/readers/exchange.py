"""The shapes in which chat messages are kept: lists, requests and responses, batches, pairs, preferences."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.turns import NO_PROMPT

LISTS: Final = ("messages", "conversations", "conversation")
"""Keys that hold a conversation: a list of messages, or its JSON text."""
ANSWERS: Final = ("completion", "response")
"""Keys that hold what was answered to `prompt`."""
PREFERENCES: Final = (("chosen", "rejected"), ("preferred_output", "non_preferred_output"))
"""Keys that hold two answers to one prompt."""
CUT: Final = ("length", "content_filter")
"""Reasons to finish that leave the answer unfinished."""


@dataclass(frozen=True, slots=True)
class Branch:
    """One conversation of a record."""

    messages: list[Any]
    """Raw messages."""
    suffix: str = ""
    """What tells its id from the record's other branches."""
    warnings: tuple[str, ...] = ()
    """Oddities of its shape."""
    gaps: tuple[str, ...] = ()
    """What it lacks."""
    model: str | None = None
    """Model that answered."""


def shape_of(record: Mapping[str, Any]) -> str | None:
    """Say in which shape a record holds chat messages; None when in none.

    Examples
    --------
    >>> shape_of({"prompt": "2+2?", "completion": "4"})
    'prompt and completion'
    """
    for key in LISTS:
        if _has_turns(record.get(key)):
            return f"{key} with roles"
    if isinstance(record.get("choices"), list):
        return "choices of a response"
    for chosen, rejected in PREFERENCES:
        if chosen in record and rejected in record and not _is_hh(record[chosen]):
            return f"{chosen} and {rejected}"
    body, request, response = record.get("body"), record.get("request"), record.get("response")
    if "custom_id" in record:
        if isinstance(body, Mapping):
            return "request of a batch" if "messages" in body else None
        return "result of a batch" if "response" in record else None
    if isinstance(request, Mapping) and "messages" in request and (response is None or isinstance(response, Mapping)):
        return "request and response"
    answer = next((key for key in ANSWERS if isinstance(record.get(key), str | list)), None)
    return f"prompt and {answer}" if answer and isinstance(record.get("prompt"), str | list) else None


def _has_turns(value: object) -> bool:
    if isinstance(value, str):
        return value.lstrip().startswith("[{")
    first = value[0] if isinstance(value, list) and value else None
    return isinstance(first, Mapping) and ("role" in first or "from" in first)


def _is_hh(value: object) -> bool:
    return isinstance(value, str) and value.lstrip().startswith("Human:")


def branches(record: Mapping[str, Any], source: str) -> Iterator[Branch]:
    """Yield the conversations of a record.

    Raises
    ------
    InputError
        If it has none.
    """
    request = record.get("request")
    held = next((record[key] for key in LISTS if _has_turns(record.get(key))), None)
    if held is None and shape_of(record) is None:
        held = next((record[key] for key in LISTS if key in record), None)
    if held is not None:
        yield from _continued(_with_system(_turns(held, source), record), record, source)
    elif "custom_id" in record and "body" not in record:
        yield from _result(record, source)
    elif isinstance(request, Mapping):
        yield from _answered(_turns(request.get("messages"), source), record.get("response"), request, source)
    elif isinstance(record.get("body"), Mapping):
        yield Branch(_turns(record["body"].get("messages"), source), model=_model(record["body"]))
    elif "choices" in record:
        yield from _choices(record, [], source)
    else:
        yield from _prompted(record, source)


def _continued(asked: list[Any], record: Mapping[str, Any], source: str) -> Iterator[Branch]:
    """Read messages, and the answer to them where one stands beside them."""
    answer = next((record[key] for key in ANSWERS if record.get(key)), None)
    if isinstance(answer, Mapping) and "choices" in answer:
        yield from _answered(asked, answer, record, source)
    elif isinstance(record.get("choices"), list):
        yield from _choices(record, asked, source)
    elif isinstance(answer, str | list):
        last = asked[-1].get("content", asked[-1].get("value")) if isinstance(asked[-1], Mapping) else None
        told = answer in (last, asked[-len(answer) :])
        yield Branch(asked if told else [*asked, *_said(answer, "assistant", source)], model=_model(record))
    elif isinstance(answer, Mapping) and "content" in answer:
        yield Branch([*asked, {**answer, "role": "assistant"}], model=_model(record))
    else:
        gaps = ("the response is not understood",) if answer else ()
        yield Branch(asked, gaps=gaps, model=_model(record))


def _result(record: Mapping[str, Any], source: str) -> Iterator[Branch]:
    """Read a line of a batch's output."""
    response = record.get("response")
    body = response.get("body") if isinstance(response, Mapping) else None
    if not isinstance(body, Mapping) or "choices" not in body:
        holder = body if isinstance(body, Mapping) else record
        raise InputError(f"the request failed ({_error(holder)})", where=source, then="leave the row out")
    yield from _choices(body, [], source)


def _answered(asked: list[Any], response: object, request: Mapping[str, Any], source: str) -> Iterator[Branch]:
    if response is None:
        yield Branch(asked, gaps=("there is no response",), model=_model(request))
    elif isinstance(response, Mapping) and "choices" in response:
        yield from _choices({"model": request.get("model"), **response}, asked, source)
    else:
        holder = response if isinstance(response, Mapping) else {}
        yield Branch(asked, gaps=(f"the request failed ({_error(holder)})",), model=_model(request))


def _choices(response: Mapping[str, Any], asked: list[Any], source: str) -> Iterator[Branch]:
    choices = response["choices"]
    if not isinstance(choices, list) or not choices:
        raise InputError("there are no choices", where=source, then="leave the row out")
    for index, choice in enumerate(choices):
        found = choice if isinstance(choice, Mapping) else {}
        message = found.get("message")
        if message is None and isinstance(found.get("text"), str):
            message = {"role": "assistant", "content": found["text"]}
        finish = found.get("finish_reason")
        yield Branch(
            [*asked, message],
            suffix=f"#{index}" if len(choices) > 1 else "",
            warnings=() if asked else (NO_PROMPT,),
            gaps=(f"the last answer was cut off ({finish})",) if finish in CUT else (),
            model=_model(response),
        )


def _prompted(record: Mapping[str, Any], source: str) -> Iterator[Branch]:
    """Read a prompt with its answer, or its two answers of which one was preferred."""
    given = record.get("input")
    prompt = given.get("messages") if isinstance(given, Mapping) else record.get("prompt")
    asked = _with_system([] if prompt is None else _said(prompt, "user", source), record)
    for keys in PREFERENCES:
        if all(key in record for key in keys):
            for key in keys:
                answer = _said(record[key], "assistant", source)
                messages = answer if not asked or answer[: len(asked)] == asked else [*asked, *answer]
                yield Branch(messages, suffix=f"#{key}", warnings=() if len(messages) > 1 else (NO_PROMPT,))
            return
    answers = [record[key] for key in ANSWERS if record.get(key) is not None]
    if not answers or not asked:
        raise InputError("there are no messages", where=source, then="add a list of messages, or leave the row out")
    yield Branch([*asked, *_said(answers[0], "assistant", source)], model=_model(record))


def _said(value: object, role: str, source: str) -> list[Any]:
    return [{"role": role, "content": value}] if isinstance(value, str) else _turns(value, source)


def _turns(value: object, source: str) -> list[Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError as error:
            raise InputError(f"the messages are not JSON ({error})", where=source, then="correct the row") from error
    if not isinstance(value, list) or not value:
        raise InputError("there are no messages", where=source, then="add a list of messages, or leave the row out")
    return value


def _with_system(messages: list[Any], record: Mapping[str, Any]) -> list[Any]:
    """Put a system prompt that stands beside the messages before them."""
    system = record.get("system")
    return [{"role": "system", "content": system}, *messages] if isinstance(system, str) and system else messages


def _error(holder: Mapping[str, Any]) -> str:
    error = holder.get("error")
    return str(error.get("message") or error.get("code")) if isinstance(error, Mapping) else "no choices"


def _model(holder: Mapping[str, Any]) -> str | None:
    model = holder.get("model")
    return model if isinstance(model, str) else None
