"""Annotations of any content: an error of augflow with file and entry, and no memory for what they claim."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from augflow.sources.base import FieldRequest

from .reading import refusal

Picture = Callable[..., Path]
HUGE = 10**400
NAN, INF = float("nan"), float("inf")


def annotated(kind: str, place: str) -> tuple[FieldRequest, ...]:
    return FieldRequest("image", "image"), FieldRequest("it", kind, place)  # type: ignore[arg-type]


def coco(
    image: dict[str, Any] | None = None,
    annotation: dict[str, Any] | None = None,
    category: dict[str, Any] | None = None,
) -> str:
    """A file of one box on `x.png`, with changes."""
    box = {"image_id": 1, "category_id": 1, "bbox": [1, 1, 5, 5]}
    return json.dumps(
        {
            "images": [{"id": 1, "file_name": "x.png", **(image or {})}],
            "annotations": [{**box, **(annotation or {})}],
            "categories": [{"id": 1, "name": "q", **(category or {})}],
        }
    )


COCO = {
    "deep": "[" * 200_000,
    "digits": '{"images": ' + "9" * 5000 + "}",
    "not a number": '{"images": NaN}',
    **{
        f"height {value!r:.20}": coco({"height": value, "width": 3})
        for value in ("a", NAN, INF, [1], HUGE, -16)
    },
    **{f"image_id {value!r}": coco(annotation={"image_id": value}) for value in ([1], {}, 2.5, None)},
    **{f"category_id {value!r}": coco(annotation={"category_id": value}) for value in ([1], {}, "q")},
    **{
        f"box {value!r:.20}": coco(annotation={"bbox": [value, 0, 1, 1]})
        for value in (HUGE, NAN, INF, 1e308, "1")
    },
    "box that ends before it begins": coco(annotation={"bbox": [1, 1, -3, -3]}),
    "half a surrogate pair": coco(category={"name": "\ud800"}),
    "id of a list": coco(category={"id": [1]}),
    **{
        f"file {value!r:.20}": coco({"file_name": value})
        for value in ("\ud800.png", "a\0.png", "a" * 10**6, "/etc/passwd", "../../../etc/passwd")
    },
}


@pytest.mark.parametrize("text", COCO.values(), ids=COCO)
def test_coco_boxes(text: str, tmp_path: Path, picture: Picture) -> None:
    """No bare exception of json, numpy or Python, and each message names the file."""
    picture("i/x.png")
    (tmp_path / "c.json").write_text(text)
    assert "c.json" in refusal(tmp_path / "i", annotated("boxes", "../c.json"))


RUNS = {
    "of no end": {"size": [16, 16], "counts": "o" * 3_000_000},
    "of another image": {"size": [10**6, 10**6], "counts": [10**12]},
    "negative": {"size": [-16, -16], "counts": [256]},
    "huge": {"size": [16, 16], "counts": [HUGE]},
}


@pytest.mark.parametrize("outline", [*RUNS.values(), [[HUGE] * 6]], ids=[*RUNS, "polygon"])
def test_outlines(outline: Any, tmp_path: Path, picture: Picture) -> None:
    """Run lengths that claim a terabyte, or whose digits never end, cost nothing."""
    picture("i/x.png")
    (tmp_path / "c.json").write_text(coco(annotation={"segmentation": outline}))
    refusal(tmp_path / "i", annotated("boxes", "../c.json#masks"))


def test_masks_of_a_crowd(tmp_path: Path, picture: Picture) -> None:
    """Five thousand triangles on a large image would be 20 GB of masks."""
    picture("i/x.png", 2000)
    content = json.loads(coco(annotation={"segmentation": [[1, 1, 5, 1, 5, 5]]}))
    content["annotations"] *= 5000
    (tmp_path / "c.json").write_text(json.dumps(content))
    message = refusal(tmp_path / "i", annotated("boxes", "../c.json#masks"))
    assert "20,000,000,000 bytes, above the limit" in message


POINTS = {
    "a number": ({"keypoints": 5}, {"keypoints": ["n"]}),
    "names a number": ({"keypoints": [1, 1, 2]}, {"keypoints": 5}),
    "names of lists": ({"keypoints": [1, 1, 2]}, {"keypoints": [[1]]}),
    "category a list": ({"keypoints": [1, 1, 2], "category_id": []}, {"keypoints": ["n"]}),
    "huge": ({"keypoints": [HUGE, 1, 2]}, {"keypoints": ["n"]}),
    "id a list": ({"keypoints": [1, 1, 2]}, {"keypoints": ["n"], "id": [1]}),
    "text": ({"keypoints": "abc"}, {"keypoints": ["n"]}),
}


@pytest.mark.parametrize(("annotation", "category"), POINTS.values(), ids=POINTS)
def test_coco_keypoints(
    annotation: dict[str, Any], category: dict[str, Any], tmp_path: Path, picture: Picture
) -> None:
    """Types other than those of the format are problems of their entry."""
    picture("i/x.png")
    (tmp_path / "c.json").write_text(coco(None, annotation, category))
    assert "c.json: " in refusal(tmp_path / "i", annotated("keypoints", "../c.json"))


YOLO = (
    "1000000000000 .5 .5 .1 .1",
    "9" * 4000 + " .5 .5 .1 .1",
    "0 nan .5 .1 .1",
    "0 inf 1 1 1",
    "-1 .5 .5 .1 .1",
)


@pytest.mark.parametrize("line", [*YOLO, "0 " + ".5 " * 1_000_001], ids=range(len(YOLO) + 1))
def test_yolo(line: str, tmp_path: Path, picture: Picture) -> None:
    """A class number of a trillion makes no list of a trillion names."""
    picture("i/x.png")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "x.txt").write_text(line)
    assert "x.txt:1: " in refusal(tmp_path / "i", annotated("boxes", "../m"))


def voc(size: str = "", sides: tuple[object, ...] = (1, 1, 5, 5)) -> str:
    """One object."""
    names = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{name}>{side}</{name}>" for name, side in zip(names, sides, strict=True))
    return f"<annotation>{size}<object><name>q</name><bndbox>{box}</bndbox></object></annotation>"


def size(side: object) -> str:
    return f"<size><width>{side}</width><height>{side}</height></size>"


VOC = {
    "laughs": '<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><annotation>&b;</annotation>',
    "file": '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><annotation>&a;</annotation>',
    "deep": "<annotation>" + "<a>" * 1_000_000,
    "large": "<annotation>" + "<a/>" * 5_000_000 + "</annotation>",
    "half a surrogate pair": voc().replace("q", "&#xD800;"),
    **{f"side {side}": voc(size(side)) for side in ("nan", "inf", "1e400", "1e30", "-5", "2.5", "x")},
    **{f"box from {side}": voc(sides=(side, 1, 5, 5)) for side in ("nan", "inf", "-1e400", "x")},
}


@pytest.mark.parametrize("text", VOC.values(), ids=VOC)
def test_voc(text: str, tmp_path: Path, picture: Picture) -> None:
    """Entities, infinities, a million levels: refused with the file's name."""
    picture("i/x.png")
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "x.xml").write_text(text)
    assert "x.xml" in refusal(tmp_path / "i", annotated("boxes", "../m"))
