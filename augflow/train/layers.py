"""The building block of the reference models.

- batch norm: Ioffe & Szegedy 2015, arXiv:1502.03167.
- dropout after batch norm shifts the variances that the norm has learned: Li et al. 2018,
  arXiv:1801.05134; so the models here drop out after the last norm only.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from torch import Tensor, nn

from augflow.errors import TrainError

NORMS: Mapping[str, Callable[[int], nn.Module] | None] = {"batch": nn.BatchNorm2d, "none": None}
"""What `regularize.norm` may name; each is built from the number of channels."""


class ConvBlock(nn.Module):
    """Convolution 3x3, norm, ReLU: the norm stands after the convolution and before the activation.

    Shape: (N, in_channels, H, W) to (N, out_channels, ceil(H / stride), ceil(W / stride)). The
    convolution has a bias only where no norm follows, which would take it out again.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1, norm: str = "batch") -> None:
        super().__init__()
        if norm not in NORMS:
            raise TrainError(f"norm must be one of {', '.join(NORMS)}, got {norm!r}")
        make_norm = NORMS[norm]
        bias = make_norm is None
        self.conv = nn.Conv2d(in_channels, out_channels, 3, stride, padding=1, bias=bias)
        nn.init.kaiming_normal_(self.conv.weight, mode="fan_out", nonlinearity="relu")
        if self.conv.bias is not None:
            nn.init.zeros_(self.conv.bias)
        self.norm = nn.Identity() if make_norm is None else make_norm(out_channels)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Images or feature maps (N, C, H, W) to feature maps."""
        out: Tensor = self.activation(self.norm(self.conv(x)))
        return out
