"""`augflow explain`: the compiled plan."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from augflow.cli.options import Json
from augflow.cli.output import Report, reporting
from augflow.pipeline import load
from augflow.plan import Plan

SPEC_FIELDS = ("output", "regularize")


def explain(
    spec: Annotated[str, typer.Argument(metavar="SPEC", help="a YAML file, or preset:NAME")],
    source: Annotated[str | None, typer.Argument(metavar="SOURCE", help="what the stream would read")] = None,
    as_json: Json = False,
) -> None:
    """Show what will run: ops in order with their paths, effective p and parameters, the fingerprints."""
    with reporting() as report:
        pipeline = load(spec)
        plan = pipeline.plan
        shown: dict[str, Any] = {
            "name": plan.spec.name,
            "seed": plan.spec.seed,
            "steps": plan.describe(),
            "batch": _batch(plan),
            **{name: getattr(plan.spec, name).model_dump(mode="json") for name in SPEC_FIELDS},
            "fingerprints": {"spec": pipeline.fingerprint},
        }
        if source is not None:
            with pipeline.stream(source) as stream:
                shown["source"] = {"description": stream.source.description, "classes": list(stream.classes)}
                shown["batch"]["steps_per_epoch"] = len(stream)
                shown["fingerprints"] = stream.fingerprints()
        if as_json:
            report.json(shown)
        else:
            _print(report, shown)


def _batch(plan: Plan) -> dict[str, Any]:
    """The batch's size and tile, and what else the spec says of it."""
    written = plan.spec.batch.model_dump(mode="json", exclude_defaults=True, exclude={"mix", "tile", "size"})
    return {"size": plan.spec.batch.size, "tile": plan.tile, **written}


def _print(report: Report, shown: Mapping[str, Any]) -> None:
    report.line(f"{shown['name']}, seed {shown['seed']}")
    if "source" in shown:
        report.line(f"source: {shown['source']['description']}")
    for step in shown["steps"]:
        _print_step(report, step, "  ")
    report.line("batch: " + _pairs(shown["batch"]))
    for name in SPEC_FIELDS:
        report.line(f"{name}: " + _pairs({k: v for k, v in shown[name].items() if v}))
    for kind, value in shown["fingerprints"].items():
        report.line(f"fingerprint {kind}: {value}")


def _print_step(report: Report, step: Mapping[str, Any], indent: str) -> None:
    if "ops" in step:
        report.line(f"{indent}{step['path']}  p={step['p']:g} per={step['per']}")
        for op, weight in zip(step["ops"], step["weights"], strict=True):
            report.line(f"{indent}  {op['op']}  weight={weight:g}  {_pairs(op, but=('op', 'p', 'per'))}")
        return
    schedules = {name: _change(schedule) for name, schedule in step.get("schedules", {}).items()}
    params = {"p": f"{step['p']:g}", **step.get("params", {}), **schedules}
    line = f"{indent}{step['path']}  p={params.pop('p')}  {_pairs(params)}".rstrip()
    report.line("  ".join([line, *(_condition(condition) for condition in step.get("when", ()))]))
    for child in step.get("children", ()):
        _print_step(report, child, indent + "  ")


def _change(schedule: Mapping[str, Any]) -> str:
    (start, end), (first, last) = schedule["linear"], schedule["over"]
    return f"{start} to {end} over epochs {first} to {last}"


def _condition(condition: Mapping[str, Any]) -> str:
    word = "not in" if condition["negated"] else "in"
    return f"when {condition['column']} {word} ({', '.join(condition['values'])})"


def _pairs(values: Mapping[str, Any], but: tuple[str, ...] = ()) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items() if name not in but)
