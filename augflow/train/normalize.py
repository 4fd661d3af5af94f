"""Images as a model wants them: normalized on their device, in channels_last memory."""

from __future__ import annotations

import torch
from torch import Tensor

from augflow.errors import TrainError

Statistics = tuple[tuple[float, ...], tuple[float, ...]]


class Normalizer:
    """`(x / 255 - mean) / std` for uint8 images; `(x - mean) / std` for float32 images in [0, 1].

    Shape: (N, H, W, C) on `device` to (N, C, H, W) of `dtype`, whose memory is channels_last, so
    that nothing is moved to reorder the axes; videos (N, T, H, W, C) to (N, T, C, H, W). The arithmetic
    is float32 whatever `dtype` is. Without `statistics` images end in [0, 1].
    """

    def __init__(self, statistics: Statistics | None, device: torch.device, dtype: torch.dtype) -> None:
        self._dtype = dtype
        self._mean: Tensor | None = None
        self._std: Tensor | None = None
        if statistics is not None:
            mean, std = statistics
            self._mean = torch.tensor(mean, device=device).view(-1, 1, 1)
            self._std = torch.tensor(std, device=device).view(-1, 1, 1)

    def __call__(self, images: Tensor) -> Tensor:
        """Normalize a batch; the input is left as it was."""
        x = images.movedim(-1, -3)
        if images.dtype == torch.uint8:
            x = x.to(torch.float32).div_(255)
        elif self._mean is not None:
            x = x.clone()
        if self._mean is not None and self._std is not None:
            self._check_channels(x.shape[-3])
            x.sub_(self._mean).div_(self._std)
        return x.to(self._dtype)

    def _check_channels(self, channels: int) -> None:
        for name, values in (("mean", self._mean), ("std", self._std)):
            count = 0 if values is None else values.numel()
            if count not in (1, channels):
                raise TrainError(
                    f"output.{name} has {count} values and the images have {channels} channel(s); "
                    f"give one value, or {channels}"
                )
