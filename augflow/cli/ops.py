"""`augflow ops`: the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
    text = "text"
    audio = "audio"


def ops(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="one op, with its parameters")] = None,
    modality: Annotated[Modality | None, typer.Option("--modality", help="default: all")] = None,
    as_json: Json = False,
) -> None:
    """List the ops that a spec can name, or show one of them."""
    modalities = [one.value for one in Modality if modality in (None, one)]
    with reporting() as report:
        if name is None:
            _list(report, modalities, as_json)
        else:
            _show(report, name, modalities, as_json)


def _list(report: Report, modalities: Sequence[str], as_json: bool) -> None:
    mixing = {op: cls.summary for op, cls in MIX_OPS.items()}
    if as_json:
        report.json({**{modality: _listed(modality) for modality in modalities}, "mix": mixing})
        return
    for modality in modalities:
        listed = _listed(modality)
        summaries = {op: entry["summary"] for op, entry in listed["ops"].items()}
        _table(report, f"{modality}:", summaries)
        _table(report, f"\n{modality}, other names:", listed["aliases"])
        _table(report, f"\n{modality}, not usable here:", listed["unusable"])
        report.line("")
    _table(report, "in batch.mix:", mixing)


def _listed(modality: str) -> dict[str, dict[str, Any]]:
    entries = {
        op: {"library": entry.library, "summary": entry.summary} for op, entry in catalog(modality).items()
    }
    return {"ops": entries, "aliases": dict(aliases(modality)), "unusable": dict(unusable(modality))}


def _table(report: Report, title: str, entries: Mapping[str, str]) -> None:
    report.line(title)
    width = max((len(name) for name in entries), default=0)
    for name, about in sorted(entries.items()):
        report.line(f"{name:{width}}  {about}")


def _show(report: Report, name: str, modalities: Sequence[str], as_json: bool) -> None:
    found = [(modality, described(name, modality)) for modality in modalities]
    shown = [_described(op, modality) for modality, op in found if op is not None]
    if name in MIX_OPS:
        shown.append(_mixing(name))
    if not shown:
        _say_unknown(report, name, modalities)
        raise typer.Exit(FOUND_BEFORE)
    if as_json:
        report.json(shown[0] if len(shown) == 1 else shown)
        return
    for op in shown:
        report.line(f"{op['name']} ({op['modality']}, {op['library']}): {op['summary']}")
        report.line(f"  p = {op['default_p']:g} where the spec does not say")
        for param, about in op["params"].items():
            value = "required" if about["required"] else f"= {about['default']}"
            report.line(f"  {param} {value}   {_type(about['schema'])}")


def _say_unknown(report: Report, name: str, modalities: Sequence[str]) -> None:
    reasons = [unusable(modality)[name] for modality in modalities if name in unusable(modality)]
    if reasons:
        report.say(f"{name} cannot be used in a list of ops: {reasons[0]}")
        return
    known = set(MIX_OPS).union(*({*catalog(modality), *aliases(modality)} for modality in modalities))
    report.say(f"{name} is not an op{closest(name, known)}")


def _described(op: Described, modality: str) -> dict[str, Any]:
    params = {
        param.name: {"required": param.required, "default": param.default, "schema": dict(param.schema)}
        for param in op.params.values()
    }
    about = {"name": op.name, "modality": modality, "library": op.library, "summary": op.summary}
    return {**about, "default_p": op.default_p, "params": params}


def _mixing(name: str) -> dict[str, Any]:
    properties = MIX_OPS[name].model_json_schema()["properties"]
    params = {
        key: {"required": False, "default": schema["default"], "schema": schema}
        for key, schema in properties.items()
        if key != "p"
    }
    about = {"name": name, "modality": "batch.mix", "library": "augflow", "summary": MIX_OPS[name].summary}
    return {**about, "default_p": 1.0, "params": params}


def _type(schema: dict[str, Any]) -> str:
    shown = {key: value for key, value in schema.items() if key not in ("title", "default", "description")}
    return str(shown) if shown else ""
