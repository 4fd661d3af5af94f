"""What contenders do: the same samples, the same ops, the same batch size, said once for all of them."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")

Array = NDArray[Any]


class Samples(Protocol):
    """Images with labels, by index; picklable."""

    @property
    def classes(self) -> int:
        """How many classes there are."""
        ...

    def __len__(self) -> int: ...

    def label(self, index: int) -> int:
        """The class of a sample."""
        ...

    def pixels(self, index: int) -> Array:
        """A decoded image (H, W, 3), by the fastest way there is."""
        ...

    def pixels_by_pillow(self, index: int) -> Array:
        """The same by the way that most loaders go."""
        ...

    def for_augflow(self) -> Any:
        """What `Pipeline.stream` takes as its source."""
        ...


@dataclass(frozen=True)
class PhotoFiles:
    """JPEG files in class folders."""

    root: str

    @cached_property
    def _files(self) -> list[tuple[str, int]]:
        folders = sorted(path for path in Path(self.root).iterdir() if path.is_dir())
        return [(str(file), k) for k, folder in enumerate(folders) for file in sorted(folder.glob("*.jpg"))]

    @property
    def classes(self) -> int:
        """How many folders."""
        return 1 + max(label for _, label in self._files)

    def __len__(self) -> int:
        return len(self._files)

    def label(self, index: int) -> int:
        """See `Samples`."""
        return self._files[index][1]

    def pixels(self, index: int) -> Array:
        """By libjpeg-turbo."""
        import simplejpeg

        with open(self._files[index][0], "rb", buffering=0) as file:
            pixels: Array = simplejpeg.decode_jpeg(file.readall(), "RGB")
        return pixels

    def pixels_by_pillow(self, index: int) -> Array:
        """By Pillow."""
        from PIL import Image

        with Image.open(self._files[index][0]) as image:
            return np.asarray(image.convert("RGB"))

    def for_augflow(self) -> str:
        """The folder."""
        return self.root


@dataclass(frozen=True)
class ArrayImages:
    """`count` images in memory: a few pictures over and over, each process with a copy of its own."""

    pictures: bytes
    """An .npy file of (M, H, W, 3)."""
    count: int
    classes: int = 10

    @cached_property
    def arrays(self) -> tuple[Array, Array]:
        """Images (count, H, W, 3) and labels (count,)."""
        pictures = np.load(io.BytesIO(self.pictures))
        numbers = np.arange(self.count)
        return np.ascontiguousarray(pictures[numbers % len(pictures)]), numbers % self.classes

    def __len__(self) -> int:
        return self.count

    def label(self, index: int) -> int:
        """See `Samples`."""
        return int(self.arrays[1][index])

    def pixels(self, index: int) -> Array:
        """A view."""
        image: Array = self.arrays[0][index]
        return image

    pixels_by_pillow = pixels

    def for_augflow(self) -> Any:
        """A pair of arrays."""
        return self.arrays


@dataclass(frozen=True)
class Op:
    """One op in the three spellings: albumentations' class, augflow's name, the parameters of both."""

    library_class: str
    name: str
    params: Mapping[str, Any]
    p: float = 1.0

    def build(self, p: float) -> Any:
        """The op of the library."""
        import albumentations

        return getattr(albumentations, self.library_class)(**self.params, p=p)

    def as_item(self) -> dict[str, Any]:
        """The op as an item of a spec."""
        params = {name: list(v) if isinstance(v, tuple) else v for name, v in self.params.items()}
        return {self.name: {**params, "p": self.p}}


@dataclass(frozen=True)
class Workload:
    """Samples, ops and batches; mixup where `mixup_alpha` is set, in uint8 or float32 as on the wire."""

    samples: Samples
    ops: Sequence[Op]
    batch_size: int
    shape: tuple[int, int, int]
    """Of an image after all ops."""
    dtype: str = "uint8"
    mixup_alpha: float | None = None

    def spec(self) -> dict[str, Any]:
        """The spec that says the same."""
        batch: dict[str, Any] = {"size": self.batch_size}
        if self.mixup_alpha is not None:
            batch["mix"] = {"mixup": {"alpha": self.mixup_alpha}}
        items = [op.as_item() for op in self.ops]
        return {"modality": "image", "seed": 1, "augment": items, "batch": batch,
                "output": {"dtype": self.dtype}}  # fmt: skip


class Chain:
    """The ops of a workload called one after the other, without the checks of `Compose`: the leanest way."""

    def __init__(self, workload: Workload) -> None:
        import random

        import cv2

        cv2.setNumThreads(0)
        self._rng, self._python = np.random.default_rng(0), random.Random(0)
        self._ops = [(op.build(1.0), op.p) for op in workload.ops]
        for op, _ in self._ops:
            op.set_random_state(self._rng, self._python)

    def __call__(self, image: Array) -> Array:
        """The image after all ops."""
        for op, p in self._ops:
            if p < 1.0 and self._python.random() >= p:
                continue
            data = {"image": image}
            params = op.update_transform_params(op.get_params(), data)
            params.update(op.get_params_dependent_on_data(params, data))
            image = op.apply(image, **params)
        return image


class RowMaker:
    """Decode, ops, mixup and collate of whole batches, written as lean as we can: the kernel."""

    def __init__(self, workload: Workload) -> None:
        self._workload = workload
        self._chain = Chain(workload)
        self._rng = np.random.default_rng(0)

    def fill(self, indices: Sequence[int], images: Array, targets: Array) -> None:
        """Write samples to `images` (N, H, W, C) and their labels to `targets` (N, K)."""
        samples = self._workload.samples
        targets[:] = 0
        for row, index in enumerate(indices):
            image = self._chain(samples.pixels(index))
            if images.dtype == np.float32 and image.dtype == np.uint8:
                np.multiply(image, np.float32(1 / 255), out=images[row])
            else:
                images[row] = image
            targets[row, samples.label(index)] = 1
        if self._workload.mixup_alpha is not None:
            mix_rows(images, targets, self._workload.mixup_alpha, self._rng)


def mix_rows(images: Array, targets: Array, alpha: float, rng: np.random.Generator) -> None:
    """Mixup of every row with the one before it, a lambda for each row, in place."""
    lam = rng.beta(alpha, alpha, len(images)).astype(np.float32)
    shares = lam[:, None, None, None]
    mixed = images * shares
    mixed += np.roll(images, 1, axis=0) * (1 - shares)
    images[:] = np.rint(mixed, out=mixed) if images.dtype == np.uint8 else mixed
    targets[:] = targets * lam[:, None] + np.roll(targets, 1, axis=0) * (1 - lam[:, None])
