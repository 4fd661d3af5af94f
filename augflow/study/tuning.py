"""Trials spread over Ray by Ray Tune: the only module that knows it.

Tune starts, stops and counts the trials; augflow starts and stops Ray itself, as for its streams, and keeps
the results. Each worker process serves one trial after the other, since loading torch takes seconds.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any

from ray import tune

from augflow.engine.ray_runtime import RUNTIME
from augflow.study.trials import Done, Setting, Trial, run_trial

SETTINGS = {
    "RAY_AIR_NEW_OUTPUT": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
    "TUNE_DISABLE_SIGINT_HANDLER": "1",
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}
"""While Tune runs: no tables, no log files, Ctrl-C for the caller, and relative paths stay what they are."""

LOST = "its worker died; see whether there is enough memory, or run fewer at once"


def spread(setting: Setting, trials: Sequence[Trial], workers: int, address: str | None, done: Done) -> None:
    """Run the trials, `workers` at once; `done` is called in this process with each, as it ends."""
    address = address or os.environ.get("RAY_ADDRESS")
    with _settings(), TemporaryDirectory(prefix="augflow-tune-") as folder:
        RUNTIME.acquire(workers, None if address == "local" else address)
        try:
            with RUNTIME.inside():
                _tuner(setting, trials, workers, _Told(trials, done), folder).fit()
        finally:
            RUNTIME.release()


def _tuner(setting: Setting, trials: Sequence[Trial], workers: int, told: _Told, folder: str) -> tune.Tuner:
    run = tune.with_parameters(_run_numbered, setting=setting, trials=tuple(trials))
    return tune.Tuner(
        tune.with_resources(run, {"cpu": 1}),
        param_space={"number": tune.grid_search(list(range(len(trials))))},
        tune_config=tune.TuneConfig(max_concurrent_trials=workers, reuse_actors=True),
        run_config=tune.RunConfig(name="trials", storage_path=folder, verbose=0, callbacks=[told]),
    )


def _run_numbered(config: Mapping[str, int], setting: Setting, trials: Sequence[Trial]) -> dict[str, str]:
    """In a worker. The result travels as text, which Tune leaves as it is."""
    return {"result": json.dumps(run_trial(setting, trials[config["number"]]))}


class _Told(tune.Callback):
    """Hands on what Tune tells of its trials."""

    def __init__(self, trials: Sequence[Trial], done: Done) -> None:
        self._trials = trials
        self._done = done

    def on_step_begin(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """Leave where the Ray of this host has ended: what Tune would meet next ends this process."""
        RUNTIME.check()

    def on_trial_complete(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A trial has given a result, an error that it met among them."""
        self._done(self._trials[trial.config["number"]], json.loads(trial.last_result["result"]))

    def on_trial_error(self, iteration: int, trials: list[Any], trial: Any, **info: Any) -> None:
        """A trial ended without a result."""
        self._done(self._trials[trial.config["number"]], {"error": LOST})


@contextlib.contextmanager
def _settings() -> Iterator[None]:
    """Environment and logger as Tune needs them; put back behind it."""
    before = {name: os.environ.get(name) for name in SETTINGS}
    logger = logging.getLogger("ray.tune")
    level = logger.level
    os.environ.update(SETTINGS)
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
