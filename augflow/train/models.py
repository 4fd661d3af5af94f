"""Reference models: small, for laptops and for comparing regularizers, not for records."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from augflow.errors import TrainError
from augflow.train.layers import ConvBlock

BLOCKS = ((32, 2), (64, 2), (64, 1), (128, 2), (128, 1))
"""Output channels and stride of each block: the resolution falls to an eighth.

Striding before the costly channels keeps an epoch of 3,064 images of 64x64 at about 2 s on two cores;
the same widths with pooling in place of strides took 6 s and were no better.
"""


class SmallCNN(nn.Module):
    """Five convolution blocks, global average pooling, dropout and a linear layer; about 0.28M parameters.

    Shape: images (N, in_channels, H, W), 16 to 224 pixels a side, to logits (N, num_classes).
    `dropout` acts on the pooled features (N, 128), elementwise; each of them stands for a whole
    channel, so it is what spatial dropout of the last feature maps would be.
    """

    def __init__(
        self, num_classes: int, in_channels: int = 3, norm: str = "batch", dropout: float = 0.0
    ) -> None:
        super().__init__()
        if num_classes < 2:
            raise TrainError(f"a classifier needs at least 2 classes, got {num_classes}")
        self.architecture = {
            "num_classes": num_classes,
            "in_channels": in_channels,
            "norm": norm,
            "dropout": dropout,
        }
        channels = in_channels
        blocks = []
        for width, stride in BLOCKS:
            blocks.append(ConvBlock(channels, width, stride, norm))
            channels = width
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(dropout)
        self.classify = nn.Linear(channels, num_classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as the loader's images

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K) of images (N, C, H, W)."""
        features = self.pool(self.blocks(images)).flatten(1)
        logits: Tensor = self.classify(self.dropout(features))
        return logits
