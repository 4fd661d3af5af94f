from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from augflow.errors import TrainError
from augflow.train import SoftTargetCrossEntropy, mixed_accuracy, soft_cross_entropy

N, K = 6, 4


@pytest.fixture
def mixed():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(N, K, generator=generator)
    a, b = torch.randint(0, K, (2, N), generator=generator)
    lam = torch.rand(N, 1, generator=generator)
    return logits, a, b, lam, lam * F.one_hot(a, K) + (1 - lam) * F.one_hot(b, K)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_soft_targets_equal_the_mix_of_two_losses(mixed, smoothing):
    """CE(lam * a + (1 - lam) * b) is lam * CE(a) + (1 - lam) * CE(b), with smoothing too."""
    logits, a, b, lam, target = mixed
    of_a = F.cross_entropy(logits, a, reduction="none", label_smoothing=smoothing)
    of_b = F.cross_entropy(logits, b, reduction="none", label_smoothing=smoothing)
    expected = lam[:, 0] * of_a + (1 - lam[:, 0]) * of_b
    torch.testing.assert_close(soft_cross_entropy(logits, target, smoothing, "none"), expected)
    torch.testing.assert_close(SoftTargetCrossEntropy(smoothing)(logits, target), expected.mean())


def test_smoothing_is_applied_once(mixed):
    """The loss is that of the target (1 - s) * t + s / K, spelled out."""
    logits, *_, target = mixed
    smooth = 0.9 * target + 0.1 / K
    by_hand = -(smooth * logits.log_softmax(1)).sum(1).mean()
    torch.testing.assert_close(soft_cross_entropy(logits, target, 0.1), by_hand)


@pytest.mark.parametrize("value", [0.7, float("nan"), 0.0])
def test_rows_that_do_not_sum_to_1_are_refused(mixed, value):
    """torch accepts rows that sum to 0.7 in silence; here the row and its sum are named."""
    logits, *_, target = mixed
    target = target.clone()
    target[3] = value / K
    with pytest.raises(TrainError, match=rf"row 3 of target sums to {value:g}"):
        soft_cross_entropy(logits, target)


def test_rounding_of_a_row_is_accepted(mixed):
    """A sum that is off by less than 0.001 is rounding."""
    logits, *_, target = mixed
    assert soft_cross_entropy(logits, target * 1.0005).isfinite()


def test_shapes_that_differ_are_named(mixed):
    """A model with another number of outputs is told so."""
    logits, *_, target = mixed
    with pytest.raises(TrainError, match=r"logits \(6, 3\) and target \(6, 4\)"):
        soft_cross_entropy(logits[:, :3], target)


def test_half_precision_logits_are_computed_in_float(mixed):
    """bfloat16 logits give a float32 loss."""
    logits, *_, target = mixed
    assert soft_cross_entropy(logits.bfloat16(), target).dtype == torch.float32


def test_accuracy_counts_the_shares_of_a_mixed_label(mixed):
    """A prediction earns lam where it hits the own label and 1 - lam where it hits the partner's."""
    logits, a, b, lam, target = mixed
    hit = logits.argmax(1)
    expected = lam[:, 0] * (hit == a) + (1 - lam[:, 0]) * (hit == b)
    torch.testing.assert_close(mixed_accuracy(logits, target), expected)
