"""Reference models: small, for laptops and for comparing regularizers, not for records."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from itertools import pairwise

import torch
from torch import Tensor, nn

from augflow.errors import TrainError
from augflow.train.dropout import drop_path_rates
from augflow.train.layers import PLAIN, ConvBlock, LayerOptions, ResidualBlock, map_dropout

WIDTHS = (32, 64, 128)
"""Channels of the stem and of each residual stage of the reference model for images."""

SMALL_IMAGE_PX = 32
"""Images up to this side keep their resolution in the stem."""


def stem_stride_for(height: int, width: int) -> int:
    """The first stride for images of that size.

    Digits at 16 pixels lost 1.2 points of accuracy to a first stride of 2. Photos at 64 pixels take
    2 s an epoch (3,064 images, two cores) with it, and three times that with pooling or without it.
    """
    return 1 if min(height, width) <= SMALL_IMAGE_PX else 2


class ResidualCNN(nn.Module):
    """A convolution, residual stages, global average pooling, dropout and a linear layer.

    Shape: images (N, in_channels, H, W), 16 to 224 pixels a side, to logits (N, num_classes). `widths` are
    the channels of the stem and of each stage, `blocks` the residual blocks of a stage; a stage that
    changes the number of channels halves the sides. As it stands five convolutions 3x3 and 0.3M
    parameters; with widths (64, 64, 128, 256, 512), 2 blocks and a stem stride of 1 the ResNet-18 of the
    CIFAR papers. `dropout` acts on the pooled features elementwise; `channel_dropout` and `drop_block` on
    the maps after each of the last two stages, where DropBlock's paper has it; `drop_path` on the
    branches of all blocks, linear by depth.
    """

    def __init__(
        self,
        num_classes: int,
        in_channels: int = 3,
        options: LayerOptions = PLAIN,
        *,
        stem_stride: int = 2,
        widths: Sequence[int] = WIDTHS,
        blocks: int = 1,
    ) -> None:
        super().__init__()
        if num_classes < 2:
            raise TrainError(f"a classifier needs at least 2 classes, got {num_classes}")
        if len(widths) < 2 or blocks < 1:
            raise TrainError(
                f"a residual network needs the widths of a stem and a stage, and 1 block a stage; "
                f"got widths {tuple(widths)} and {blocks} block(s)"
            )
        self.architecture = {
            "num_classes": num_classes,
            "in_channels": in_channels,
            "options": asdict(options),
            "stem_stride": stem_stride,
            "widths": list(widths),
            "blocks": blocks,
        }
        self.stem = ConvBlock(in_channels, widths[0], stem_stride, options)
        self.stages = _stages(options, widths, blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.dropout = nn.Dropout(options.dropout)
        self.classify = nn.Linear(widths[-1], num_classes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as the loader's images

    def forward(self, images: Tensor) -> Tensor:
        """Logits (N, K) of images (N, C, H, W)."""
        features = self.pool(self.stages(self.stem(images))).flatten(1)
        logits: Tensor = self.classify(self.dropout(features))
        return logits


def _stages(options: LayerOptions, widths: Sequence[int], blocks: int) -> nn.Sequential:
    rates = iter(drop_path_rates(options.drop_path, blocks * (len(widths) - 1)))
    stages = nn.Sequential()
    for number, (before, width) in enumerate(pairwise(widths), start=1):
        stage = nn.Sequential()
        for block in range(blocks):
            channels, stride = (width, 1) if block or before == width else (before, 2)
            stage.append(ResidualBlock(channels, width, stride, replace(options, drop_path=next(rates))))
        if number >= len(widths) - 2:
            stage.append(map_dropout(options))
        stages.append(stage)
    return stages
