"""One field of a sample in several states, side by side, on common scales."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from augflow.preview.draws import number
from augflow.preview.markup import Content, Html, tag
from augflow.preview.overlays import Mark, counted
from augflow.preview.pictures import Picture, picture, png, size_words
from augflow.preview.sounds import common_scale, sound_figure, sound_of, sound_words
from augflow.preview.spectrum import level_picture
from augflow.preview.texts import difference_words, plain_text, text_difference
from augflow.sample import Array, Audio, Padded

LISTED_NUMBERS = 200


@dataclass(frozen=True)
class State:
    """One state of one field."""

    title: str
    value: Any = None
    followers: Mapping[str, Any] = field(default_factory=dict)
    finished: Any = None
    """The value after `finish`, where that has ops."""
    told: Content = None
    """What else stands below it."""
    problem: str = ""
    marked: Mark | None = None
    """What mixing has changed."""
    compared: bool = False
    """Whether a text is shown as what became of the base."""


@dataclass(frozen=True)
class Look:
    """What decides how states are drawn."""

    modality: str
    name: str
    """What the states show, for those who cannot see them."""
    classes: Sequence[str]
    base: int = 0
    """The state that texts are compared with."""


def sheet(states: Sequence[State], look: Look) -> Html:
    """The states of one field as a contact sheet."""
    bodies = _bodies(states, look)
    figures = []
    for state, (body, words) in zip(states, bodies, strict=True):
        size = tag("span", words, class_="size") if words else None
        caption = [tag("b", state.title, class_="title"), size, state.told, _finished(state, look)]
        problem = tag("p", state.problem, class_="problem") if state.problem else None
        figures.append(tag("figure", body, problem, tag("figcaption", caption)))
    is_video = any(isinstance(state.value, np.ndarray) and state.value.ndim == 4 for state in states)
    return tag("div", figures, class_=f"sheet {'video' if is_video else look.modality}")


def _bodies(states: Sequence[State], look: Look) -> list[tuple[Html | None, str]]:
    """What is shown of each state, and its size in words."""
    if look.modality == "audio":
        return _audio(states, look)
    if look.modality == "text":
        return [_text(state, states[look.base], look) for state in states]
    return [_image(state, look) for state in states]


def _image(state: State, look: Look) -> tuple[Html | None, str]:
    if not isinstance(state.value, np.ndarray):
        return None, ""
    about = f"{look.name}, {state.title}"
    marks = [] if state.marked is None else [state.marked]
    words = [
        size_words(state.value),
        *(counted(name, value, look.classes) for name, value in state.followers.items()),
    ]
    return picture(Picture(state.value, state.followers, about, marks), look.classes), "; ".join(words)


def _text(state: State, base: State, look: Look) -> tuple[Html | None, str]:
    if not isinstance(state.value, str):
        return _array(state.value, look)
    if not state.compared or not isinstance(base.value, str):
        return plain_text(state.value), f"{len(state.value):,} characters"
    return text_difference(base.value, state.value), difference_words(base.value, state.value)


def _audio(states: Sequence[State], look: Look) -> list[tuple[Html | None, str]]:
    heard = [isinstance(state.value, Audio) for state in states]
    sounds = [sound_of(state.value) if isinstance(state.value, Audio) else None for state in states]
    scale = common_scale(sounds)
    found: list[tuple[Html | None, str]] = []
    for state, is_sound, sound in zip(states, heard, sounds, strict=True):
        if not is_sound:
            found.append(_array(state.value, look))
            continue
        stretch = None if state.marked is None else (state.marked.box[1], state.marked.box[3])
        found.append((sound_figure(sound, scale, f"{look.name}, {state.title}", stretch), sound_words(sound)))
    return found


def _finished(state: State, look: Look) -> Html | None:
    if state.finished is None:
        return None
    body, words = _after_finish(state.finished, look)
    return tag("div", tag("div", f"after finish: {words}"), body, class_="finished")


def _after_finish(value: Any, look: Look) -> tuple[Html | None, str]:
    if isinstance(value, str):
        return plain_text(value), ""
    if isinstance(value, Audio):
        return None, sound_words(sound_of(value))
    if look.modality == "image" and isinstance(value, np.ndarray):
        return picture(Picture(value, {}, f"{look.name}, finished"), look.classes), size_words(value)
    return _array(value, look)


def _array(value: Any, look: Look) -> tuple[Html | None, str]:
    """Tokens, or a spectrogram (bands, frames)."""
    told = ""
    if isinstance(value, Padded):
        value, told = value.values, f", {value.length} of them real"
    if not isinstance(value, np.ndarray):
        return None, ""
    words = f"{value.dtype} {' by '.join(map(str, value.shape))}{told}"
    if value.ndim == 2 and value.size and np.issubdtype(value.dtype, np.floating):
        return _levels(value, look), words
    return _listed(value), words


def _levels(value: Array, look: Look) -> Html:
    low, high = float(np.nanmin(value)), float(np.nanmax(value))
    about = f"spectrogram of {look.name}, {number(low)} to {number(high)}"
    return tag("img", src=png(level_picture(value, high, low)), alt=about, title=about, class_="spectrum")


def _listed(value: Array) -> Html:
    numbers = [str(item) for item in value.reshape(-1)[:LISTED_NUMBERS].tolist()]
    more = [f"and {value.size - LISTED_NUMBERS:,} more"] if value.size > LISTED_NUMBERS else []
    return tag("details", tag("summary", "numbers"), tag("code", " ".join(numbers + more)))
