"""Many small trainings, some side by side, each finished one in a file: a call that was cut off goes on.

A trial is named, and everything that decides its result is JSON; a hash of it is in the file's name, so
that other settings never find an older result. Other code does: remove the folder after a change of it.
"""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from augflow.errors import AugflowError
from benchmarks.settings import Settings

Measure = Callable[[Mapping[str, Any]], dict[str, Any]]
"""From a trial's values to its result, both JSON; a function of a module, since it is sent to a process."""


@dataclass(frozen=True)
class Trial:
    """One training."""

    name: str
    values: Mapping[str, Any]

    def file(self, folder: Path) -> Path:
        """Where its result is kept."""
        text = json.dumps(self.values, sort_keys=True)
        digest = hashlib.blake2b(text.encode(), digest_size=4).hexdigest()
        safe = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in self.name)
        return folder / f"{safe}.{digest}.json"


@dataclass(frozen=True)
class Outcome:
    """What is there after a call."""

    results: Mapping[str, dict[str, Any]]
    """By name of the trial; `seconds` is its wall clock, `cpu_seconds` what its process used."""
    missing: Sequence[str]

    @property
    def words(self) -> str:
        """How complete it is, for the heading."""
        found, all_ = len(self.results), len(self.results) + len(self.missing)
        if not self.missing:
            return f"{all_} runs"
        return f"INCOMPLETE: {found} of {all_} runs; missing {', '.join(self.missing[:3])} ..."


def run_trials(question: str, trials: Sequence[Trial], measure: Measure, settings: Settings) -> Outcome:
    """Run what has no result yet, in the order given, and return what there is."""
    folder = settings.out / question
    folder.mkdir(parents=True, exist_ok=True)
    chosen = [trial for trial in trials if settings.only is None or settings.only in trial.name]
    todo = [trial for trial in chosen if not trial.file(folder).exists()]
    _say(question, f"{len(chosen) - len(todo)} of {len(chosen)} runs are there, {len(todo)} to do")
    started = time.perf_counter()
    for number, (trial, problem) in enumerate(_carry_out(todo[: settings.limit], measure, folder, settings)):
        spent = time.perf_counter() - started
        left = spent / (number + 1) * (len(todo) - number - 1) / 60
        _say(question, f"{trial.name}: {problem or 'done'}; {len(todo) - number - 1} to do, {left:.0f} min")
    results, missing = {}, []
    for trial in chosen:
        path = trial.file(folder)
        if path.exists():
            results[trial.name] = json.loads(path.read_text())["result"]
        else:
            missing.append(trial.name)
    _say(question, "nothing is missing" if not missing else f"missing: {', '.join(missing)}")
    return Outcome(results, missing)


def _carry_out(
    trials: Sequence[Trial], measure: Measure, folder: Path, settings: Settings
) -> Iterator[tuple[Trial, str]]:
    """Each trial as it ends, with what went wrong, if anything; the others go on."""
    if settings.processes == 1:
        with _single_threaded():
            for trial in trials:
                problem = ""
                try:
                    _carry_out_one(measure, trial, folder)
                except AugflowError as error:
                    problem = f"FAILED: {error}"
                yield trial, problem
        return
    # Before torch and OpenCV are imported in the processes, which look at it then only.
    os.environ["OMP_NUM_THREADS"] = "1"
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(settings.processes, mp_context=context, initializer=_enter_process)
    try:
        waiting = {pool.submit(_carry_out_one, measure, trial, folder): trial for trial in trials}
        for future in as_completed(waiting):
            yield waiting[future], _problem(future)
    finally:
        pool.shutdown(cancel_futures=True)


def _problem(future: Future[None]) -> str:
    error = future.exception()
    return "" if error is None else "FAILED\n" + "".join(traceback.format_exception(error))


def _carry_out_one(measure: Measure, trial: Trial, folder: Path) -> None:
    started, used = time.perf_counter(), time.process_time()
    result = measure(trial.values)
    result["seconds"] = time.perf_counter() - started
    result["cpu_seconds"] = time.process_time() - used
    fresh = trial.file(folder).with_suffix(f".{os.getpid()}.partial")
    fresh.write_text(json.dumps({"name": trial.name, "values": dict(trial.values), "result": result}))
    os.replace(fresh, trial.file(folder))


def _enter_process() -> None:
    """One thread, and an end together with the process that asked: a pool's workers would outlive it."""
    import torch

    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    assert parent is not None
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


@contextmanager
def _single_threaded() -> Iterator[None]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _say(question: str, words: str) -> None:
    print(f"{question}: {words}", file=sys.stderr, flush=True)
