"""`augflow ops`: the catalog."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from augflow.batching.mix import MIX_OPS
from augflow.cli.options import Json
from augflow.cli.output import FOUND_BEFORE, Report, reporting
from augflow.transforms.lookup import Described, aliases, catalog, described, unusable
from augflow.wording import closest


class Modality(StrEnum):
    """What an op works on."""

    image = "image"


def ops(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="one op, with its parameters")] = None,
    modality: Annotated[Modality, typer.Option("--modality")] = Modality.image,
    as_json: Json = False,
) -> None:
    """List the ops that a spec can name, or show one of them."""
    with reporting() as report:
        if name is None:
            _list(report, modality.value, as_json)
        else:
            _show(report, name, modality.value, as_json)


def _list(report: Report, modality: str, as_json: bool) -> None:
    known, other, refused = catalog(modality), aliases(modality), unusable(modality)
    if as_json:
        listed = {op: {"library": entry.library, "summary": entry.summary} for op, entry in known.items()}
        mixing = {op: cls.summary for op, cls in MIX_OPS.items()}
        report.json({"ops": listed, "mix": mixing, "aliases": dict(other), "unusable": dict(refused)})
        return
    width = max(len(op) for op in (*known, *other, *refused))
    for op, entry in sorted(known.items()):
        report.line(f"{op:{width}}  {entry.summary}")
    report.line("\nin batch.mix:")
    for op, cls in MIX_OPS.items():
        report.line(f"{op:{width}}  {cls.summary}")
    report.line("\nother names:")
    for alias, target in sorted(other.items()):
        report.line(f"{alias:{width}}  {target}")
    report.line("\nnot usable here:")
    for op, reason in sorted(refused.items()):
        report.line(f"{op:{width}}  {reason}")


def _show(report: Report, name: str, modality: str, as_json: bool) -> None:
    shown = [_described(op) for op in (described(name, modality),) if op is not None]
    if name in MIX_OPS:
        shown.append(_mixing(name))
    if not shown:
        reason = unusable(modality).get(name)
        known = {*catalog(modality), *aliases(modality), *MIX_OPS}
        why = (
            f"cannot be used in a list of ops: {reason}" if reason else f"is not an op{closest(name, known)}"
        )
        report.say(f"{name} {why}")
        raise typer.Exit(FOUND_BEFORE)
    if as_json:
        report.json(shown[0] if len(shown) == 1 else shown)
        return
    for op in shown:
        report.line(f"{op['name']} ({op['library']}): {op['summary']}")
        report.line(f"  p = {op['default_p']:g} where the spec does not say")
        for param, about in op["params"].items():
            value = "required" if about["required"] else f"= {about['default']}"
            report.line(f"  {param} {value}   {_type(about['schema'])}")


def _described(op: Described) -> dict[str, Any]:
    params = {
        param.name: {"required": param.required, "default": param.default, "schema": dict(param.schema)}
        for param in op.params.values()
    }
    about = {"name": op.name, "library": op.library, "summary": op.summary, "default_p": op.default_p}
    return {**about, "params": params}


def _mixing(name: str) -> dict[str, Any]:
    properties = MIX_OPS[name].model_json_schema()["properties"]
    params = {
        key: {"required": False, "default": schema["default"], "schema": schema}
        for key, schema in properties.items()
        if key != "p"
    }
    about = {"name": name, "library": "augflow, in batch.mix", "summary": MIX_OPS[name].summary}
    return {**about, "default_p": 1.0, "params": params}


def _type(schema: dict[str, Any]) -> str:
    shown = {key: value for key, value in schema.items() if key not in ("title", "default", "description")}
    return str(shown) if shown else ""
