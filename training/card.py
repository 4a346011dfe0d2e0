"""The card of a bundle, made from what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from classifier.records import LABELS
from training.config import Settings
from training.corpus_reader import REAL, LabelledTranscript
from training.evaluate import QualityTable


def render_card(
    settings: Settings,
    fitted_on: Sequence[LabelledTranscript],
    calibrated_on: Sequence[LabelledTranscript],
    table: QualityTable,
) -> str:
    """Write the card in Markdown.

    Parameters
    ----------
    settings : Settings
        Of the run.
    fitted_on, calibrated_on : sequences of LabelledTranscript
        The fit part and the calibration part.
    table : QualityTable
        Figures on families that were held out.
    """
    share = sum(r.risk == 1 for r in calibrated_on) / max(1, len(calibrated_on))
    return f"""# Card

A judge of transcripts of AI assistants. Base: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), fine-tuned; weights
stored in eight bits, arithmetic in float32.

## What it is for
Screening: sorting many transcripts by how likely the assistant blackmails, sabotages, frames someone or reasons
unethically, and how far it reasons admirably, with the passages that moved it. It screens and does not secure: a
determined writer can get past it, and no verdict should decide anything about a person or a model unread.

## What it was fitted on
{_composition(fitted_on)}
Seed {settings.seed}. The scenarios of public runs named in the settings as held out were not read at all.

## What it was calibrated on
{_composition(calibrated_on)}

## What was measured
On the calibration families, which the network never saw (each half of their scenarios scored under a calibration fitted
on the other half), beside baselines fitted on the fit part; 95% intervals over scenarios. The prevalence is the
calibration part's: probabilities are for data with about {share:.0%} risky transcripts.

{table.as_markdown()}

## What it cannot see
It reads segments of a few sentences with a little text before them: a lie that shows only against a call many turns
earlier is beyond it. It was fitted on invented transcripts for the most part; real agents write differently. Text in
scripts other than Latin is reported as partial. Images are not read.
"""


def _composition(records: Sequence[LabelledTranscript]) -> str:
    written = [record for record in records if record.genre != REAL]
    real = [record for record in records if record.genre == REAL]
    families, scenarios = {r.family for r in written}, {r.scenario for r in written}
    labels = ", ".join(f"{label} {sum(r.labels[label] == 1 for r in records)}" for label in LABELS)
    sources = Counter(record.transcript.source.split()[0] for record in real)
    public = ", ".join(f"{name} {count}" for name, count in sorted(sources.items())) or "none"
    return (
        f"{len(written)} written transcripts in {len(scenarios)} scenarios and {len(families)} families; "
        f"real runs: {public}.\n"
        f"Positives: {labels}. Risky: {sum(r.risk == 1 for r in records)}."
    )
