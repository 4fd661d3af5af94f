from __future__ import annotations

import copy
import io
from contextlib import suppress

import pytest
import torch
from torch import nn

from augflow.errors import TrainError
from augflow.train import WeightAverage, recompute_statistics


class Norms(nn.Module):
    """Called with tokens and mask, as text models are; has what an average has to tell apart."""

    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(9, 4)
        self.frozen = nn.Parameter(torch.ones(3), requires_grad=False)
        self.drop = nn.Dropout(0.9)
        self.norm = nn.BatchNorm1d(4)
        self.register_buffer("counts", torch.tensor([True, False]))

    def forward(self, tokens, mask):
        embedded = self.drop(self.embed(tokens)) * mask[..., None]
        return self.norm(embedded.sum(1))


@pytest.fixture
def model():
    torch.manual_seed(0)
    return Norms()


def walk(model, average, steps):
    """The same random steps each time, with an update after each; gives every state that was averaged."""
    states = []
    torch.manual_seed(1)
    for _ in range(steps):
        with torch.no_grad():
            model.embed.weight += torch.randn(9, 4)
        model(torch.randint(0, 9, (6, 5)), torch.ones(6, 5))
        average.update(model)
        states.append(copy.deepcopy(model.state_dict()))
    return states


def averaged(average, model):
    target = copy.deepcopy(model)
    average.copy_to(target)
    return target.state_dict()


def test_the_exponential_mean_is_its_geometric_sum(model):
    """Each state has 1 - decay of its update, times the decays of all later ones; statistics have too."""
    average = WeightAverage(model, decay=0.3)
    states = walk(model, average, 6)
    decays = [0.0, 2 / 11, 3 / 12, 0.3, 0.3, 0.3]  # (1 + t) / (10 + t) passes 0.3 at t = 3: 4 / 13
    shares = [(1 - decays[i]) * torch.tensor(decays[i + 1 :]).prod() for i in range(6)]
    assert float(sum(shares)) == pytest.approx(1)
    mean = averaged(average, model)
    for name in ("embed.weight", "norm.running_mean", "norm.running_var"):
        expected = sum(share * state[name] for share, state in zip(shares, states, strict=True))
        torch.testing.assert_close(mean[name], expected)
    assert mean["norm.num_batches_tracked"] == 6
    assert torch.equal(mean["counts"], torch.tensor([True, False]))
    assert torch.equal(mean["frozen"], torch.ones(3))
    assert average.updates == 6


def test_equal_weights_give_the_mean(model):
    """Of the parameters; buffers are those of the last update."""
    average = WeightAverage(model)
    states = walk(model, average, 5)
    mean = averaged(average, model)
    expected = torch.stack([state["embed.weight"] for state in states]).mean(0)
    torch.testing.assert_close(mean["embed.weight"], expected)
    assert torch.equal(mean["norm.running_var"], states[-1]["norm.running_var"])


def test_a_model_has_the_average_for_a_while(model):
    """Inside the context alone, also after an error; parameters stay the objects an optimizer holds."""
    average = WeightAverage(model, decay=0.9)
    walk(model, average, 3)
    own, parameters = copy.deepcopy(model.state_dict()), [*model.parameters()]
    with suppress(KeyError), average.swapped(model):
        mean = averaged(average, model)
        assert all(torch.equal(value, mean[name]) for name, value in model.state_dict().items())
        assert not torch.equal(model.embed.weight, own["embed.weight"])
        raise KeyError
    assert all(torch.equal(value, own[name]) for name, value in model.state_dict().items())
    assert all(p is q for p, q in zip(model.parameters(), parameters, strict=True))


@pytest.mark.parametrize("decay", [None, 0.9])
def test_an_average_goes_on_from_a_checkpoint(model, decay):
    """A safe checkpoint holds it; three updates and three more are six."""
    average, file = WeightAverage(model, decay), io.BytesIO()
    walk(model, average, 3)
    torch.save({"average": average.state_dict(), "model": model.state_dict()}, file)
    file.seek(0)
    kept = torch.load(file, weights_only=True)
    resumed_model = Norms()
    resumed_model.load_state_dict(kept["model"])
    resumed = WeightAverage(resumed_model, decay)
    resumed.load_state_dict(kept["average"])
    walk(model, average, 3)
    walk(resumed_model, resumed, 3)
    one, two = averaged(average, model), averaged(resumed, resumed_model)
    assert all(torch.equal(value, two[name]) for name, value in one.items())
    assert resumed.updates == 6


def test_an_average_of_nothing_is_refused(model):
    """Before the first update; and a decay that keeps all or nothing."""
    with pytest.raises(TrainError, match="nothing is averaged yet"):
        WeightAverage(model).copy_to(model)
    with pytest.raises(TrainError, match="decay must lie between 0 and 1, got 1"):
        WeightAverage(model, decay=1.0)


@pytest.fixture
def texts():
    torch.manual_seed(2)
    return torch.randint(0, 9, (20, 5)), (torch.rand(20, 5) < 0.7).float()


def sums(model, texts):
    tokens, mask = texts
    return (model.embed(tokens) * mask[..., None]).sum(1).detach()


def test_recomputed_statistics_are_those_of_the_data(model, texts):
    """The mean of all rows whatever the batches, the variance of each batch by its rows; no dropout."""
    walk(model, WeightAverage(model), 2)
    model.norm.running_mean.fill_(torch.nan)
    model.drop.eval()
    pieces = [tuple(tensor[a:b] for tensor in texts) for a, b in ((0, 8), (8, 17), (17, 20))]
    data = sums(model, texts)
    assert recompute_statistics(model, iter(pieces))
    torch.testing.assert_close(model.norm.running_mean, data.mean(0))
    variance = (data[:8].var(0) * 8 + data[8:17].var(0) * 9 + data[17:].var(0) * 3) / 20
    torch.testing.assert_close(model.norm.running_var, variance)
    assert model.norm.momentum == 0.1
    assert (model.training, model.drop.training, model.norm.training) == (True, False, True)
    assert recompute_statistics(model.eval(), [texts])
    torch.testing.assert_close(model.norm.running_var, data.var(0))
    torch.testing.assert_close(
        model(*texts).var(0, unbiased=False), torch.full((4,), 19 / 20), rtol=1e-4, atol=0
    )


def test_equal_batches_give_what_torch_gives(texts):
    """`update_bn` of the library, through two norms in a row, where there is no dropout."""
    torch.manual_seed(3)
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3), nn.BatchNorm1d(3))
    other = copy.deepcopy(model)
    batches = texts[1].split(5)
    assert recompute_statistics(model, batches)
    torch.optim.swa_utils.update_bn(batches, other)
    for one, two in zip(model.buffers(), other.buffers(), strict=True):
        torch.testing.assert_close(one, two)


def test_where_nothing_is_stale_no_input_is_asked_for(model, texts):
    """Without batch norm, and where the norm is frozen with its statistics."""

    def inputs():
        raise AssertionError("asked for an input")
        yield

    assert not recompute_statistics(nn.BatchNorm1d(2, track_running_stats=False), inputs())
    model.norm.requires_grad_(False)
    assert not recompute_statistics(model, inputs())
    model.norm.requires_grad_(True)
    with pytest.raises(AssertionError, match="asked for an input"):
        recompute_statistics(model, inputs())
    assert (model.norm.momentum, model.drop.training) == (0.1, True)
    with pytest.raises(TrainError, match="at least one batch"):
        recompute_statistics(model, [])
