"""One training run: corpus to bundle, with held-out figures on the way."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from classifier.bundle import BundleLayout
from classifier.encoder import Layouter, open_tokenizer
from classifier.judge import Judge
from classifier.pooling import pool_principles, pool_segments
from classifier.records import LABELS
from constitution import Constitution, load_constitution
from training.baselines import baseline_scores
from training.calibrate import Pooled, fit_calibration
from training.card import render_card
from training.config import Settings
from training.corpus_reader import LabelledTranscript, read_corpus
from training.evaluate import calibrated_scores, quality_table, scores_under
from training.examples import Example, make_example
from training.export import BundleParts, export_bundle, write_golden
from training.fit import embed, fit, label_columns
from training.network import JudgeNetwork
from training.parts import deal_families
from training.public_runs import read_harmless, read_readings

GOLDEN_TRANSCRIPTS: Final = 8
"""Transcripts whose scores are stored in the bundle."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """What every network of a run is fitted with."""

    constitution: Constitution
    """The default constitution."""
    layouter: Layouter
    """Of the base's tokenizer."""
    tokenizer: Path
    """The base's tokenizer file."""
    base: Path
    """Folder of the base encoder."""
    settings: Settings
    """The run's settings."""


def train(settings: Settings, *, base: Path, out: Path, public: Path | None = None) -> BundleLayout:
    """Fit, calibrate, measure and export a bundle.

    The network is fitted on the fit part alone; calibration, operating points and figures rest on families that it
    never saw, and the test families, where the settings name some, are only measured.

    Parameters
    ----------
    settings : Settings
    base : Path
        Folder of the base encoder, with `tokenizer.json`.
    out : Path
        Folder of the bundle.
    public : Path or None
        Folder of public runs; None trains on the written corpus alone.
    """
    shop = open_workshop(settings, base)
    records = [*read_corpus(settings.corpus), *(() if public is None else read_public(settings, public))]
    examples = [make_example(record, shop.layouter, shop.constitution) for record in records]
    examples = [example for example in examples if example.layouts]
    parts = deal_families(
        [e.record for e in examples],
        test=settings.test_families,
        calibration_share=settings.calibration_share,
        seed=settings.seed,
    )
    fit_part, calibration_part, test_part = (
        [e for e in examples if e.record.family in names] for names in (parts.fit, parts.calibration, parts.test)
    )
    print(
        f"fit on {len(fit_part)} transcripts, calibrate on {len(calibration_part)}, test on {len(test_part)}",
        file=sys.stderr,
    )
    network = fit(fit_part, shop.constitution, shop.layouter, settings.fit, base=base, seed=settings.seed)
    held_out = pool_examples(network, calibration_part, shop)
    calibration = fit_calibration(held_out)
    fitted_on = [e.record for e in fit_part]
    calibrated_on = [e.record for e in calibration_part]
    judges = [("judge, calibration families", calibrated_scores(calibrated_on, held_out))]
    judges += baseline_scores(fitted_on, calibrated_on, shop.layouter.segmenter, base)
    if test_part:
        tested_on = [e.record for e in test_part]
        pooled = pool_examples(network, test_part, shop)
        judges.append(("judge, test families", scores_under(calibration, tested_on, pooled)))
        judges += [
            (f"{name}, test", scores)
            for name, scores in baseline_scores(fitted_on, tested_on, shop.layouter.segmenter, base)
        ]
    table = quality_table(judges, seed=settings.seed)
    print(table.as_markdown(), file=sys.stderr)
    bundle = BundleParts(
        constitution=shop.constitution,
        calibration=calibration,
        tokenizer=shop.tokenizer,
        card=render_card(settings, fitted_on, calibrated_on, table),
    )
    probes = [layout for example in fit_part[:8] for layout in example.layouts][:24]
    layout = export_bundle(network, bundle, out, probes)
    write_golden(layout, golden_scores(layout, [r for r in fitted_on if r.genre != "real"]))
    (out.parent / f"{out.name}.evaluation.json").write_text(
        json.dumps({"settings": asdict(settings), "table": table.as_rows()}, indent=1) + "\n", encoding="utf-8"
    )
    return layout


def read_public(settings: Settings, folder: Path) -> list[LabelledTranscript]:
    """Read the public runs that the settings name; a run that was read by us is not taken a second time."""
    held_out = settings.held_out_scenarios
    read = list(read_readings(folder, settings.readings, held_out_scenarios=held_out))
    known = {record.transcript.id for record in read}
    harmless = read_harmless(folder, settings.harmless, most=settings.harmless_runs, held_out_scenarios=held_out)
    return [*read, *(record for record in harmless if record.transcript.id not in known)]


def open_workshop(settings: Settings, base: Path) -> Workshop:
    """Gather what networks are fitted with."""
    tokenizer = base / "tokenizer.json"
    layouter = Layouter(open_tokenizer(tokenizer))
    return Workshop(load_constitution(), layouter, tokenizer, base, settings)


def pool_examples(network: JudgeNetwork, examples: Sequence[Example], shop: Workshop) -> Pooled:
    """Pool the logits of transcripts that the network was not fitted on, as the judge does."""
    columns = label_columns(shop.constitution)
    pooled = np.zeros((len(examples), len(LABELS)), dtype=np.float64)
    hits = np.full(pooled.shape, np.nan)
    with torch.no_grad():
        principles = torch.stack(
            [
                embed(
                    network, [shop.layouter.principle(t) for t in (p.text, *p.paraphrases)], batch_tokens=1 << 14
                ).mean(0)
                for p in shop.constitution.principles
            ]
        )
        for row, example in enumerate(examples):
            logits = network.head(embed(network, example.layouts, batch_tokens=1 << 12), principles).numpy()
            label_logits = pool_principles(logits, columns)
            pooled[row] = pool_segments(label_logits)
            quoted = (example.targets == 1).any(axis=0)
            strongest = example.targets[label_logits.argmax(axis=0), np.arange(len(LABELS))]
            hits[row, quoted] = strongest[quoted] == 1
    return Pooled(
        logits=pooled,
        n_segments=np.array([len(e.layouts) for e in examples], dtype=np.int64),
        labels=np.stack([e.labels for e in examples]),
        hits=hits,
    )


def golden_scores(layout: BundleLayout, records: Sequence[LabelledTranscript]) -> list[dict[str, Any]]:
    """Score a few short transcripts of the corpus with the finished bundle."""
    short = sorted(records, key=lambda r: sum(len(m.content) for m in r.transcript.messages))[:GOLDEN_TRANSCRIPTS]
    judge = Judge(layout)
    golden = []
    for record in short:
        verdict = judge.score(record.transcript)
        messages = [
            {
                "role": m.role,
                "content": m.content,
                "thinking": list(m.thinking),
                "tool_calls": [{"name": c.name, "arguments": c.arguments} for c in m.tool_calls],
            }
            for m in record.transcript.messages
        ]
        golden.append({"messages": messages, "probabilities": dict(verdict.probabilities), "risk": verdict.risk})
    return golden
