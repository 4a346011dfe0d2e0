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
from numpy.typing import NDArray

from classifier.bundle import BundleLayout
from classifier.encoder import Layouter, open_tokenizer
from classifier.judge import Judge
from classifier.pooling import pool_principles, pool_segments
from classifier.records import LABELS
from constitution import Constitution, load_constitution
from training.calibrate import Pooled, fit_calibration
from training.card import render_card
from training.config import Settings
from training.corpus_reader import LabelledTranscript, read_corpus
from training.evaluate import baseline_scores, calibrated_scores, quality_table
from training.examples import Example, make_example
from training.export import BundleParts, export_bundle, write_golden
from training.fit import embed, fit, label_columns
from training.network import JudgeNetwork

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


def train(settings: Settings, *, base: Path, out: Path) -> BundleLayout:
    """Fit, measure and export a bundle.

    Held-out logits come from networks fitted without the family they score; calibration and figures rest on those,
    the shipped network is fitted on every family but the test ones.

    Parameters
    ----------
    settings : Settings
    base : Path
        Folder of the base encoder, with `tokenizer.json`.
    out : Path
        Folder of the bundle.
    """
    shop = open_workshop(settings, base)
    records = [*read_corpus(settings.corpus), *_extra(settings)]
    examples = [make_example(record, shop.layouter, shop.constitution) for record in records]
    examples = [example for example in examples if example.layouts]
    development = [e for e in examples if e.record.family not in settings.test_families]
    held_out = cross_fit(development, shop)
    table = quality_table(
        [
            ("held-out families", calibrated_scores([e.record for e in development], held_out)),
            *baseline_scores([e.record for e in development], settings.folds, settings.seed),
        ],
        seed=settings.seed,
    )
    print(table.as_markdown(), file=sys.stderr)
    network = fit(development, shop.constitution, shop.layouter, settings.fit, base=base, seed=settings.seed)
    parts = BundleParts(
        constitution=shop.constitution,
        calibration=fit_calibration(held_out),
        tokenizer=shop.tokenizer,
        card=render_card(settings, [e.record for e in development], table),
    )
    probes = [layout for example in development[:8] for layout in example.layouts][:24]
    layout = export_bundle(network, parts, out, probes)
    write_golden(layout, golden_scores(layout, [e.record for e in development]))
    (out.parent / f"{out.name}.evaluation.json").write_text(
        json.dumps({"settings": asdict(settings), "table": table.as_rows()}, indent=1) + "\n", encoding="utf-8"
    )
    return layout


def open_workshop(settings: Settings, base: Path) -> Workshop:
    """Gather what networks are fitted with."""
    tokenizer = base / "tokenizer.json"
    layouter = Layouter(open_tokenizer(tokenizer))
    return Workshop(load_constitution(), layouter, tokenizer, base, settings)


def cross_fit(examples: Sequence[Example], shop: Workshop) -> Pooled:
    """Score every transcript by a network that saw nothing of its family."""
    folds = deal_families([e.record for e in examples], shop.settings.folds, shop.settings.seed)
    logits = np.zeros((len(examples), len(LABELS)), dtype=np.float64)
    for fold in range(shop.settings.folds):
        rest = [e for e, f in zip(examples, folds, strict=True) if f != fold]
        print(f"fold {fold + 1}/{shop.settings.folds}: {len(rest)} transcripts", file=sys.stderr)
        network = fit(
            rest, shop.constitution, shop.layouter, shop.settings.fit, base=shop.base, seed=shop.settings.seed
        )
        for index in np.flatnonzero(folds == fold).tolist():
            logits[index] = pooled_logits(network, examples[index], shop)
    return Pooled(
        logits=logits,
        n_segments=np.array([len(e.layouts) for e in examples], dtype=np.int64),
        labels=np.stack([e.labels for e in examples]),
    )


def deal_families(records: Sequence[LabelledTranscript], folds: int, seed: int) -> NDArray[np.int64]:
    """Deal whole families out to folds, the largest first to the emptiest; shape (n_transcripts,)."""
    families = [record.family for record in records]
    names, counts = np.unique(np.asarray(families, dtype=np.str_), return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    order = order[np.argsort(-counts[order], kind="stable")]
    loads = np.zeros(folds, dtype=np.int64)
    fold_of: dict[str, int] = {}
    for index in order:
        fold = int(np.argmin(loads))
        fold_of[str(names[index])] = fold
        loads[fold] += counts[index]
    return np.array([fold_of[family] for family in families], dtype=np.int64)


def pooled_logits(network: JudgeNetwork, example: Example, shop: Workshop) -> NDArray[np.float64]:
    """Pool one transcript's logits as the judge does; shape (n_labels,)."""
    with torch.no_grad():
        principles = [
            embed(network, [shop.layouter.principle(t) for t in (p.text, *p.paraphrases)], batch_tokens=1 << 14).mean(0)
            for p in shop.constitution.principles
        ]
        embeddings = embed(network, example.layouts, batch_tokens=1 << 13)
        logits = network.head(embeddings, torch.stack(principles)).numpy()
    pooled = pool_segments(pool_principles(logits, label_columns(shop.constitution)))
    return pooled.astype(np.float64)


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


def _extra(settings: Settings) -> list[LabelledTranscript]:
    return list(read_corpus(settings.extra, require_evidence=False)) if settings.extra else []
