"""The golden scores of a bundle: they show whether this machine computes what the exporting one did."""

from __future__ import annotations

import json
from typing import Final

from classifier.errors import BundleError
from classifier.judge import Judge
from classifier.readers.record import transcript_from_record

TOLERANCE: Final = 1e-3
"""Largest difference of a probability that processors may cause."""


def check_golden(judge: Judge) -> float:
    """Score the bundle's golden transcripts and return the largest difference.

    Raises
    ------
    BundleError
        If one differs by more than `TOLERANCE`, or there are none.
    """
    where = str(judge.layout.folder)
    golden = json.loads(judge.layout.golden.read_text(encoding="utf-8"))
    if not golden:
        raise BundleError("it holds no golden scores", where=where, then="export it again")
    worst = 0.0
    for number, entry in enumerate(golden):
        verdict = judge.score(transcript_from_record(entry, id=f"golden-{number}", source=f"golden {number}"))
        wanted = {**entry["probabilities"], "risk": entry["risk"]}
        found = {**verdict.probabilities, "risk": verdict.risk}
        worst = max([worst, *(abs((found[name] or 0.0) - (value or 0.0)) for name, value in wanted.items())])
    if worst > TOLERANCE:
        raise BundleError(f"golden scores differ by {worst:.2g}", where=where, then="report the processor and version")
    return worst
