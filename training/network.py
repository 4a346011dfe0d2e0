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
        return self._pool(hidden, token_type_ids)

    def lower(self, input_ids: Tensor, attention_mask: Tensor, token_type_ids: Tensor, *, n_layers: int) -> Tensor:
        """Run the word embeddings and the lowest layers; shape (n_sequences, n_tokens, n_hidden)."""
        hidden: Tensor = self.model.embeddings(input_ids=input_ids, token_type_ids=token_type_ids)
        return self._layers(hidden, attention_mask, 0, n_layers)

    def upper(self, hidden: Tensor, attention_mask: Tensor, token_type_ids: Tensor, *, n_layers: int) -> Tensor:
        """Run the layers above the lowest ones and pool; `lower` and `upper` together are `forward`."""
        hidden = self._layers(hidden, attention_mask, n_layers, len(self.model.encoder.layer))
        return self._pool(hidden, token_type_ids)

    def _layers(self, hidden: Tensor, attention_mask: Tensor, first: int, stop: int) -> Tensor:
        padding = (1.0 - attention_mask[:, None, None, :].to(hidden.dtype)) * torch.finfo(hidden.dtype).min
        for layer in self.model.encoder.layer[first:stop]:
            # Some versions of the library return a tuple.
            out = layer(hidden, attention_mask=padding)
            hidden = out[0] if isinstance(out, tuple) else out
        return hidden

    @staticmethod
    def _pool(hidden: Tensor, token_type_ids: Tensor) -> Tensor:
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


def load_base(base: str | Path, *, frozen_layers: int = 0) -> PooledEncoder:
    """Load a base encoder by hub id or folder.

    Parameters
    ----------
    base : str or Path
    frozen_layers : int
        Lowest layers that are not fitted, the word embeddings with them; 0 fits all.

    Raises
    ------
    OSError
        If there is none; the sentence is the library's own.
    """
    # Imported here: transformers adds seconds, which the corpus commands need not pay.
    from transformers import AutoModel

    # The exporter needs plain attention; dropout as the base was trained.
    model = AutoModel.from_pretrained(str(base), attn_implementation="eager")
    if frozen_layers:
        for module in (model.embeddings, *model.encoder.layer[:frozen_layers]):
            module.requires_grad_(False)
    return PooledEncoder(model)
