"""What each text op does: exact counts, where words go, what blanks become, how often what is drawn."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from augflow.transforms.spans import apply_edits, find_words
from augflow.transforms.text_edits import disjoint_neighbors, removed

from .text_cases import built, change, keyed, run

TEN = "alpha bravo charlie delta echo foxtrot golf hotel igloo juliet"
DRAWS = 2000


def words(text: str) -> list[str]:
    """The words of a text."""
    found = find_words(text)
    return [found[i] for i in range(len(found.all))]


def changed_places(old: str, new: str) -> list[int]:
    """Where two texts of as many words differ."""
    return [i for i, (a, b) in enumerate(zip(words(old), words(new), strict=True)) if a != b]


@pytest.mark.parametrize("name", ["random_substitution", "keyboard", "random_char", "random_case", "ocr"])
@pytest.mark.parametrize(
    ("params", "count"),
    [
        ({"aug_p": 0.3}, 3),
        ({"aug_p": 0.1}, 1),
        ({"aug_p": 0.11}, 2),
        ({"aug_p": 0.01, "aug_min": 4}, 4),
        ({"aug_p": 0.9, "aug_max": 5}, 5),
        ({"aug_p": 1.0}, 10),
        ({"aug_p": 0.0, "aug_min": 4}, 0),
    ],
)
def test_counts_of_changed_words_are_exact(name: str, params: dict[str, Any], count: int) -> None:
    """The share is rounded up and kept within bounds, for every key, and every change shows."""
    transform = built(name, **params)
    for key in range(50):
        assert len(changed_places(TEN, run(transform, TEN, str(key)))) == count


def test_a_share_is_not_rounded_up_by_its_own_error() -> None:
    """0.07 of 100 words are 7, though 0.07 * 100 is a little more."""
    text = " ".join([TEN] * 10)
    assert len(changed_places(text, run(built("random_substitution", aug_p=0.07), text))) == 7


@pytest.mark.parametrize(("name", "left"), [("random_deletion", 7), ("span_deletion", 7)])
def test_counts_of_deleted_words_are_exact(name: str, left: int) -> None:
    """Three of ten words go; of one word none; at full share one stays."""
    for key in range(50):
        new = words(run(built(name, aug_p=0.3), TEN, str(key)))
        assert len(new) == left
        assert [word for word in words(TEN) if word in new] == new
        assert len(words(run(built(name, aug_p=1.0), TEN, str(key)))) == 1
        assert run(built(name, aug_p=1.0), "one", str(key)) == "one"


def test_a_span_deletion_takes_words_that_follow_each_other() -> None:
    """What is left is the beginning and the end of the text, and every place is as likely."""
    gone = Counter()
    for key in range(DRAWS):
        new = words(run(built("span_deletion", aug_p=0.3), TEN, str(key)))
        start = next((i for i, word in enumerate(new) if word != words(TEN)[i]), len(new))
        assert new == words(TEN)[:start] + words(TEN)[start + 3 :]
        gone[start] += 1
    assert_uniform(gone, 8)


@pytest.mark.parametrize("distance", ["adjacent", "any"])
def test_swaps_are_exact_and_keep_the_words(distance: str) -> None:
    """Two exchanges move four words; neighbors move by one place."""
    order = words(TEN)
    for key in range(100):
        new = words(run(built("random_swap", aug_p=0.2, distance=distance), TEN, str(key)))
        moved = [i for i in range(10) if new[i] != order[i]]
        assert len(moved) == 4
        assert sorted(new) == sorted(order)
        assert all(
            order[order.index(new[i])] == new[i] and new[order.index(new[i])] == order[i] for i in moved
        )
        if distance == "adjacent":
            assert all(abs(order.index(new[i]) - i) == 1 for i in moved)


def test_every_set_of_neighbors_is_equally_likely() -> None:
    """Two pairs among five positions: three sets, each drawn as often."""
    sets = Counter(tuple(disjoint_neighbors(2, 5, keyed(str(key)).python)) for key in range(DRAWS))
    assert_uniform(sets, 3)


@pytest.mark.parametrize("window", [0, 1, 3])
@pytest.mark.parametrize("share", [0.5, 1.0])
def test_no_word_leaves_its_window(window: int, share: float) -> None:
    """A shuffled word is at most `window` places from where it was, protected words are where they were."""
    order = words(TEN)
    farthest = 0
    for key in range(300):
        new = words(run(built("word_order", window=window, aug_p=share, protected=["delta"]), TEN, str(key)))
        assert sorted(new) == sorted(order)
        assert new[3] == "delta"
        farthest = max([farthest, *(abs(order.index(word) - i) for i, word in enumerate(new))])
    assert farthest == window


@pytest.mark.parametrize(
    ("text", "gone", "expected"),
    [
        ("a b c", "b", "a c"),
        ("a  b c", "b", "a  c"),
        ("a b  c", "b", "a  c"),
        ("a b, c", "b", "a, c"),
        ("(b c)", "b", "(c)"),
        ("a\nb c", "b", "a\nc"),
        ("a b\nc", "b", "a\nc"),
        ("b c", "b", "c"),
        ("a b", "b", "a"),
        ("a b c d", "b c", "a d"),
        ("a  b c  d", "b c", "a  d"),
        ("a b , c", "b", "a , c"),
        ("Hello,b c", "b", "Hello, c"),
        ("a b(c)", "b", "a (c)"),
        ("a b😀", "b", "a 😀"),
        ("a😀c", "😀", "a c"),
        ("好b看", "b", "好看"),
        ("a b \u0301c", "b", "a  \u0301c"),
    ],
)
def test_deletion_leaves_blanks_in_order(text: str, gone: str, expected: str) -> None:
    """One of two blanks that would meet goes, double ones survive, no words run together."""
    found = find_words(text)
    indices = [i for i in range(len(found.all)) if found[i] in gone.split()]
    assert apply_edits(text, removed(found, indices)) == expected


def test_moved_words_do_not_run_together() -> None:
    """Where an emoji or an ideograph kept words apart, a blank does."""
    text = "wow😀so good"
    results = {run(built("random_swap", distance="any", aug_p=0.5), text, str(key)) for key in range(200)}
    assert {tuple(sorted(words(new))) for new in results} == {("good", "so", "wow", "😀")}


def test_synonyms_keep_case_and_leave_names() -> None:
    """Small, capital and capitals stay; what looks like a name or an acronym stays too."""
    transform = built("synonym", aug_p=1.0)
    assert run(transform, "a film") == "a movie"
    assert run(transform, "Film is art") == "Movie is art"
    assert run(transform, "A FILM") == "A MOVIE"
    assert run(transform, "a great FILM") == "a great MOVIE"
    for name in ("we saw Film there", "Film School is open", "the iFilm", "a film's end"):
        assert run(transform, name) == name


def test_senses_widen_the_choice() -> None:
    """The second meaning counts only where it is asked for."""
    one, two = (
        {run(built("synonym", aug_p=1.0, senses=senses), "to adopt", str(key)) for key in range(100)}
        for senses in (1, 2)
    )
    assert one < two


def test_insertion_adds_the_count_and_keeps_the_rest() -> None:
    """Three synonyms come in, all other words stay in their order; a text without any stays."""
    text = "the film begins a story, and the movie is big"
    for key in range(100):
        new = words(run(built("random_insertion", aug_p=0.3), text, str(key)))
        assert len(new) == len(words(text)) + 3
        rest = iter(new)
        assert all(word in rest for word in words(text))
        assert run(built("random_insertion", aug_p=1.0), "xyzzy of the", str(key)) == "xyzzy of the"


def test_split_and_characters_respect_clusters() -> None:
    """A mark never leaves its letter, in any script."""
    text = "cafe\u0301s na\u0308i\u0308ve\u0301 नमस्ते"
    clusters = {"e\u0301", "a\u0308", "i\u0308", "न", "म", "स्", "ते", *"cafsnve", " "}
    for key in range(200):
        for name, params in [("split", {}), *(("random_char", {"action": a}) for a in ("swap", "delete"))]:
            new = run(built(name, aug_p=1.0, **params), text, str(key))
            at = 0
            while at < len(new):
                found = next(c for c in sorted(clusters, key=len, reverse=True) if new.startswith(c, at))
                at += len(found)
                assert new[at : at + 1] not in ("\u0301", "\u0308")


def test_split_cuts_anywhere_inside() -> None:
    """Each inner place of a word is as likely; shorter words stay."""
    places = Counter(run(built("split", aug_p=1.0), "abcdef", str(key)).index(" ") for key in range(DRAWS))
    assert_uniform(places, 5)
    assert run(built("split", aug_p=1.0), "abc") == "abc"


@pytest.mark.parametrize(
    ("action", "length", "distance"),
    [("insert", 8, 0), ("substitute", 6, 2), ("swap", 6, 4), ("delete", 4, 0)],
)
def test_character_noise_is_exact(action: str, length: int, distance: int) -> None:
    """Two of six characters come, change, change places with others, or go."""
    for key in range(100):
        new = run(built("random_char", action=action, aug_p=1.0, aug_char_p=0.3), "abcdef", str(key))
        assert len(new) == length
        if distance:
            assert sum(a != b for a, b in zip(new, "abcdef", strict=True)) == distance


def test_keyboard_presses_neighbors_in_the_same_case() -> None:
    """A wrong key lies beside the right one, letters only unless asked for, case kept."""
    seen = {run(built("keyboard", aug_p=1.0, min_char=1), "Q", str(key)) for key in range(100)}
    assert seen == {"W", "A", "S"}
    wider = built("keyboard", aug_p=1.0, min_char=1, include_numeric=True, include_special_char=True)
    assert {run(wider, "q", str(key)) for key in range(200)} == set("12!@was")
    mixed = built("keyboard", aug_p=1.0, min_char=1, include_upper_case=True)
    assert {run(mixed, "q", str(key)) for key in range(200)} == set("WwAaSs")


def test_aeda_inserts_marks_before_up_to_a_third() -> None:
    """One to three marks for ten words, each number as likely, all words kept."""
    counts = Counter()
    for key in range(DRAWS):
        new, drawn = change(built("aeda"), TEN, str(key))
        assert words(new) == words(TEN)
        counts[len(drawn["changed"])] += 1
    assert_uniform(counts, 3)


def test_reserved_expressions_change_within_their_group() -> None:
    """Longest first, blanks of any kind, no part of a longer word, no part of an address."""
    groups = [["FWD", "Fwd"], ["Best Regards", "Sincerely"], ["电影", "影片"]]
    transform = built("reserved", reserved_tokens=groups, aug_p=1.0)
    text = "FWD: FWDs http://x.y/FWD best regards, Best\nRegards 看电影吧"
    assert run(transform, text) == "Fwd: FWDs http://x.y/FWD best regards, Sincerely 看影片吧"
    loose = built("reserved", reserved_tokens=groups, case_sensitive=False, aug_p=1.0)
    assert run(loose, "best regards, BEST REGARDS") == "Sincerely, SINCERELY"
    assert run(loose, "fwd") == "fwd"


def assert_uniform(counts: Counter[Any], kinds: int) -> None:
    """Each of so many kinds came up within five standard errors of its share."""
    total = sum(counts.values())
    assert len(counts) == kinds
    share = total / kinds
    assert all(abs(count - share) < 5 * (share * (1 - 1 / kinds)) ** 0.5 for count in counts.values()), counts


class TestEda:
    """The recipe of Wei & Zou."""

    TEXT = "the film begins a story of a child , and the film is big"

    def test_operations_are_equally_likely(self) -> None:
        """Each of the four, and with one off each of the other three."""
        drawn = [change(built("eda"), self.TEXT, str(key))[1]["operation"] for key in range(DRAWS)]
        assert_uniform(Counter(drawn), 4)
        three = [
            change(built("eda", alpha_rs=0), self.TEXT, str(key))[1]["operation"] for key in range(DRAWS)
        ]
        assert_uniform(Counter(three), 3)
        assert "random_swap" not in three

    def test_deletion_is_bernoulli(self) -> None:
        """Each word goes with the chance alpha_rd, on its own: mean and variance are the binomial's."""
        only = built("eda", alpha_sr=0, alpha_ri=0, alpha_rs=0, alpha_rd=0.2)
        left = [len(words(run(only, TEN, str(key)))) for key in range(DRAWS)]
        mean = sum(left) / DRAWS
        variance = sum((count - mean) ** 2 for count in left) / DRAWS
        assert abs(mean - 8) < 5 * (1.6 / DRAWS) ** 0.5
        assert abs(variance - 1.6) < 5 * 1.6 * (2 / DRAWS) ** 0.5

    def test_deletion_never_empties(self) -> None:
        """One word stays where all are drawn, any of them."""
        only = built("eda", alpha_sr=0, alpha_ri=0, alpha_rs=0, alpha_rd=1)
        assert_uniform(Counter(run(only, "a b c", str(key)) for key in range(DRAWS)), 3)

    def test_a_replaced_word_is_replaced_wherever_it_occurs(self) -> None:
        """By the same synonym."""
        only = built("eda", alpha_sr=0.01, alpha_ri=0, alpha_rs=0, alpha_rd=0)
        results = {run(only, self.TEXT, str(key)) for key in range(200)}
        assert "the movie begins a story of a child , and the movie is big" in results
        assert not any("movie" in new and "film" in new for new in results)

    @pytest.mark.parametrize(("alpha", "count"), [(0.01, 1), (0.1, 1), (0.39, 3), (0.4, 4)])
    def test_counts_are_the_papers(self, alpha: float, count: int) -> None:
        """max(1, int(alpha * n)) synonyms come in."""
        only = built("eda", alpha_sr=0, alpha_ri=alpha, alpha_rs=0, alpha_rd=0)
        text = "film movie story child big large small little tale drama"
        assert len(words(run(only, text))) == 10 + count
