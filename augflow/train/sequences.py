"""Reference models for texts and sounds: small, for laptops and for comparing regularizers."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from augflow.errors import TrainError
from augflow.train.models import SmallCNN

EMBEDDED = 96
WIDTHS = (3, 4, 5)
FILTERS = 64
"""Channels of the embedding, widths of the filters in words, and filters of each width."""

QUIET = 1e-3
"""Added to the deviation of a spectrogram, in its own unit: a silent one has none."""


class TextCNN(nn.Module):
    """Word embeddings, filters over 3, 4 and 5 words, the largest answer of each, a linear layer.

    Kim 2014, arXiv:1408.5882, with fewer filters, and optionally a norm after them. Shape: tokens int64
    (N, L) with 0 for padding, mask bool (N, L), to logits (N, num_classes). `dropout` acts on the
    answers (N, 192); embeddings lose half as large a share of their channels, whole channels a text.
    """

    def __init__(self, num_classes: int, vocabulary: int, norm: str = "batch", dropout: float = 0.0) -> None:
        super().__init__()
        if num_classes < 2:
            raise TrainError(f"a classifier needs at least 2 classes, got {num_classes}")
        self.architecture = {
            "num_classes": num_classes,
            "vocabulary": vocabulary,
            "norm": norm,
            "dropout": dropout,
        }
        self.embed = nn.Embedding(vocabulary, EMBEDDED, padding_idx=0)
        nn.init.normal_(self.embed.weight, std=0.1)
        self.drop_channels = nn.Dropout1d(dropout / 2)
        self.filters = nn.ModuleList(nn.Conv1d(EMBEDDED, FILTERS, width) for width in WIDTHS)
        answers = FILTERS * len(WIDTHS)
        self.norm = nn.BatchNorm1d(answers) if norm == "batch" else nn.Identity()
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(answers, num_classes)

    def forward(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Logits (N, K)."""
        embedded = self.embed(tokens) * mask.unsqueeze(-1)
        # Every text meets windows of nothing but padding, so that more of it changes no answer.
        embedded = nn.functional.pad(embedded.transpose(1, 2), (max(WIDTHS), max(WIDTHS)))
        embedded = self.drop_channels(embedded)
        answers = torch.cat([filters(embedded).amax(2) for filters in self.filters], dim=1)
        logits: Tensor = self.classify(self.dropout(torch.relu(self.norm(answers))))
        return logits


class SpectrogramCNN(nn.Module):
    """A `SmallCNN` over spectrograms, each brought to mean 0 and deviation 1 over its real frames.

    Shape: spectrograms (N, mels, frames), mask bool (N, frames), to logits (N, num_classes). Padding is
    0 after that, the mean.
    """

    def __init__(self, num_classes: int, norm: str = "batch", dropout: float = 0.0) -> None:
        super().__init__()
        self.architecture = {"num_classes": num_classes, "norm": norm, "dropout": dropout}
        self.cnn = SmallCNN(num_classes, 1, norm, dropout, stem_stride=1)

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
