"""Reference models for texts and sounds: small, for laptops and for comparing regularizers."""

from __future__ import annotations

from dataclasses import asdict
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from augflow.errors import TrainError
from augflow.train.layers import PLAIN, LayerOptions
from augflow.train.models import ResidualCNN

EMBEDDED = 96
WIDTHS = (3, 4, 5)
FILTERS = 64
"""Channels of the embedding, widths of the filters in words, and filters of each width."""

QUIET = 1e-3
"""Added to the deviation of a spectrogram, in its own unit: a silent one has none."""


@runtime_checkable
class EmbeddingModel(Protocol):
    """A model of texts in two halves, between which texts can be mixed and noise be added.

    `forward(tokens, mask)` is `forward_embedded(embed_tokens(tokens, mask), mask)`.
    """

    def embed_tokens(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Embeddings (N, L, E), 0 at padding, of tokens int64 (N, L) with mask bool (N, L)."""

    def forward_embedded(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """Logits (N, K) of embeddings (N, L, E); what they are where the mask is not set does not matter."""


class TextCNN(nn.Module):
    """Word embeddings, filters over 3, 4 and 5 words, the largest answer of each, a linear layer.

    Kim 2014, arXiv:1408.5882, with fewer filters, and optionally a norm after them. Shape: tokens int64
    (N, L) with 0 for padding, mask bool (N, L), to logits (N, num_classes). `dropout` acts on the
    answers (N, 192), `channel_dropout` on the embeddings, whole channels a text. The norm is over the
    answers, so that it sees no padding; having no positions, they have no instance norm.
    """

    def __init__(self, num_classes: int, vocabulary: int, options: LayerOptions = PLAIN) -> None:
        super().__init__()
        if num_classes < 2:
            raise TrainError(f"a classifier needs at least 2 classes, got {num_classes}")
        options.refuse(
            self,
            drop_block="it drops squares of feature maps, and a text has none",
            drop_path="it drops residual branches, and there are none",
        )
        self.architecture = {
            "num_classes": num_classes,
            "vocabulary": vocabulary,
            "options": asdict(options),
        }
        self.embed = nn.Embedding(vocabulary, EMBEDDED, padding_idx=0)
        nn.init.normal_(self.embed.weight, std=0.1)
        self.drop_channels = nn.Dropout1d(options.channel_dropout)
        self.filters = nn.ModuleList(nn.Conv1d(EMBEDDED, FILTERS, width) for width in WIDTHS)
        answers = FILTERS * len(WIDTHS)
        self.norm = options.make_norm(answers, axes=0)
        self.dropout = nn.Dropout(options.dropout)
        self.classify = nn.Linear(answers, num_classes)

    @property
    def vocabulary(self) -> int:
        """How many tokens there are, padding included: they are in [0, vocabulary)."""
        return self.embed.num_embeddings

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Logits (N, K)."""
        return self.forward_embedded(self.embed_tokens(tokens, mask), mask)

    def embed_tokens(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Embeddings (N, L, 96), 0 at padding."""
        embedded: Tensor = self.embed(tokens) * mask.unsqueeze(-1)
        return embedded

    def forward_embedded(self, embedded: Tensor, mask: Tensor) -> Tensor:
        """Logits (N, K) of embeddings (N, L, 96), mixed or noisy ones too."""
        embedded = (embedded * mask.unsqueeze(-1)).transpose(1, 2)
        # Every text meets windows of nothing but padding, so that more of it changes no answer.
        padded = nn.functional.pad(embedded, (max(WIDTHS), max(WIDTHS)))
        padded = self.drop_channels(padded)
        answers = torch.cat([filters(padded).amax(2) for filters in self.filters], dim=1)
        logits: Tensor = self.classify(self.dropout(torch.relu(self.norm(answers))))
        return logits


class SpectrogramCNN(nn.Module):
    """A `ResidualCNN` over spectrograms, each brought to mean 0 and deviation 1 over its real frames.

    Shape: spectrograms (N, mels, frames), mask bool (N, frames), to logits (N, num_classes). Padding is
    0 after that, the mean.
    """

    def __init__(self, num_classes: int, options: LayerOptions = PLAIN) -> None:
        super().__init__()
        self.architecture = {"num_classes": num_classes, "options": asdict(options)}
        self.cnn = ResidualCNN(num_classes, 1, options, stem_stride=1)

    def forward(self, spectrograms: Tensor, mask: Tensor) -> Tensor:
        """Logits (N, K)."""
        if spectrograms.ndim != 3:
            raise TrainError(f"spectrograms are (N, mels, frames), got {tuple(spectrograms.shape)}")
        real = mask.unsqueeze(1).to(spectrograms.dtype)
        count = real.sum((1, 2), keepdim=True).clamp(min=1) * spectrograms.shape[1]
        mean = (spectrograms * real).sum((1, 2), keepdim=True) / count
        centered = (spectrograms - mean) * real
        deviation = (centered.square().sum((1, 2), keepdim=True) / count).sqrt()
        logits: Tensor = self.cnn((centered / (deviation + QUIET)).unsqueeze(1))
        return logits
