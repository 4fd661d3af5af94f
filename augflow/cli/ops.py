"""`augflow ops`: the catalog."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from augflow.batching.mix import MIX_OPS
from augflow.cli.options import Json
from augflow.cli.output import FOUND_BEFORE, Report, reporting
from augflow.transforms.catalog import Op
from augflow.transforms.lookup import aliases, catalog, unusable
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
    known = catalog(modality)
    target = aliases(modality).get(name, name)
    if target not in known:
        reason = unusable(modality).get(target)
        why = f"cannot be used: {reason}" if reason else f"is not an op{closest(name, known)}"
        report.say(f"{name} {why}")
        raise typer.Exit(FOUND_BEFORE)
    op = known[target]
    if as_json:
        report.json(_described(op))
        return
    report.line(f"{op.name} ({op.library}): {op.summary}")
    report.line(f"  p = {op.default_p:g} where the spec does not say")
    for param in op.params.values():
        value = "required" if param.required else f"= {param.default}"
        report.line(f"  {param.name} {value}   {_type(dict(param.schema))}")


def _described(op: Op) -> dict[str, object]:
    params = {
        param.name: {"required": param.required, "default": param.default, "schema": dict(param.schema)}
        for param in op.params.values()
    }
    shown = {"name": op.name, "library": op.library, "summary": op.summary, "default_p": op.default_p}
    return {**shown, "version": op.version, "params": params}


def _type(schema: dict[str, object]) -> str:
    shown = {key: value for key, value in schema.items() if key not in ("title", "default", "description")}
    return str(shown) if shown else ""
