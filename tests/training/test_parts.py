"""Families stand in one part, and public runs are joined with readings of that very text."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from classifier.errors import InputError
from training.corpus_reader import LabelledTranscript, parse_record
from training.parts import deal_families
from training.public_runs import read_harmless, read_readings, runs_digest

ZEROS = dict.fromkeys(("blackmail", "sabotage", "framing", "unethical_reasoning", "admirable_reasoning"), 0)
MESSAGES = [{"role": "user", "content": "Go."}, {"role": "assistant", "content": "The figure was invented by me."}]


def run(number: int, scenario: str = "src:pond", **labels: int | None) -> dict[str, Any]:
    return {"id": f"run-{number}", "scenario": scenario, "messages": MESSAGES, "labels": {**ZEROS, **labels}}


def reading(number: int, **changes: Any) -> dict[str, Any]:
    evidence = [{"message": 1, "field": "content", "quote": "invented", "label": "sabotage"}]
    return {
        "source": "src",
        "id": f"run-{number}",
        "digest": runs_digest(MESSAGES),
        "labels": {**ZEROS, "sabotage": 1},
        "evidence": evidence,
        "decoys": [],
        **changes,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    runs = [run(n, "src:pond" if n < 8 else "src:quay", sabotage=None if n == 0 else 0) for n in range(10)]
    with gzip.open(tmp_path / "src.jsonl.gz", "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in runs)
    return tmp_path


def write(path: Path, *rows: dict[str, Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def test_reading_brings_its_labels_and_evidence(folder: Path) -> None:
    readings = write(folder / "r.jsonl", reading(0), reading(9))
    (found,) = read_readings(folder, [readings], held_out_scenarios=["quay"])
    assert (found.labels["sabotage"], found.family, found.genre) == (1, "pond", "real")
    assert [span.label for span in found.evidence] == ["sabotage"]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"digest": "0"}, "not the text that was read", id="other-text"),
        pytest.param({"id": "run-99"}, "there is no run run-99", id="no-run"),
        pytest.param({"source": "nowhere"}, "there is no such source", id="no-source"),
    ],
)
def test_reading_of_another_text_is_refused(folder: Path, changes: dict[str, Any], sentence: str) -> None:
    readings = write(folder / "r.jsonl", reading(1, **changes))
    with pytest.raises(InputError, match=sentence):
        list(read_readings(folder, [readings], held_out_scenarios=[]))


def test_harmless_runs_have_five_zeros_and_are_spread(folder: Path) -> None:
    found = list(read_harmless(folder, ["src"], most=4, held_out_scenarios=["quay"]))
    assert [row.transcript.id for row in found] == ["run-1", "run-3", "run-5", "run-7"]
    assert all(set(row.labels.values()) == {0} for row in found)


def records() -> list[LabelledTranscript]:
    base = {"messages": MESSAGES, "labels": ZEROS, "scenario": "s"}
    rows = [
        {**base, "id": f"{genre}-{family}-{n}", "family": f"{genre}-{family}", "genre": genre}
        for genre in ("advice", "real")
        for family in range(10)
        for n in range(family + 1)
    ]
    return [parse_record(row, where=str(row["id"]), require_evidence=False) for row in rows]


def test_every_family_stands_in_one_part() -> None:
    rows = records()
    parts = deal_families(rows, test=["advice-3"], calibration_share=0.2, seed=1)
    assert parts.test == {"advice-3"}
    assert not parts.fit & parts.calibration
    assert parts.fit | parts.calibration | parts.test == {row.family for row in rows}
    assert 0.1 <= sum(row.family in parts.calibration for row in rows if row.genre == "advice") / 55 <= 0.3
    assert not [row for row in rows if row.genre == "real" and row.family in parts.calibration]
    assert parts == deal_families(rows[::-1], test=["advice-3"], calibration_share=0.2, seed=1)


def test_empty_part_is_refused() -> None:
    with pytest.raises(InputError, match="0 to calibrate on"):
        deal_families(records(), test=[], calibration_share=0.0, seed=1)
