"""Fit encoder and head on segments of contrast groups."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from classifier.encoder import Layout, Layouter, batch_by_length, collate
from classifier.records import LABELS
from constitution import Constitution
from training.config import FitSettings
from training.examples import UNKNOWN, Example, batch_scenarios, thin
from training.network import JudgeNetwork, load_base
from training.trunk import FrozenTrunk

BFLOAT16: Final = bool(torch.cpu.get_capabilities().get("avx512_bf16"))
"""Where the processor has it, bfloat16 is 2.4 times as quick to train in as float32; where not, 20 times as slow."""


@dataclass(frozen=True, slots=True)
class Targets:
    """One batch's targets as tensors, on the same rows as its segments."""

    owner: Tensor
    """Shape (n_segments,): index of each segment's transcript."""
    labels: Tensor
    """Shape (n_transcripts, n_labels)."""
    segments: Tensor
    """Shape (n_segments, n_labels)."""
    decoys: Tensor
    """Shape (n_segments, n_labels)."""
    principles: Tensor
    """Shape (n_segments, n_principles)."""
    scenario: Tensor
    """Shape (n_transcripts,): which scenario each transcript belongs to."""


def fit(
    examples: Sequence[Example],
    constitution: Constitution,
    layouter: Layouter,
    settings: FitSettings,
    *,
    base: str | Path,
    seed: int,
) -> JudgeNetwork:
    """Fit a network from a base encoder.

    Parameters
    ----------
    examples : sequence of Example
        The fit part; whole scenarios.
    constitution : Constitution
        Its principles' texts and paraphrases are drawn from at random.
    layouter : Layouter
        Lays the principles out.
    settings : FitSettings
        Epochs, rates, weights.
    base : str or Path
        Hub id or folder of the base encoder.
    seed : int
        Decides order, dropout and initial weights: same seed, threads and processor, same network.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    network = JudgeNetwork(load_base(base, frozen_layers=settings.frozen_layers))
    epochs = [
        batch_scenarios(
            [thin(example, settings.transcript_segments, rng) for example in examples],
            most_segments=settings.batch_segments,
            rng=rng,
        )
        for _ in range(settings.epochs)
    ]
    optimizer, schedule = _optimizer(network, settings, n_steps=sum(len(batches) for batches in epochs))
    columns = label_columns(constitution)
    drawn = [layout for batches in epochs for batch in batches for example in batch for layout in example.layouts]
    trunk = _trunk(network, drawn, constitution, layouter, settings)
    network.train()
    started = time.monotonic()
    for epoch, batches in enumerate(epochs):
        total = 0.0
        for batch in batches:
            loss = _loss(network, batch, constitution, layouter, columns, settings, rng, trunk)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            total += float(loss.detach())
        seconds = time.monotonic() - started
        print(f"epoch {epoch + 1}/{len(epochs)}: loss {total / len(batches):.4f}, {seconds:.0f} s", file=sys.stderr)
    return network.eval()


def _optimizer(
    network: JudgeNetwork, settings: FitSettings, *, n_steps: int
) -> tuple[torch.optim.Optimizer, torch.optim.lr_scheduler.LRScheduler]:
    """Return AdamW and its schedule: rates rise over the warm-up and fall to 0 in a line."""
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in network.encoder.parameters() if p.requires_grad], "lr": settings.encoder_rate},
            {"params": network.head.parameters(), "lr": settings.head_rate},
        ],
        weight_decay=settings.weight_decay,
    )
    warmup = max(1, int(settings.warmup * n_steps))
    return optimizer, torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, (n_steps - step) / max(1, n_steps - warmup))
    )


def label_columns(constitution: Constitution) -> list[list[int]]:
    """Return, for each of our labels, the columns of its principles."""
    return [[i for i, p in enumerate(constitution.principles) if p.label == label] for label in LABELS]


def embed(
    network: JudgeNetwork, layouts: Sequence[Layout], *, batch_tokens: int, trunk: FrozenTrunk | None = None
) -> Tensor:
    """Embed sequences in batches of like length; shape (n_sequences, n_features), in the order given."""
    order: list[int] = []
    rows: list[Tensor] = []
    for indices in batch_by_length([len(layout.ids) for layout in layouts], batch_tokens=batch_tokens):
        some = [layouts[index] for index in indices]
        batch = collate(some)
        ids, mask, types = map(torch.from_numpy, (batch.input_ids, batch.attention_mask, batch.token_type_ids))
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=network.training and BFLOAT16):
            if trunk is None:
                rows.append(network.encoder(ids, mask, types))
            else:
                rows.append(network.encoder.upper(trunk(some), mask, types, n_layers=trunk.n_layers))
        order.extend(indices)
    return torch.cat(rows).float()[torch.tensor(np.argsort(order))]


def pool_labels(logits: Tensor, columns: Sequence[Sequence[int]]) -> Tensor:
    """Join principles to labels as `classifier.pooling.pool_principles` does, with gradients."""
    joined = [torch.logsumexp(logits[:, list(c)], dim=1) - float(np.log(len(c))) for c in columns]
    return torch.stack(joined, dim=1)


def _trunk(
    network: JudgeNetwork,
    drawn: Sequence[Layout],
    constitution: Constitution,
    layouter: Layouter,
    settings: FitSettings,
) -> FrozenTrunk | None:
    if not settings.frozen_layers:
        return None
    texts = [text for p in constitution.principles for text in (p.text, *p.paraphrases)]
    principles = [layouter.principle(text) for text in texts]
    return FrozenTrunk(network.encoder, settings.frozen_layers, [*drawn, *principles])


def _loss(
    network: JudgeNetwork,
    batch: Sequence[Example],
    constitution: Constitution,
    layouter: Layouter,
    columns: Sequence[Sequence[int]],
    settings: FitSettings,
    rng: np.random.Generator,
    trunk: FrozenTrunk | None,
) -> Tensor:
    texts = [rng.choice([p.text, *p.paraphrases]) for p in constitution.principles]
    layouts = [layout for example in batch for layout in example.layouts]
    sequences = [*layouts, *(layouter.principle(str(text)) for text in texts)]
    both = embed(network, sequences, batch_tokens=1 << 14, trunk=trunk)
    embeddings, principles = both[: len(layouts)], both[len(layouts) :]
    logits = network.head(embeddings, principles)
    targets = _targets(batch)
    label_logits = pool_labels(logits, columns)
    pooled = _pool_transcripts(label_logits, targets)
    return (
        _segment_loss(label_logits, targets, settings)
        + settings.principle_weight * _principle_loss(logits, targets, columns)
        + settings.transcript_weight * _transcript_loss(pooled, targets)
        + settings.pair_weight * _pair_loss(pooled, targets)
    )


def _targets(batch: Sequence[Example]) -> Targets:
    def stacked(name: str) -> Tensor:
        return torch.from_numpy(np.concatenate([getattr(example, name) for example in batch]))

    names = {name: index for index, name in enumerate(dict.fromkeys(e.record.scenario for e in batch))}
    return Targets(
        owner=torch.tensor([index for index, example in enumerate(batch) for _ in example.layouts]),
        labels=torch.from_numpy(np.stack([e.labels for e in batch])),
        segments=stacked("targets"),
        decoys=stacked("decoys"),
        principles=stacked("principles"),
        scenario=torch.tensor([names[e.record.scenario] for e in batch]),
    )


def _segment_loss(label_logits: Tensor, targets: Targets, settings: FitSettings) -> Tensor:
    """Binary cross-entropy where a segment's target is known, decoys and evidence weighted up."""
    known = targets.segments != UNKNOWN
    weights = known.float()
    weights = torch.where(targets.segments == 1, settings.evidence_weight, weights)
    weights = torch.where(targets.decoys & known, settings.decoy_weight, weights)
    losses = functional.binary_cross_entropy_with_logits(
        label_logits, targets.segments.clamp(min=0).float(), reduction="none"
    )
    return (losses * weights).sum() / weights.sum().clamp(min=1.0)


def _principle_loss(logits: Tensor, targets: Targets, columns: Sequence[Sequence[int]]) -> Tensor:
    """Within evidence, tell the named principles of a label from its others, as a choice among them."""
    losses = []
    for members in columns:
        named = targets.principles[:, list(members)]
        rows = (named == 1).any(dim=1)
        if bool(rows.any()):
            wanted = (named[rows] == 1).float()
            wanted = wanted / wanted.sum(dim=1, keepdim=True)
            losses.append(functional.cross_entropy(logits[rows][:, list(members)], wanted))
    return torch.stack(losses).mean() if losses else logits.sum() * 0.0


def _pool_transcripts(label_logits: Tensor, targets: Targets) -> Tensor:
    """Take the maximum over each transcript's segments; shape (n_transcripts, n_labels)."""
    n_transcripts = len(targets.labels)
    return torch.stack([label_logits[targets.owner == index].amax(dim=0) for index in range(n_transcripts)])


def _transcript_loss(pooled: Tensor, targets: Targets) -> Tensor:
    known = targets.labels != UNKNOWN
    losses = functional.binary_cross_entropy_with_logits(pooled, targets.labels.clamp(min=0).float(), reduction="none")
    return (losses * known).sum() / known.sum().clamp(min=1)


def _pair_loss(pooled: Tensor, targets: Targets) -> Tensor:
    """Within a scenario, push each positive of a label above each negative by a margin of log-odds."""
    losses = []
    for column in range(len(LABELS)):
        labels = targets.labels[:, column]
        same = targets.scenario[:, None] == targets.scenario[None, :]
        pairs = same & (labels[:, None] == 1) & (labels[None, :] == 0)
        if bool(pairs.any()):
            gaps = pooled[:, None, column] - pooled[None, :, column]
            losses.append(functional.softplus(1.0 - gaps[pairs]).mean())
    return torch.stack(losses).mean() if losses else pooled.sum() * 0.0
