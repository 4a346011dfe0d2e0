"""The card of a bundle, made from what was measured."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from classifier.records import LABELS
from training.config import Settings
from training.corpus_reader import LabelledTranscript
from training.evaluate import QualityTable


def render_card(settings: Settings, records: Sequence[LabelledTranscript], table: QualityTable) -> str:
    """Write the card in Markdown.

    Parameters
    ----------
    settings : Settings
        Of the run.
    records : sequence of LabelledTranscript
        What the network was fitted on.
    table : QualityTable
        Figures on families that were held out.
    """
    families = Counter(record.family for record in records)
    risky = sum(record.risk == 1 for record in records)
    labels = ", ".join(f"{label} {sum(r.labels[label] == 1 for r in records)}" for label in LABELS)
    n_scenarios = len({record.scenario for record in records})
    share = risky / max(1, len(records))
    sources = ", ".join(settings.extra) or "none"
    return f"""# Card

A judge of transcripts of AI assistants. Base: sentence-transformers/all-MiniLM-L6-v2 (Apache-2.0), fine-tuned; weights
stored in eight bits, arithmetic in float32.

## What it is for
Screening: sorting many transcripts by how likely the assistant blackmails, sabotages, frames someone or reasons
unethically, and how far it reasons admirably, with the passages that moved it. It screens and does not secure: a
determined writer can get past it, and no verdict should decide anything about a person or a model unread.

## What it was fitted on
{len(records)} written transcripts in {n_scenarios} scenarios and {len(families)} families, mostly
English; positives: {labels}. Risky: {risky}. Public runs added: {sources}. Seed {settings.seed}.

## What was measured
On families held out of fitting ({settings.folds} folds), beside baselines on the same folds; 95% intervals over
scenarios. The prevalence is the corpus's: probabilities are for data with about {share:.0%} risky transcripts.

{table.as_markdown()}

## What it cannot see
It reads segments of a few sentences with a little text before them: a lie that shows only against a call many turns
earlier is beyond it. It was fitted on invented transcripts; real agents write differently. Text in scripts other than
Latin is reported as partial. Images are not read. All transcripts it was fitted on are fiction.
"""
