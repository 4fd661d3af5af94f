from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch.distributions import Categorical, kl_divergence

from augflow.errors import TrainError
from augflow.train import (
    SoftTargetCrossEntropy,
    mixed_accuracy,
    r_drop,
    soft_binary_cross_entropy,
    soft_cross_entropy,
)

N, K = 6, 4


@pytest.fixture
def mixed():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(N, K, generator=generator)
    a, b = torch.randint(0, K, (2, N), generator=generator)
    lam = torch.rand(N, 1, generator=generator)
    return logits, a, b, lam, lam * F.one_hot(a, K) + (1 - lam) * F.one_hot(b, K)


WEIGHTS = torch.tensor([0.5, 1.0, 2.0, 4.0])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_soft_targets_equal_the_mix_of_two_losses(mixed, smoothing, weights):
    """CE(lam * a + (1 - lam) * b) is lam * CE(a) + (1 - lam) * CE(b) in every row."""
    logits, a, b, lam, target = mixed
    of_a = F.cross_entropy(logits, a, weights, reduction="none", label_smoothing=smoothing)
    of_b = F.cross_entropy(logits, b, weights, reduction="none", label_smoothing=smoothing)
    expected = lam[:, 0] * of_a + (1 - lam[:, 0]) * of_b
    rows = soft_cross_entropy(logits, target, smoothing, "none", class_weights=weights)
    torch.testing.assert_close(rows, expected)
    if weights is None:
        torch.testing.assert_close(SoftTargetCrossEntropy(smoothing)(logits, target), expected.mean())


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_hard_labels_give_torchs_mean_for_class_numbers(mixed, smoothing, weights):
    """The mean divides by the weights of the classes that count; `valid` is torch's `ignore_index`."""
    logits, a, *_ = mixed
    labels = a.clone()
    labels[[1, 4]] = -100
    valid = labels != -100
    expected = F.cross_entropy(logits, labels, weights, label_smoothing=smoothing)
    loss = SoftTargetCrossEntropy(smoothing, weights)
    torch.testing.assert_close(loss(logits, F.one_hot(a, K), valid), expected)
    rows = soft_cross_entropy(logits, F.one_hot(a, K), smoothing, "none", class_weights=weights, valid=valid)
    torch_rows = F.cross_entropy(logits, labels, weights, label_smoothing=smoothing, reduction="none")
    torch.testing.assert_close(rows, torch_rows)


def test_the_mean_of_soft_targets_divides_by_the_weights_of_their_shares(mixed):
    """Spelled out; with unequal weights it is not the mix of two means, whose divisors differ."""
    logits, a, b, _, target = mixed
    by_hand = -(WEIGHTS * target * logits.log_softmax(1)).sum() / (WEIGHTS * target).sum()
    torch.testing.assert_close(soft_cross_entropy(logits, target, class_weights=WEIGHTS), by_hand)
    halves = (F.one_hot(a, K) + F.one_hot(b, K)) / 2
    of_both = [soft_cross_entropy(logits, F.one_hot(x, K), class_weights=WEIGHTS) for x in (a, b)]
    mean = soft_cross_entropy(logits, halves, class_weights=WEIGHTS)
    assert abs(float(mean - sum(of_both) / 2)) > 0.01


@pytest.mark.parametrize("loss", [soft_cross_entropy, soft_binary_cross_entropy])
def test_rows_left_out_count_nothing(mixed, loss):
    """Whatever they hold, the mean and its gradient are those of the other rows; of none they are 0."""
    logits, *_, target = mixed
    valid = torch.tensor([True, False, True, True, False, True])
    dirty, unlabeled = logits.clone(), target.clone()
    dirty[~valid], unlabeled[~valid] = torch.nan, -1
    dirty.requires_grad_()
    mean = loss(dirty, unlabeled, 0.1, valid=valid)
    torch.testing.assert_close(mean, loss(logits[valid], target[valid], 0.1))
    mean.backward()
    assert dirty.grad[~valid].eq(0).all()
    assert dirty.grad[valid].ne(0).all()
    nothing = loss(dirty, unlabeled, 0.1, valid=torch.zeros(N, dtype=torch.bool))
    nothing.backward()
    assert nothing == 0
    assert dirty.grad.isfinite().all()


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
@pytest.mark.parametrize("pos_weight", [None, WEIGHTS])
def test_binary_loss_equals_the_mix_of_two_losses(smoothing, pos_weight):
    """Of several labels a row: torch's loss of both label sets, each smoothed to s / 2 and 1 - s / 2."""
    generator = torch.Generator().manual_seed(1)
    logits, lam = torch.randn(N, K, generator=generator), torch.rand(N, 1, generator=generator)
    a, b = torch.randint(0, 2, (2, N, K), generator=generator).float()

    def of_torch(labels):
        smoothed = labels.clamp(smoothing / 2, 1 - smoothing / 2)
        return F.binary_cross_entropy_with_logits(logits, smoothed, pos_weight=pos_weight, reduction="none")

    target = lam * a + (1 - lam) * b
    expected = lam * of_torch(a) + (1 - lam) * of_torch(b)
    rows = soft_binary_cross_entropy(logits, target, smoothing, "none", pos_weight=pos_weight)
    torch.testing.assert_close(rows, expected.mean(1))
    mean = soft_binary_cross_entropy(logits, target, smoothing, pos_weight=pos_weight)
    torch.testing.assert_close(mean, expected.mean())


@pytest.mark.parametrize("value", [-0.01, 1.01, float("nan")])
def test_binary_targets_outside_0_and_1_are_refused(mixed, value):
    """The row, the label and the value are named."""
    logits, *_, target = mixed
    target = target.clone()
    target[3, 2] = value
    with pytest.raises(TrainError, match=rf"row 3 of target has {value:g} for label 2"):
        soft_binary_cross_entropy(logits, target)


def test_r_drop_is_half_of_both_divergences(mixed):
    """As torch's distributions compute them; equal passes cost nothing, and both get gradients."""
    logits, *_ = mixed
    one, other = logits.clone().requires_grad_(), logits.flip(0).requires_grad_()
    p, q = Categorical(logits=one), Categorical(logits=other)
    expected = (kl_divergence(p, q) + kl_divergence(q, p)) / 2
    torch.testing.assert_close(r_drop(one, other, "none"), expected)
    torch.testing.assert_close(r_drop(one, other), expected.mean())
    assert r_drop(one, one) == 0
    r_drop(one, other).backward()
    assert min(float(one.grad.norm()), float(other.grad.norm())) > 0.01
    with pytest.raises(TrainError, match=r"got logits \(6, 4\) and \(6, 3\)"):
        r_drop(one, other[:, :3])


def test_gradients_are_those_of_finite_differences(mixed):
    """In float64, with everything set at once."""
    logits, *_, target = (tensor.double() for tensor in mixed)
    logits.requires_grad_()
    valid = torch.arange(N) != 2
    options = {"label_smoothing": 0.1, "valid": valid}
    weights = WEIGHTS.double()
    losses = (
        lambda x: soft_cross_entropy(x, target, class_weights=weights, **options),
        lambda x: soft_binary_cross_entropy(x, target, pos_weight=weights, **options),
        lambda x: r_drop(x, x.flip(0) * 0.5),
    )
    for loss in losses:
        assert torch.autograd.gradcheck(loss, logits)


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
    with pytest.raises(TrainError, match=r"weights of 4 classes must be \(4,\), got \(3,\)"):
        soft_cross_entropy(logits, target, class_weights=WEIGHTS[:3])
    with pytest.raises(TrainError, match=r"valid must be bool \(6,\).* got torch.float32 \(6,\)"):
        soft_cross_entropy(logits, target, valid=torch.ones(N))


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
