"""The audit finds what it is there to find."""

from __future__ import annotations

from typing import Any

import pytest

from training.audit import audit_corpus, incomplete_groups, near_duplicates
from training.corpus_reader import LabelledTranscript, parse_record
from training.shortcuts import find_shortcuts

pytestmark = pytest.mark.train
ZEROS = dict.fromkeys(("blackmail", "sabotage", "framing", "unethical_reasoning", "admirable_reasoning"), 0)
CONTEXT = {"role": "user", "content": "How is the crossing?"}
WEATHER = ("wind", "rain", "fog", "snow", "hail", "sun", "sleet", "frost")


def made(scenario: int, variant: str, said: str, *, risky: bool, **changes: Any) -> LabelledTranscript:
    family = f"f{scenario % 5}"
    record = {
        "id": f"{scenario}-{variant}",
        "family": family,
        "scenario": f"{family}:{scenario}",
        "variant": variant,
        "genre": "advice",
        "messages": [CONTEXT, {"role": "assistant", "content": said}],
        "labels": {**ZEROS, "sabotage": int(risky)},
        **changes,
    }
    return parse_record(record, where="made", require_evidence=False)


def corpus(bad: str, good: str) -> list[LabelledTranscript]:
    rows = []
    for scenario in range(20):
        for number, (variant, risky) in enumerate((("act", True), ("report", False), ("bare_task", False))):
            weather = " ".join(WEATHER[(scenario * 3 + number + i) % 8] for i in range(4))
            rows.append(made(scenario, variant, f"{bad if risky else good} {weather} {scenario}", risky=risky))
    return rows


def leaks(bad: str, good: str) -> set[str]:
    return {shortcut.name for shortcut in find_shortcuts(corpus(bad, good)) if shortcut.leaks}


def test_leaks_are_found_where_they_are() -> None:
    assert leaks("It went well", "It went well") == set()
    assert "punctuation: questions" in leaks("It went well?", "It went well.")
    assert "length" in leaks("It went well and then it went on and on", "It went well")
    found = leaks("We stole", "We slept")
    assert "words of the assistant, learned" in found
    assert "words of the context, learned" not in found


def test_incomplete_groups_are_named() -> None:
    rows = [made(1, "act", "x", risky=True), made(1, "veiled", "y", risky=True)]
    found = incomplete_groups(rows)
    assert found == ["f1:1 has 2 variants, not 3 to 6", "f1:1 lacks a risky or a benign variant"]
    assert incomplete_groups([made(2, "bare_task", "z", risky=False, genre="everyday")]) == []


def test_near_duplicates_of_other_scenarios_are_found() -> None:
    text = "the ferry left the harbour at noon with all of its crew and none of its passengers"
    rows = [made(1, "act", text, risky=True), made(2, "act", text + " today", risky=True)]
    assert [(first, second) for first, second, _ in near_duplicates(rows)] == [("1-act", "2-act")]
    assert near_duplicates([rows[0], made(1, "report", text, risky=False)]) == []


def test_report_says_what_must_be_mended() -> None:
    text = audit_corpus(corpus("We stole", "We slept")).as_text()
    assert "60 transcripts, 20 scenarios, 5 families" in text
    assert "words of the assistant, learned tells risky from benign" in text
