"""OpenAI Responses: items, requests, responses, pairs, streams."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from classifier.readers import detect, read_transcripts
from classifier.readers.responses import transcripts_from_responses
from classifier.records import Transcript, Unscored
from tests.reading import Turn, read, turns, write

DATA = "A" * 400


def words(text: str, role: str = "assistant") -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    return {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}


def item(kind: str, **more: object) -> dict[str, Any]:
    return {"type": kind, "id": "i", **more}


def call(name: str, arguments: str, id: str = "c") -> dict[str, Any]:
    return item("function_call", name=name, arguments=arguments, call_id=id)


def output(text: object, id: str = "c", kind: str = "function_call_output") -> dict[str, Any]:
    return item(kind, call_id=id, output=text)


def response(*items: object, **more: object) -> dict[str, Any]:
    return {"object": "response", "id": "r1", "model": "g", "status": "completed", "output": [*items], **more}


def parse(record: dict[str, Any]) -> Transcript:
    (found,) = transcripts_from_responses(record, id="here", source="made:1")
    return found


def test_run_of_items_is_one_turn_up_to_a_result() -> None:
    thought = item("reasoning", summary=[], content=[{"type": "reasoning_text", "text": "Look first."}])
    asked = [
        words("Be brief.", "developer"),
        {"role": "user", "content": "Any mail?"},
        thought,
        words("Looking."),
        call("mail", '{"box": "in"}'),
        output([{"type": "input_text", "text": "two"}, {"type": "input_image", "image_url": f"data:,{DATA}"}]),
        item("mcp_list_tools", tools=[]),
        words("Two letters."),
    ]
    found = parse({"request": {"input": asked, "instructions": "Help.", "model": "g0"}, "response": response()})
    assert turns(found) == [
        ("system", "Help."),
        ("system", "Be brief."),
        ("user", "Any mail?"),
        ("assistant", '(Look first.) Looking. [mail {"box":"in"}]'),
        ("tool", "two\n[input_image]"),
        ("assistant", "Two letters."),
    ]
    assert (found.id, found.facts.subject_model, found.warnings, found.gaps) == ("r1", "g", (), ())


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        pytest.param(
            [item("custom_tool_call", name="sql", input="SELECT 1", call_id="c"), output("1")],
            [("assistant", "[sql SELECT 1]"), ("tool", "1")],
            id="custom",
        ),
        pytest.param(
            [
                item("local_shell_call", action={"command": ["ls"]}, call_id="c"),
                output("a", kind="local_shell_call_output"),
            ],
            [("assistant", '[local_shell {"command":["ls"]}]'), ("tool", "a")],
            id="local-shell",
        ),
        pytest.param(
            [
                item("shell_call", action={"commands": ["ls"]}, call_id="c"),
                output([{"stdout": "a", "stderr": "b"}], kind="shell_call_output"),
            ],
            [("assistant", '[shell {"commands":["ls"]}]'), ("tool", "a\nb")],
            id="shell",
        ),
        pytest.param(
            [
                item("apply_patch_call", operation={"type": "delete_file", "path": "x"}, call_id="c"),
                output("ok", kind="apply_patch_call_output"),
            ],
            [("assistant", '[apply_patch {"type":"delete_file","path":"x"}]'), ("tool", "ok")],
            id="apply-patch",
        ),
        pytest.param(
            [
                item("web_search_call", action={"query": "tide", "sources": [{"type": "url", "url": "u"}]}),
                words("High."),
            ],
            [("assistant", '[web_search {"query":"tide"}]'), ("tool", "u"), ("assistant", "High.")],
            id="web-search",
        ),
        pytest.param(
            [item("web_search_call", action={"type": "open_page", "url": "u"}), words("High.")],
            [("assistant", 'High. [web_search {"type":"open_page","url":"u"}]')],
            id="web-page",
        ),
        pytest.param(
            [item("mcp_call", name="echo", arguments="{}", output="hello", error=None)],
            [("assistant", "[echo {}]"), ("tool", "hello")],
            id="mcp",
        ),
        pytest.param(
            [item("code_interpreter_call", code="1+1", outputs=[{"type": "logs", "logs": "2"}])],
            [("assistant", '[code_interpreter {"code":"1+1"}]'), ("tool", "2")],
            id="code-interpreter",
        ),
        pytest.param(
            [item("image_generation_call", result=DATA, revised_prompt="a quay")],
            [("assistant", '[image_generation {"revised_prompt":"a quay"}]'), ("tool", "[image]")],
            id="image",
        ),
        pytest.param(
            [item("mcp_approval_request", name="wipe", arguments="{}"), item("mcp_approval_response", approve=False)],
            [("assistant", "[wipe {}]"), ("user", "refused")],
            id="approval",
        ),
        pytest.param(
            [{**words("Half"), "phase": "commentary"}, {**words("Whole"), "phase": "final_answer"}],
            [("assistant", "Half\nWhole")],
            id="phases",
        ),
        pytest.param(
            [{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}]}],
            [("assistant", "No.")],
            id="refusal",
        ),
        pytest.param(
            [call("f", "{}"), output('{"output": "a", "metadata": {"exit_code": 0}}')],
            [("assistant", "[f {}]"), ("tool", "a")],
            id="wrapped-output",
        ),
    ],
)
def test_item(made: list[Any], wanted: list[Turn]) -> None:
    found = parse(response(*made))
    assert (turns(found), found.gaps) == (wanted, ())


def test_made_up_parallel_call_is_unwrapped() -> None:
    uses = [{"recipient_name": "functions.tide", "parameters": {"at": "Kiel"}}, {"recipient_name": "wind"}]
    found = parse(response(call("parallel", json.dumps({"tool_uses": uses})), call("parallel", "{broken", "d")))
    assert turns(found) == [("assistant", '[tide {"at":"Kiel"}] [wind {}] [parallel {broken]')]


@pytest.mark.parametrize(
    ("reasoning", "wanted", "warnings", "gaps"),
    [
        pytest.param(
            {"summary": [], "encrypted_content": "x"},
            "Yes.",
            ("reasoning is encrypted, not judged",),
            ("a block of reasoning is encrypted",),
            id="encrypted",
        ),
        pytest.param(
            {"summary": [{"type": "summary_text", "text": "gist"}], "encrypted_content": "x"},
            "(gist) Yes.",
            ("reasoning is encrypted, not judged; its summary is",),
            (),
            id="summarised",
        ),
        pytest.param(
            {"summary": []},
            "Yes.",
            ("reasoning is not in the file, not judged",),
            ("a block of reasoning is not in the file",),
            id="kept-by-the-api",
        ),
        pytest.param({"summary": [{"type": "summary_text", "text": "gist"}]}, "(gist) Yes.", (), (), id="summary-only"),
    ],
)
def test_reasoning(reasoning: dict[str, Any], wanted: str, warnings: tuple[str, ...], gaps: tuple[str, ...]) -> None:
    found = parse({"request": {"input": "Safe?"}, "response": response(item("reasoning", **reasoning), words("Yes."))})
    assert (turns(found)[1], found.warnings, found.gaps) == (("assistant", wanted), warnings, gaps)


@pytest.mark.parametrize(
    ("request_keys", "gap"),
    [
        pytest.param(
            {"input": "Go on.", "previous_response_id": "r0"}, "earlier turns are kept by the API", id="previous"
        ),
        pytest.param({"input": [item("item_reference")]}, "an item is only referred to", id="reference"),
        pytest.param({"input": [item("compaction")]}, "earlier turns are an encrypted summary", id="compacted"),
        pytest.param({"input": [item("hologram")]}, "an item of type 'hologram' is not understood", id="unknown-item"),
    ],
)
def test_text_that_is_elsewhere_is_a_gap(request_keys: dict[str, Any], gap: str) -> None:
    (found,) = parse({"request": request_keys, "response": response(words("Yes."))}).gaps
    assert found.startswith(gap)


@pytest.mark.parametrize(
    ("content", "gap"),
    [
        pytest.param(None, "a message of the assistant has no content", id="no-content"),
        pytest.param([{"type": "output_audio"}], "a part of type 'output_audio' is not understood", id="audio"),
    ],
)
def test_assistants_words_that_cannot_be_read_are_a_gap(content: object, gap: str) -> None:
    found = parse(response({"type": "message", "role": "assistant", "content": content}, words("Yes.")))
    assert found.gaps == (gap,)


def test_compaction_after_the_turn_loses_nothing() -> None:
    found = parse(response(words("Yes."), item("compaction", encrypted_content="x")))
    assert found.gaps == ()


def test_incomplete_response_is_a_gap() -> None:
    record = response(words("Ye"), status="incomplete", incomplete_details={"reason": "max_output_tokens"}, input=[])
    assert "the response is incomplete (max_output_tokens)" in parse(record).gaps


def test_stream_is_read_by_its_last_event() -> None:
    events = [{"type": "response.created", "response": response(status="in_progress")}]
    events.append({"type": "response.completed", "response": response(words("Yes."))})
    stream = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in events)
    found = parse({"request": {"input": "Safe?"}, "response": stream})
    assert turns(found) == [("user", "Safe?"), ("assistant", "Yes.")]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        pytest.param(
            {"request": {"input": "a"}, "response": {"error": {"message": "busy"}}}, "failed (busy)", id="error"
        ),
        pytest.param(
            {"request": {"input": "a"}, "response": "data: {}\n"}, "does not end with a response", id="stream"
        ),
        pytest.param({"model": "g", "instructions": "s", "input": []}, "there are no items", id="empty"),
        pytest.param(response("a"), "an item is not an object", id="item"),
        pytest.param(response({"role": "tol"}), "role is 'tol'", id="role"),
    ],
)
def test_bad_row_is_unscored(row: dict[str, Any], reason: str, tmp_path: Path) -> None:
    (found,) = read_transcripts(write(tmp_path / "a.jsonl", row))
    assert isinstance(found, Unscored)
    assert reason in found.reason


def test_bare_items_and_batch_results_are_detected(tmp_path: Path) -> None:
    items = [words("Any mail?", "user"), call("mail", "{}"), output("none"), words("None.")]
    batch = {"custom_id": "b1", "response": {"status_code": 200, "body": response(words("None."))}}
    bare = write(tmp_path / "bare.json", items)
    assert detect(bare).format == "responses"
    assert [turn for found in read(bare) for turn in turns(found)] == [
        ("user", "Any mail?"),
        ("assistant", "[mail {}]"),
        ("tool", "none"),
        ("assistant", "None."),
    ]
    (found,) = read(write(tmp_path / "batch.jsonl", batch))
    assert (found.id, turns(found)) == ("b1", [("assistant", "None.")])
