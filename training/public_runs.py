"""Real runs that lie outside the project, joined with the project's own readings where both are at hand."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from classifier.errors import InputError
from training.corpus_reader import REAL, LabelledTranscript, open_text, parse_record

SUFFIX = ".jsonl.gz"
"""Ending of a source's file in the folder of public runs."""


def runs_digest(messages: object) -> str:
    """Return the digest by which a reading knows the text that was read."""
    text = json.dumps(messages, ensure_ascii=False, sort_keys=True)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def read_readings(
    folder: Path, files: Sequence[str], *, held_out_scenarios: Sequence[str]
) -> Iterator[LabelledTranscript]:
    """Join readings with the runs they are readings of; the family of a run is its scenario.

    Parameters
    ----------
    folder : Path
        Where the sources lie, each as `SOURCE.jsonl.gz`.
    files : sequence of str
        JSONL files of readings: source, id, digest, labels, evidence, decoys.
    held_out_scenarios : sequence of str
        Runs of these are passed over.

    Raises
    ------
    InputError
        If a run is missing, or is not the text that was read.
    """
    wanted: dict[str, dict[str, Mapping[str, Any]]] = {}
    for file in files:
        with open_text(Path(file)) as lines:
            for line in lines:
                reading = json.loads(line)
                wanted.setdefault(reading["source"], {})[reading["id"]] = reading
    for source, readings in wanted.items():
        for run in _runs(folder, source):
            reading = readings.pop(str(run["id"]), None)
            if reading is None or scenario_name(run) in held_out_scenarios:
                continue
            where = f"{source} {run['id']}"
            if runs_digest(run["messages"]) != reading["digest"]:
                raise InputError("the run is not the text that was read", where=where, then="fetch that version")
            marks = {key: reading[key] for key in ("labels", "evidence", "decoys")}
            yield _as_labelled({**run, **marks}, where)
        if readings:
            raise InputError(f"there is no run {next(iter(readings))}", where=source, then="fetch that version")


def read_harmless(
    folder: Path, sources: Sequence[str], *, most: int, held_out_scenarios: Sequence[str]
) -> Iterator[LabelledTranscript]:
    """Yield runs whose five labels are all 0, at most so many a source, spread evenly over its file."""
    for source in sources:
        runs = [run for run in _runs(folder, source) if scenario_name(run) not in held_out_scenarios]
        harmless = [run for run in runs if set(run["labels"].values()) == {0}]
        step = max(1, -(-len(harmless) // most))
        for run in islice(harmless, 0, None, step):
            yield _as_labelled({**run, "evidence": [], "decoys": []}, f"{source} {run['id']}")


def scenario_name(run: Mapping[str, Any]) -> str:
    """Return a run's scenario without its source's prefix: some scenarios recur in several sources."""
    return str(run["scenario"]).rsplit(":", 1)[-1]


def _as_labelled(run: Mapping[str, Any], where: str) -> LabelledTranscript:
    family = {"family": scenario_name(run), "genre": REAL}
    return parse_record({**run, **family}, where=where, require_evidence=False)


def _runs(folder: Path, source: str) -> Iterator[dict[str, Any]]:
    path = folder / f"{source}{SUFFIX}"
    if not path.is_file():
        raise InputError("there is no such source", where=str(path), then="name the folder of public runs")
    with open_text(path) as lines:
        for line in lines:
            yield json.loads(line)
