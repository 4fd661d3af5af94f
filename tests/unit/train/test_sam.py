from __future__ import annotations

import copy
import math
import warnings
from contextlib import suppress

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from augflow.errors import TrainError
from augflow.train import SAM, frozen_statistics


def small_model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2))


DATA = torch.Generator().manual_seed(1)
X, Y = torch.randn(16, 3, generator=DATA), torch.randint(0, 2, (16,), generator=DATA)


def closure_of(model, optimizer):
    def closure():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(X), Y)
        loss.backward()
        return loss.detach()

    return closure


def test_a_step_on_a_quadratic_has_its_closed_form():
    """For w'Aw / 2 the step is w - lr * A (w + rho * Aw / |Aw|), and the loss that of w."""
    a = torch.tensor([[3.0, 1.0], [1.0, 2.0]], dtype=torch.float64)
    start = torch.tensor([1.0, -2.0], dtype=torch.float64)
    w = nn.Parameter(start.clone())
    optimizer = SAM(torch.optim.SGD([w], lr=0.1), rho=0.3)

    def closure():
        optimizer.zero_grad()
        loss = w @ a @ w / 2
        loss.backward()
        return loss.detach()

    loss = optimizer.step(closure)
    gradient = a @ start
    worst = start + 0.3 * gradient / gradient.norm()
    torch.testing.assert_close(w.detach(), start - 0.1 * a @ worst)
    torch.testing.assert_close(loss, start @ a @ start / 2)


def test_steps_equal_a_loop_of_two_passes_by_hand():
    """With momentum, batch norm and dropout: bit for bit, for several steps."""
    model = small_model()
    other = copy.deepcopy(model)
    optimizer = SAM(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), 0.1, model)
    plain = torch.optim.SGD(other.parameters(), lr=0.1, momentum=0.9)
    torch.manual_seed(2)
    for _ in range(3):
        optimizer.step(closure_of(model, optimizer))
    torch.manual_seed(2)
    for _ in range(3):
        before, drawn = copy.deepcopy(other.state_dict()), torch.get_rng_state()
        closure_of(other, plain)()
        statistics = [b.clone() for b in other.buffers()]
        norm = torch.cat([p.grad.flatten() for p in other.parameters()]).norm()
        with torch.no_grad():
            for p in other.parameters():
                p += 0.1 * (p.grad / norm)
        torch.set_rng_state(drawn)
        closure_of(other, plain)()
        other.load_state_dict(before)
        for b, value in zip(other.buffers(), statistics, strict=True):
            b.copy_(value)
        plain.step()
    for one, two in zip(model.state_dict().values(), other.state_dict().values(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-6, atol=1e-7)  # the two norms sum in another order


def test_both_passes_drop_the_same_units_and_the_second_leaves_no_statistics():
    """A step counts one batch, and torch's generator is where one pass leaves it."""
    model = small_model()
    optimizer = SAM(torch.optim.SGD(model.parameters(), lr=0.0), 0.1, model)
    masks = []
    model[3].register_forward_hook(lambda _module, given, kept: masks.append((kept == 0) & (given[0] != 0)))
    torch.manual_seed(3)
    optimizer.step(closure_of(model, optimizer))
    state = torch.get_rng_state()
    assert model[1].num_batches_tracked == 1
    hidden = model[0](X)
    torch.testing.assert_close(model[1].running_mean, 0.1 * hidden.mean(0))
    both_alive = (masks[0] | masks[1]).float().mean()
    assert (masks[0] ^ masks[1]).float().mean() < both_alive / 2  # a unit that the ReLU closes cannot tell
    torch.manual_seed(3)
    model(X)
    assert torch.equal(torch.get_rng_state(), state)


def test_weights_come_back_exactly():
    """With a learning rate of 0, and after an error in the second pass, every bit is as before."""
    model = small_model()
    before = copy.deepcopy([*model.parameters()])
    optimizer = SAM(torch.optim.SGD(model.parameters(), lr=0.0), 0.7, model)
    optimizer.step(closure_of(model, optimizer))
    calls = []

    def failing():
        calls.append(model[0].weight.detach().clone())
        if len(calls) == 2:
            raise RuntimeError("out of memory")
        return closure_of(model, optimizer)()

    with pytest.raises(RuntimeError, match="out of memory"):
        optimizer.step(failing)
    assert not torch.equal(*calls)
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


def test_gradients_of_zero_and_beyond_float():
    """No direction, no move; an infinite gradient is an error with the parameter's name, and no step."""
    model = small_model()
    optimizer = SAM(torch.optim.SGD(model.parameters(), lr=0.1), 0.1, model)
    before = copy.deepcopy([*model.parameters()])

    def scaled_by(factor):
        def closure():
            optimizer.zero_grad()
            (F.cross_entropy(model(X), Y) * factor).backward()

        return closure

    optimizer.step(scaled_by(0.0))
    with pytest.raises(TrainError, match=r"the gradient of 0\.weight has \d+ infinite or NaN"):
        optimizer.step(scaled_by(math.inf))
    optimizer.model = None
    with pytest.raises(TrainError, match="the norm of the gradients is"):
        optimizer.step(scaled_by(math.nan))
    assert all(torch.equal(p, q) for p, q in zip(model.parameters(), before, strict=True))


def test_groups_state_and_checkpoints_are_those_of_the_base():
    """Learning rates set on SAM act on the base; a checkpoint goes on bit for bit, a pickle too."""
    model = small_model()
    optimizer = SAM(torch.optim.AdamW(model.parameters(), lr=0.1), 0.05, model)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1, 0.5)
    optimizer.step(closure_of(model, optimizer))
    schedule.step()
    assert optimizer.base.param_groups[0]["lr"] == 0.05
    state = optimizer.base.state
    assert state
    assert SAM(optimizer.base, 0.05).state is state  # an optimizer that has stepped keeps its moments
    resumed = copy.deepcopy(model)
    again = SAM(torch.optim.AdamW(resumed.parameters(), lr=0.1), 0.05, resumed)
    again.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    assert again.param_groups is again.base.param_groups
    twin = copy.deepcopy(again)
    final = []
    for m, o in ((model, optimizer), (resumed, again), (twin.model, twin)):
        torch.manual_seed(4)
        o.step(closure_of(m, o))
        final.append(m[0].weight)
    assert torch.equal(final[0], final[1])
    assert torch.equal(final[0], final[2])
    torch.optim.AdamW(model.parameters()).load_state_dict(optimizer.state_dict())


def test_what_sam_cannot_do_without():
    """A closure, and a radius."""
    base = torch.optim.SGD([nn.Parameter(torch.ones(1))], lr=0.1)
    with pytest.raises(TrainError, match=r"give step\(\) a closure"):
        SAM(base, 0.1).step()
    with pytest.raises(TrainError, match=r"rho.* above 0, got 0"):
        SAM(base, 0.0)


class TwoBatches:
    """Unlike torch's DataLoader, it draws nothing from the generator that dropout draws from."""

    def __len__(self):
        return 2

    def __iter__(self):
        return iter([(X, Y)] * 2)


def test_lightning_steps_and_checkpoints_it(tmp_path):
    """In manual optimization its steps are those of a plain loop, also from its checkpoint on."""
    import lightning.pytorch as pl

    class Manual(pl.LightningModule):
        def __init__(self):
            super().__init__()
            self.automatic_optimization = False
            self.model = small_model()

        def configure_optimizers(self):
            return SAM(torch.optim.SGD(self.model.parameters(), lr=0.1, momentum=0.9), 0.1, self.model)

        def training_step(self, batch, _):
            optimizer = self.optimizers()

            def closure():
                optimizer.zero_grad()
                loss = F.cross_entropy(self.model(batch[0]), batch[1])
                self.manual_backward(loss)
                return loss

            optimizer.step(closure)

    def trained(epochs, checkpoint=None):
        module = Manual()
        torch.manual_seed(5)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer = pl.Trainer(
                accelerator="cpu",
                max_epochs=epochs,
                logger=False,
                enable_checkpointing=False,
                enable_progress_bar=False,
                enable_model_summary=False,
            )
            trainer.fit(module, TwoBatches(), ckpt_path=checkpoint)
        trainer.save_checkpoint(tmp_path / f"{epochs}.ckpt")
        return module, trainer

    model = small_model()
    optimizer = SAM(torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9), 0.1, model)
    torch.manual_seed(5)
    for _ in range(2):
        optimizer.step(closure_of(model, optimizer))
    module, trainer = trained(1)
    assert trainer.global_step == 2
    assert torch.equal(module.model[0].weight, model[0].weight)
    torch.manual_seed(5)
    for _ in range(2):
        optimizer.step(closure_of(model, optimizer))
    resumed, _ = trained(2, tmp_path / "1.ckpt")
    assert torch.equal(resumed.model[0].weight, model[0].weight)


def test_frozen_statistics_leave_every_buffer():
    """Also after NaN and after an error, of any norm; the computation is the usual one."""
    model = nn.Sequential(nn.BatchNorm1d(3, momentum=None), nn.InstanceNorm1d(3, track_running_stats=True))
    x = torch.randn(4, 3, 5, generator=torch.Generator().manual_seed(6))
    model(x)
    buffers = [*model.buffers()]
    before = copy.deepcopy(buffers)
    usual = copy.deepcopy(model)(x)
    with suppress(KeyError), frozen_statistics(model):
        frozen = model(x.requires_grad_())
        model(x * torch.nan)
        raise KeyError
    assert torch.equal(frozen, usual)
    frozen.sum().backward()
    assert all(now is buffer for now, buffer in zip(model.buffers(), buffers, strict=True))
    assert all(torch.equal(now, value) for now, value in zip(model.buffers(), before, strict=True))
    model(x)
    assert model[0].num_batches_tracked == 2
