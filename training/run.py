"""One training run: corpus to bundle, with held-out figures on the way."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from classifier.bundle import BundleLayout
from classifier.calibration import Calibration
from classifier.encoder import Layouter, open_tokenizer
from classifier.judge import Judge
from classifier.pooling import pool_principles, pool_segments
from classifier.readers import read_many
from classifier.records import LABELS, Unscored
from constitution import Constitution, load_constitution
from training.baselines import baseline_scores
from training.calibrate import Pooled, fit_calibration
from training.card import render_card
from training.config import Settings
from training.corpus_reader import LabelledTranscript, read_corpus
from training.evaluate import Scores, calibrated_scores, quality_table, scores_under
from training.examples import Example, make_example
from training.export import BundleParts, export_bundle, write_golden
from training.fit import embed, fit, label_columns
from training.network import JudgeNetwork
from training.parts import deal_families
from training.public_runs import read_harmless, read_readings


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


@dataclass(frozen=True, slots=True)
class ExampleParts:
    """The examples of each part."""

    fit: list[Example]
    """For the network."""
    calibration: list[Example]
    """For probabilities, thresholds and figures."""
    test: list[Example]
    """Only measured; may be empty."""


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
    parts = _deal_examples(shop, public)
    sizes = f"fit on {len(parts.fit)} transcripts, calibrate on {len(parts.calibration)}, test on {len(parts.test)}"
    print(sizes, file=sys.stderr)
    network = fit(parts.fit, shop.constitution, shop.layouter, settings.fit, base=base, seed=settings.seed)
    held_out = pool_examples(network, parts.calibration, shop)
    calibration = fit_calibration(held_out)
    table = quality_table(_measured(network, parts, held_out, calibration, shop), seed=settings.seed)
    print(table.as_markdown(), file=sys.stderr)
    bundle = BundleParts(
        constitution=shop.constitution,
        calibration=calibration,
        tokenizer=shop.tokenizer,
        card=render_card(settings, _records(parts.fit), _records(parts.calibration), table),
    )
    probes = [layout for example in parts.fit[:8] for layout in example.layouts][:24]
    layout = export_bundle(network, bundle, out, probes)
    write_golden(layout, golden_scores(layout, settings.golden))
    (out.parent / f"{out.name}.evaluation.json").write_text(
        json.dumps({"settings": asdict(settings), "table": table.as_rows()}, indent=1) + "\n", encoding="utf-8"
    )
    return layout


def _deal_examples(shop: Workshop, public: Path | None) -> ExampleParts:
    settings = shop.settings
    records = [*read_corpus(settings.corpus), *(() if public is None else read_public(settings, public))]
    examples = [make_example(record, shop.layouter, shop.constitution) for record in records]
    examples = [example for example in examples if example.layouts]
    families = deal_families(
        _records(examples),
        test=settings.test_families,
        calibration_share=settings.calibration_share,
        seed=settings.seed,
    )
    return ExampleParts(
        *(
            [e for e in examples if e.record.family in names]
            for names in (families.fit, families.calibration, families.test)
        )
    )


def _measured(
    network: JudgeNetwork, parts: ExampleParts, held_out: Pooled, calibration: Calibration, shop: Workshop
) -> list[tuple[str, Scores]]:
    """Score the calibration part, and the test part where there is one, by the judge and by the baselines."""
    fitted_on, calibrated_on, tested_on = map(_records, (parts.fit, parts.calibration, parts.test))
    segmenter = shop.layouter.segmenter
    judges = [("judge, calibration families", calibrated_scores(calibrated_on, held_out))]
    # Both parts at once: the baselines embed and fit the fit part, which takes minutes, a single time.
    baselines = baseline_scores(fitted_on, [*calibrated_on, *tested_on], segmenter, shop.base)
    judges += [(name, scores.rows(0, len(calibrated_on))) for name, scores in baselines]
    if tested_on:
        tested = scores_under(calibration, tested_on, pool_examples(network, parts.test, shop))
        judges.append(("judge, test families", tested))
        judges += [(f"{name}, test", scores.rows(len(calibrated_on), None)) for name, scores in baselines]
    return judges


def _records(examples: Sequence[Example]) -> list[LabelledTranscript]:
    return [example.record for example in examples]


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


def golden_scores(layout: BundleLayout, paths: Sequence[str]) -> list[dict[str, Any]]:
    """Score transcripts with the finished bundle; rows that cannot be read are left out."""
    judge = Judge(layout)
    golden = []
    for row in read_many(paths):
        if isinstance(row, Unscored):
            continue
        verdict = judge.score(row)
        messages = [
            {
                "role": m.role,
                "content": m.content,
                "thinking": list(m.thinking),
                "tool_calls": [{"name": c.name, "arguments": c.arguments} for c in m.tool_calls],
            }
            for m in row.messages
        ]
        golden.append({"messages": messages, "probabilities": dict(verdict.probabilities), "risk": verdict.risk})
    return golden
