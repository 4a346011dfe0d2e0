"""The network: a sentence encoder, and a head that reads a segment against a principle's vector."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

HEAD_FEATURES: Final = 128
"""Width in which a segment and a principle meet."""


class PooledEncoder(nn.Module):
    """A BERT-like model, pooled to [CLS] beside the mean of the sequence's own tokens.

    Parameters
    ----------
    model : transformers.PreTrainedModel
        Its last hidden state has shape (n_sequences, n_tokens, n_hidden).
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.n_features: int = 2 * int(model.config.hidden_size)

    def forward(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor) -> Tensor:
        """Embed sequences; arguments int64 of shape (n_sequences, n_tokens), result (n_sequences, n_features)."""
        hidden = self.model(
            input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
        ).last_hidden_state
        own = token_type_ids.unsqueeze(-1).to(hidden.dtype)
        mean = (hidden * own).sum(dim=1) / own.sum(dim=1).clamp(min=1.0)
        return torch.cat([hidden[:, 0], mean], dim=-1)


class PrincipleHead(nn.Module):
    """Scores embeddings against principle vectors; holds nothing that belongs to one principle."""

    def __init__(self, n_features: int) -> None:
        super().__init__()
        self.segment_norm = nn.LayerNorm(n_features)
        self.principle_norm = nn.LayerNorm(n_features)
        self.segment_map = nn.Linear(n_features, HEAD_FEATURES)
        self.principle_map = nn.Linear(n_features, HEAD_FEATURES)
        self.segment_bias = nn.Linear(n_features, 1)
        self.scale = nn.Parameter(torch.tensor(HEAD_FEATURES**-0.5))
        nn.init.constant_(self.segment_bias.bias, -2.0)

    def forward(self, embeddings: Tensor, principles: Tensor) -> Tensor:
        """Return logits of shape (n_segments, n_principles)."""
        segment = self.segment_norm(embeddings)
        met = self.segment_map(segment) @ self.principle_map(self.principle_norm(principles)).T
        logits: Tensor = met * self.scale + self.segment_bias(segment)
        return logits


class JudgeNetwork(nn.Module):
    """Encoder and head together."""

    def __init__(self, encoder: PooledEncoder) -> None:
        super().__init__()
        self.encoder = encoder
        self.head = PrincipleHead(encoder.n_features)


def load_base(base: str | Path) -> PooledEncoder:
    """Load a base encoder by hub id or folder.

    Raises
    ------
    OSError
        If there is none; the sentence is the library's own.
    """
    # Imported here: transformers adds seconds, which the corpus commands need not pay.
    from transformers import AutoModel

    # The exporter needs plain attention; dropout as the base was trained.
    model = AutoModel.from_pretrained(str(base), attn_implementation="eager")
    return PooledEncoder(model)
