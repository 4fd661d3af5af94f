"""Reference models: small, for laptops and for comparing regularizers, not for records."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from augflow.errors import TrainError
from augflow.train.layers import ConvBlock

BLOCKS = ((32, None), (64, 2), (64, 1), (128, 2), (128, 1))
"""Output channels and stride of each block; the first stride is the model's `stem_stride`."""

SMALL_IMAGE_PX = 32
"""Images up to this side keep their resolution in the first block."""


def stem_stride_for(height: int, width: int) -> int:
    """The first stride for images of that size.

    Digits at 16 pixels lost 1.2 points of accuracy to a first stride of 2. Photos at 64 pixels take
    2 s an epoch (3,064 images, two cores) with it, and three times that with pooling or without it.
    """
    return 1 if min(height, width) <= SMALL_IMAGE_PX else 2


class SmallCNN(nn.Module):
    """Five convolution blocks, global average pooling, dropout and a linear layer; about 0.28M parameters.

    Shape: images (N, in_channels, H, W), 16 to 224 pixels a side, to logits (N, num_classes).
    `dropout` acts on the pooled features (N, 128), elementwise; each of them stands for a whole
    channel, so it is what spatial dropout of the last feature maps would be.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int = 3,
        norm: str = "batch",
        dropout: float = 0.0,
        stem_stride: int = 2,
    ) -> None:
        super().__init__()
        if num_classes < 2:
            raise TrainError(f"a classifier needs at least 2 classes, got {num_classes}")
        self.architecture = {
            "num_classes": num_classes,
            "in_channels": in_channels,
            "norm": norm,
            "dropout": dropout,
            "stem_stride": stem_stride,
        }
        channels = in_channels
        blocks = []
        for width, stride in BLOCKS:
            blocks.append(ConvBlock(channels, width, stride or stem_stride, norm))
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
