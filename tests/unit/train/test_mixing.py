from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import augflow
from augflow.errors import TrainError
from augflow.train import StreamLoader
from augflow.train.mixing import mix_masks, mix_rows, mix_targets

from ..memory import Memory, pictures

N = 64
ONE_OF = {"one_of": {"p": 0.8, "transforms": [{"mixup": {"alpha": 1.0}}, {"cutmix": {}}]}}


def batches(mix: dict[str, Any]) -> list[dict[str, Any]]:
    spec = {
        "version": 1,
        "modality": "image",
        "augment": [{"horizontal_flip": {}}],
        "batch": {"size": 32, "mix": mix},
        "output": {"dtype": "float32", "mean": "half", "std": "half"},
    }
    data = Memory(
        [{"image": picture["image"]} for picture in pictures(N)], [n % 3 for n in range(N)], ("a", "b", "c")
    )
    return list(StreamLoader(augflow.load(spec).stream(data)))


@pytest.mark.parametrize("mix", [{"mixup": {"alpha": 1.0}}, {"cutmix": {}}, ONE_OF])
def test_the_model_mixes_as_the_worker_does(mix: dict[str, Any]) -> None:
    """Normalized images mixed on the device are the worker's, normalized afterwards; so are the targets."""
    for ours, theirs in zip(batches({**mix, "by": "model"}), batches(mix), strict=True):
        assert (theirs["lam"] < 1).any()
        torch.testing.assert_close(mix_rows(ours["image"], ours), theirs["image"], rtol=0, atol=1e-6)
        torch.testing.assert_close(mix_targets(ours), theirs["target"], rtol=0, atol=1e-6)
        assert not torch.equal(ours["target"], theirs["target"])


def batch(lam: list[float], partner: list[int]) -> dict[str, Any]:
    n = len(lam)
    return {
        "lam": torch.tensor(lam),
        "partner": torch.tensor(partner),
        "box": torch.zeros(n, 4, dtype=torch.int32),
        "target": torch.eye(n),
    }


def test_embeddings_are_mixed_row_by_row() -> None:
    """Each row is its own weight of itself and the rest of its partner, places of either kept."""
    given = batch([0.25, 1.0, 0.5], [1, 2, 0])
    values = torch.from_numpy(np.random.default_rng(0).normal(size=(3, 4, 5)).astype(np.float32))
    mask = torch.tensor([[1, 0, 0, 0], [1, 1, 0, 0], [1, 1, 1, 0]]).bool()
    expected = torch.stack(
        [0.25 * values[0] + 0.75 * values[1], values[1], 0.5 * values[2] + 0.5 * values[0]]
    )
    torch.testing.assert_close(mix_rows(values, given), expected)
    assert mix_masks(mask, given).sum(1).tolist() == [2, 2, 3]
    assert mix_targets(given).tolist() == [[0.25, 0.75, 0], [0, 1, 0], [0.5, 0, 0.5]]


def test_a_partner_elsewhere_is_refused() -> None:
    """A row whose partner another rank has cannot be mixed here."""
    with pytest.raises(TrainError, match="not in this batch"):
        mix_rows(torch.zeros(2, 3), batch([0.5, 1.0], [-1, 1]))


def test_boxes_need_images() -> None:
    """A box says nothing of embeddings."""
    given = batch([0.5, 1.0], [1, 1])
    given["box"][0] = torch.tensor([0, 0, 2, 2])
    with pytest.raises(TrainError, match=r"needs images \(N, C, H, W\), got \(2, 3\)"):
        mix_rows(torch.zeros(2, 3), given)
