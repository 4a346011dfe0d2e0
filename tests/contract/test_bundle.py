"""The shipped bundle is whole, computes its golden scores, and has a card."""

from __future__ import annotations

from classifier.bundle import find_bundle
from classifier.calibration import read_calibration
from classifier.golden import check_golden
from classifier.judge import Judge
from classifier.records import LABELS
from constitution import default_text


def test_golden_scores_hold_here(judge: Judge) -> None:
    assert check_golden(judge) <= 1e-3


def test_bundle_freezes_the_default_constitution() -> None:
    assert find_bundle("default").constitution.read_text(encoding="utf-8") == default_text()


def test_card_states_prevalence_and_figures() -> None:
    layout = find_bundle("default")
    card = layout.card.read_text(encoding="utf-8")
    prevalence = read_calibration(layout.calibration.read_text(encoding="utf-8"), where="x").prevalence
    assert set(prevalence) == {*LABELS, "risk"}
    for word in ("AUROC", "pairwise", "What it cannot see", "screens and does not secure"):
        assert word in " ".join(card.split())
