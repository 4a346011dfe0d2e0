"""A verdict as one row of the verdict table: the same columns in JSONL, Parquet, CSV and the Python frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from classifier.records import LABELS, VERDICT_SCHEMA, Evidence, Verdict, compact_json

if TYPE_CHECKING:
    import polars as pl

NESTED: Final = ("warnings", "other", "flags", "principles", "evidence")
"""Columns that CSV holds as compact JSON."""


def to_row(verdict: Verdict, *, quotes: bool = True) -> dict[str, Any]:
    """Return a verdict as plain values, columns in the table's order.

    Parameters
    ----------
    verdict : Verdict
    quotes : bool
        Whether evidence carries its text; False leaves no transcript text in the row.
    """
    facts = verdict.facts
    return {
        "schema": VERDICT_SCHEMA,
        "id": verdict.id,
        "source": verdict.source,
        "status": verdict.status,
        "error": verdict.error,
        "warnings": list(verdict.warnings),
        **{label: _round(verdict.probabilities.get(label)) for label in LABELS},
        "other": [{"label": label, "probability": _round(p)} for label, p in verdict.other.items()],
        "risk": _round(verdict.risk),
        "verdict": verdict.verdict,
        "flags": list(verdict.flags),
        "principles": [{"id": p.id, "polarity": p.polarity, "score": _round(p.score)} for p in verdict.principles],
        "evidence": [_evidence(item, quotes) for item in verdict.evidence],
        "judged_tokens": verdict.judged_tokens,
        "segments": verdict.segments,
        "bundle": verdict.bundle,
        "constitution": verdict.constitution,
        "agent": facts.agent,
        "subject_model": facts.subject_model,
        "task": facts.task,
        "condition": facts.condition,
        "scenario": facts.scenario,
        "epoch": facts.epoch,
        "logged_scores": None if facts.logged_scores is None else compact_json(dict(facts.logged_scores)),
    }


def schema() -> pl.Schema:
    """Return the polars schema of the table."""
    # Imported here: polars adds 0.15 s, which JSON output need not pay.
    import polars as pl

    text, number = pl.String(), pl.Float32()
    principle = pl.Struct({"id": text, "polarity": text, "score": number})
    evidence = pl.Struct(
        {
            "label": text,
            "principle": text,
            "message": pl.Int32(),
            "field": text,
            "part": pl.Int32(),
            "start": pl.Int32(),
            "stop": pl.Int32(),
            "quote": text,
            "score": number,
        }
    )
    columns: dict[str, Any] = dict.fromkeys(("schema", "id", "source", "status", "error"), text)
    columns |= {"warnings": pl.List(text)} | dict.fromkeys(LABELS, number)
    columns |= {"other": pl.List(pl.Struct({"label": text, "probability": number})), "risk": number, "verdict": text}
    columns |= {"flags": pl.List(text), "principles": pl.List(principle), "evidence": pl.List(evidence)}
    columns |= {"judged_tokens": pl.Int32(), "segments": pl.Int32()}
    columns |= dict.fromkeys(
        ("bundle", "constitution", "agent", "subject_model", "task", "condition", "scenario"), text
    )
    return pl.Schema({**columns, "epoch": pl.Int32(), "logged_scores": text})


def to_frame(verdicts: Iterable[Verdict], *, quotes: bool = True) -> pl.DataFrame:
    """Return verdicts as a polars frame with the table's schema."""
    # Imported here for the same reason as in `schema`.
    import polars as pl

    return pl.DataFrame([to_row(verdict, quotes=quotes) for verdict in verdicts], schema=schema())


def flatten(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for CSV: nested columns as compact JSON."""
    return {key: compact_json(value) if key in NESTED else value for key, value in row.items()}


def _evidence(item: Evidence, quotes: bool) -> dict[str, Any]:
    return {
        "label": item.label,
        "principle": item.principle,
        "message": item.message,
        "field": item.field,
        "part": item.part,
        "start": item.start,
        "stop": item.stop,
        "quote": item.quote if quotes else None,
        "score": _round(item.score),
    }


def _round(value: float | None) -> float | None:
    """Round to the nearest multiple of 1e-6 and to float32, so that JSON and Parquet hold the same number."""
    return None if value is None else float(f"{np.float32(round(value, 6)):.7g}")
