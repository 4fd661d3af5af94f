"""What stands on the page: the cards of samples and of mixed rows, as far as there is room."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from augflow.plan import Plan
from augflow.preview.cards import card
from augflow.preview.markup import Html, tag
from augflow.preview.mixing import mixed_card, mixed_rows
from augflow.preview.options import PreviewOptions
from augflow.preview.page import Facts, Section
from augflow.preview.variants import Shown, VariantMaker, chosen_indices
from augflow.sources.base import Source

SAMPLES = (
    "Each sample as it was read, and as the stream delivers it before mixing: the draws belong to its id and "
    "the epoch."
)


@dataclass(frozen=True)
class Contents:
    """The page's parts."""

    facts: Facts
    sections: tuple[Section, ...]
    bad: int
    """Samples that could not be read, or not augmented in one of the epochs."""
    mixed: int


class Room:
    """Counts the bytes that cards take."""

    def __init__(self, max_bytes: int) -> None:
        self._left = max_bytes

    def has(self, made: Html) -> bool:
        """Whether a card still fits; it then takes its part."""
        size = len(made.encode())
        if size > self._left:
            return False
        self._left -= size
        return True


def contents(plan: Plan, source: Source, options: PreviewOptions) -> Contents:
    """Make the cards."""
    room = Room(options.max_bytes)
    indices = chosen_indices(source, plan.spec.seed, options.samples)
    maker = VariantMaker(plan, source)
    shown: list[Shown] = []
    cards: list[Html] = []
    for done, index in enumerate(indices, start=1):
        sample = maker.make(index, options.copies)
        made = card(plan, sample, done, source.classes)
        if room.has(made):
            shown.append(sample)
            cards.append(made)
        if options.on_progress is not None:
            options.on_progress(done, len(indices))
    sections = [Section("samples", "samples", SAMPLES, cards)]
    if plan.mix is not None:
        sections.append(_mixing(plan, source, options, room))
    facts = _facts(plan, source, shown, options)
    bad = sum(any(variant.problem for variant in sample.variants) for sample in shown)
    return Contents(facts, tuple(sections), bad, sum(len(section.cards) for section in sections[1:]))


def _mixing(plan: Plan, source: Source, options: PreviewOptions, room: Room) -> Section:
    found = mixed_rows(plan, source, options.samples)
    made = (mixed_card(plan, row, number, source.classes) for number, row in enumerate(found.rows, start=1))
    cards = [card for card in made if room.has(card)]
    if found.problem:
        about = tag("p", f"nothing could be mixed: {found.problem}", class_="problem")
    else:
        rows = f"Of the first {found.looked_at} rows of epoch 0, {len(found.rows)} are mixed"
        left = len(found.rows) - len(cards)
        room_words = f"; {left} had no room on the page" if left else ""
        by_model = plan.spec.batch.mix_by == "model"
        who = "; the model does it, from what the batch tells it" if by_model else ""
        about = tag("p", f"{rows}{who}{room_words}.", class_="idle")
    return Section("mixing", "mixing", about, cards)


def _facts(plan: Plan, source: Source, shown: list[Shown], options: PreviewOptions) -> Facts:
    augmented = [
        variant.drawn for sample in shown for variant in sample.variants if variant.drawn is not None
    ]
    return Facts(
        plan=plan,
        source=source.description,
        length=len(source),
        samples=len(shown),
        epochs=options.copies,
        left_out=min(options.samples, len(source)) - len(shown),
        fired=Counter(path for drawn in augmented for path in drawn),
        augmented=len(augmented),
    )
