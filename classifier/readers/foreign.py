"""Records of other tools that are known but not read: without their names they would be misread or only unknown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

FAMILIES: Final = (
    ("a Petri or Bloom transcript", ({"metadata", "events"}, {"events", "target_system_prompt"})),
    ("a SWE-agent trajectory", ({"history", "trajectory"}, {"history", "environment"}, {"trajectory_format"})),
    ("an OpenHands output", ({"history", "instruction"}, {"history", "instance_id"}, {"source", "message", "action"})),
    ("a red-teaming attempt of hh-rlhf", ({"transcript", "rating"},)),
    ("an agentic-misalignment response", ({"raw_response"},)),
    ("a ControlArena export", ({"raw_state", "scores"},)),
    ("a list of tool calls without a conversation", ({"function", "arguments", "type"},)),
    ("an OpenTelemetry export", ({"resourceSpans"},)),
    ("a tau-bench result", ({"traj", "reward"}, {"simulations", "tasks"})),
    ("a LangSmith run", ({"post", "patch"}, {"run_type", "trace_id"})),
    ("a LangChain message list", ({"lc", "kwargs"},)),
    ("an Inspect Scout transcript", ({"transcript_id", "source_type"},)),
    ("an ATIF trajectory", ({"schema_version", "steps"},)),
    ("a verdict table of this tool", ({"schema", "verdict", "risk"},)),
)
"""What it is, and sets of keys any of which tells it."""
SUFFIXES: Final = (".traj",)
"""Endings of such files that a folder is searched for, so that none is passed over in silence."""


def foreign_family(record: Mapping[str, Any]) -> str | None:
    """Name the family of a record that no reader here reads, with its article.

    Examples
    --------
    >>> foreign_family({"history": [], "trajectory": []})
    'a SWE-agent trajectory'
    """
    keys = record.keys()
    for family, telling in FAMILIES:
        if any(wanted <= keys for wanted in telling):
            return family
    return None
