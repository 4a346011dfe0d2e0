"""Our reader of Inspect logs against the package itself."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest

from classifier.readers import read_transcripts
from classifier.readers.content import split_reasoning
from classifier.readers.inspect.archive import list_members, read_member
from classifier.records import Transcript, compact_json
from tests.conftest import ROOT

pytest.importorskip("inspect_ai", reason="inspect-ai is not installed; it is in the oracle extra")
pytestmark = pytest.mark.filterwarnings("ignore")  # the package's own, on import and on old logs

SAMPLES = ROOT.parent / "shared" / "formats" / "inspect_eval"
UNREAD = ("real_log_version_unsupported.json", "made_truncated.eval")
"""Logs that the package refuses."""


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """Let the package's unclosed streams complain here, where warnings are ignored, and not in a later test."""
    yield
    gc.collect()


Turn = tuple[str, str, tuple[str, ...], tuple[tuple[str, str], ...]]


def turn(message: Any) -> Turn:
    """Reduce the package's message to role, text, readable reasoning and calls."""
    blocks = [] if isinstance(message.content, str) else message.content
    text = message.content if isinstance(message.content, str) else "\n".join(filter(None, map(block_text, blocks)))
    reasoning = [b.summary if b.redacted else b.reasoning for b in blocks if b.type == "reasoning"]
    calls = [(b.name, compact_json(json.loads(b.arguments))) for b in blocks if b.type == "tool_use"]
    calls += [(c.function, compact_json(c.arguments)) for c in getattr(message, "tool_calls", None) or ()]
    if message.role == "tool" and not text and message.error:
        text = message.error.message
    if message.role == "assistant":
        tagged, text = split_reasoning(text)
        reasoning += tagged
    return message.role, text, tuple(filter(None, reasoning)), tuple(calls)


def block_text(block: Any) -> str:
    if block.type == "text":
        return str(block.text)
    return "" if block.type in ("reasoning", "tool_use") else f"[{block.type}]"


def ours(path: Path) -> dict[tuple[str, int | None], list[Turn]]:
    return {
        (str(row.facts.scenario), row.facts.epoch): [
            (m.role, m.content, m.thinking, tuple((c.name, c.arguments) for c in m.tool_calls)) for m in row.messages
        ]
        for row in read_transcripts(path)
        if isinstance(row, Transcript) and "~" not in row.id
    }


def theirs(path: Path) -> dict[tuple[str, int | None], list[Turn]]:
    from inspect_ai.log import read_eval_log

    log = read_eval_log(str(path), resolve_attachments=True)
    return {(str(s.id), s.epoch): [turn(m) for m in s.messages] for s in log.samples or () if s.messages}


def write_log(folder: Path, kind: Literal["eval", "json"]) -> Path:
    """Run a small task with a mock model: tools, reasoning, a failed call, an image, epochs, scores."""
    from inspect_ai import Task, eval, task_with
    from inspect_ai.dataset import Sample
    from inspect_ai.model import (
        ChatMessage,
        ChatMessageAssistant,
        ChatMessageSystem,
        ChatMessageUser,
        ContentImage,
        ContentReasoning,
        ContentText,
        ModelOutput,
        ModelUsage,
        get_model,
    )
    from inspect_ai.scorer import includes
    from inspect_ai.solver import generate, system_message, use_tools
    from inspect_ai.tool import Tool, ToolCall, ToolError, tool

    @tool
    def find() -> Tool:
        async def execute(key: str) -> str:
            """Find a value.

            Args:
                key: What to find.
            """
            if key == "lost":
                raise ToolError(f"no {key}")
            return "red " * 100

        return execute

    def answer(*content: Any, calls: Any = None) -> ModelOutput:
        message = ChatMessageAssistant(content=list(content), tool_calls=calls)
        output = ModelOutput.from_message(message)
        # Without usage the mock model counts tokens with a tokenizer that it would have to download.
        output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return output

    calls = [ToolCall(id=key, function="find", arguments={"key": key}) for key in ("colour", "lost")]
    first = answer(ContentReasoning(reasoning="Look first. " * 40), ContentText(text="Looking."), calls=calls)
    last = answer(ContentReasoning(reasoning="cipher", redacted=True), ContentText(text="It is red."))
    image = ContentImage(image="data:image/png;base64," + "QUJD" * 60)
    asked: list[ChatMessage] = [
        ChatMessageSystem(content="Be brief."),
        ChatMessageUser(content=[ContentText(text="Which?"), image]),
    ]
    task = Task(
        dataset=[Sample(id="a", input="Which colour? " * 30, target="red"), Sample(id=2, input=asked, target="blue")],
        solver=[system_message("You look things up."), use_tools(find()), generate()],
        scorer=includes(),
        name="colours",
    )
    model = get_model("mockllm/model", custom_outputs=[first, last] * 4)
    logs = eval(
        task_with(task, epochs=2), model=model, log_dir=str(folder), log_format=kind, display="none", max_samples=1
    )
    assert logs[0].status == "success"
    return Path(logs[0].location.removeprefix("file://"))


@pytest.mark.parametrize("kind", ["eval", "json"])
def test_log_written_by_the_package_reads_the_same(kind: Literal["eval", "json"], tmp_path: Path) -> None:
    path = write_log(tmp_path, kind)
    found = ours(path)
    assert found == theirs(path)
    assert sorted(found) == [("2", 1), ("2", 2), ("a", 1), ("a", 2)]
    calls = found[("a", 1)][2]
    assert calls[2:] == (("Look first. " * 40,), (("find", '{"key":"colour"}'), ("find", '{"key":"lost"}')))


def test_facts_are_those_of_the_log(tmp_path: Path) -> None:
    rows = [row for row in read_transcripts(write_log(tmp_path, "eval")) if isinstance(row, Transcript)]
    by_sample = {(row.facts.scenario, row.facts.epoch): row.facts for row in rows}
    assert len({row.id for row in rows}) == len(rows) == 4
    assert {facts.task for facts in by_sample.values()} == {"colours"}
    assert {facts.subject_model for facts in by_sample.values()} == {"mockllm/model"}
    assert (by_sample[("a", 1)].logged_scores, by_sample[("2", 1)].logged_scores) == (
        {"includes": "C"},
        {"includes": "I"},
    )


def test_every_member_is_what_the_package_reads(tmp_path: Path) -> None:
    from inspect_ai.log import read_eval_log

    path = write_log(tmp_path, "eval")
    with path.open("rb") as file:
        members = list_members(file).members
        header = json.loads(read_member(file, members["header.json"]))
    assert header["eval"]["eval_id"] == read_eval_log(str(path), header_only=True).eval.eval_id


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the sample logs are not part of the repository")
@pytest.mark.parametrize(
    "path", [path for path in sorted(SAMPLES.glob("*.*")) if path.suffix in (".eval", ".json")], ids=lambda p: p.name
)
def test_sample_log_reads_the_same(path: Path) -> None:
    if path.name in UNREAD:
        pytest.skip("the package refuses it")
    assert ours(path) == theirs(path)
