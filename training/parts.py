"""Split labelled transcripts into parts: whole families, so that no scenario stands on two sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from classifier.errors import InputError
from training.corpus_reader import REAL, LabelledTranscript


@dataclass(frozen=True, slots=True)
class FamilyParts:
    """Which families belong to which part; a family stands in one of them."""

    fit: frozenset[str]
    """The network is fitted on these."""
    calibration: frozenset[str]
    """Probabilities and thresholds are fitted on these, and the recipe is measured on them."""
    test: frozenset[str]
    """Looked at last."""


def deal_families(
    records: Sequence[LabelledTranscript], *, test: Sequence[str], calibration_share: float, seed: int
) -> FamilyParts:
    """Deal families to parts, the calibration part in random order until it has its share of written transcripts.

    Scenarios of public runs all go to the fit part: most of them are harmless and long, and would teach the calibration
    that what is long is harmless.

    Raises
    ------
    InputError
        If a part would be empty.
    """
    calibration: set[str] = set()
    counts = Counter(r.family for r in records if r.genre != REAL and r.family not in test)
    wanted = calibration_share * counts.total()
    names = sorted(counts)
    dealt = 0
    for index in np.random.default_rng(seed).permutation(len(names)):
        if dealt + counts[names[index]] / 2 > wanted:
            continue
        calibration.add(names[index])
        dealt += counts[names[index]]
    fit = {record.family for record in records} - calibration - set(test)
    if not fit or not calibration:
        raise InputError(
            f"{len(fit)} families to fit on and {len(calibration)} to calibrate on",
            where="corpus",
            then="add families, or change calibration_share",
        )
    return FamilyParts(frozenset(fit), frozenset(calibration), frozenset(test))
