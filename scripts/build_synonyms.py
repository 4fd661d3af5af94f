"""Build augflow's tables of English synonyms and antonyms from WordNet 3.0.

    python scripts/build_synonyms.py [--wordnet /usr/share/wordnet] [--out augflow/transforms/words]

Reads WordNet's own files (Debian's package `wordnet-base` puts them into /usr/share/wordnet) and writes
`synonyms.txt.gz`, `antonyms.txt.gz` and `LICENSE.wordnet`. A line is a word, a tab, and for each of its
first two senses the words that mean the same: blanks between words, `|` between senses.

What makes a replacement sound more often than not, without looking at the sentence:

- a word stands for its usual part of speech alone, and is left out where no part of speech is usual;
- only its first two senses count; of a word that WordNet's tagged texts do not have, so that the order
  of its senses means nothing, only a sense that is its only one;
- a synonym must be used in that sense: the tagged texts have it so at least twice, and as a good part of
  all its uses and of its part of speech; where they do not have the word, as its first sense;
- both are single words of plain small letters, three at least: no digits, no function words, and nothing
  that is mostly a name (`john`);
- no forms that are mostly another word's inflection (`saw`, `needs`);
- nothing that WordNet calls slang, archaic, a trade name, obscene, offensive or disparaging.

Antonyms are those of verbs, adjectives and adverbs, as Niu & Bansal 2018 (arXiv:1809.02079) take them.
"""

from __future__ import annotations

import argparse
import gzip
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from augflow.transforms.text_stopwords import FUNCTION_WORDS

FILES = {"n": "noun", "v": "verb", "a": "adj", "r": "adv"}
PART_OF_SENSE_KEY = {"1": "n", "2": "v", "3": "a", "4": "r", "5": "a"}
SENSES = 2
USUAL = 0.7
"""The share of a word's occurrences in WordNet's tagged texts that makes a part of speech its usual one."""

ATTESTED = 2
SHARE_OF_USES = 0.2
"""How often, and as what share of its uses as a part of speech, a synonym must have the sense."""
SHARE_OF_PART = 0.1
"""The share of a synonym's uses that must be of the part of speech."""
NO_NAME = 5
"""So often a word that is a name too must occur with a small letter."""

PLAIN = re.compile(r"(?=[a-z'-]{3})[a-z]{2,}(?:[-'][a-z]+)*")
UNSOUND = (
    "slang archaism disparagement ethnic_slur obscenity dialect regionalism combining_form trade_name "
    "trademark comparative superlative abbreviation acronym French Yiddish street_name "
    "African_American_Vernacular_English"
)
UNSOUND_USAGE = frozenset(UNSOUND.split())
UNSOUND_GLOSS = re.compile(r"obscen|vulgar|offensive|derogatory|disparag|slur\b|slang|archaic|obsolete", re.I)
ENDINGS = {
    "n": [("s", ""), ("ses", "s"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"), ("ies", "y")],
    "v": [
        ("s", ""),
        ("ies", "y"),
        ("es", "e"),
        ("es", ""),
        ("ed", "e"),
        ("ed", ""),
        ("ing", "e"),
        ("ing", ""),
    ],
    "a": [("er", ""), ("est", ""), ("er", "e"), ("est", "e")],
    "r": [],
}
"""WordNet's own rules of detachment: the ending of a form, and of the word that it may be a form of."""

LICENSE_LINE = re.compile(r"  \d+ (.*)")


@dataclass
class Synset:
    """Words that mean the same."""

    words: list[str]
    usages: dict[int, set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    """The synsets that name a usage, by number of the word; 0 for all words."""
    antonyms: dict[int, list[tuple[str, str, int]]] = field(default_factory=lambda: defaultdict(list))
    """Synset and number of the word that means the opposite, by number of the word."""
    unsound: bool = False


@dataclass
class WordNet:
    """What the tables need of it."""

    synsets: dict[tuple[str, str], Synset]
    """By part of speech and offset."""
    senses: dict[str, dict[str, list[str]]]
    """Offsets in order of sense, by word and part of speech."""
    counts: Counter[tuple[str, str]]
    """How often a word occurs as a part of speech in the tagged texts."""
    uses: Counter[tuple[str, str, int]]
    """The same by sense, counted from 1."""
    irregular: dict[str, set[tuple[str, str]]]
    """The words (with part of speech) that an irregular form may belong to."""
    license: str


def read_wordnet(folder: Path) -> WordNet:
    """WordNet's database files, see its manual pages wndb(5) and cntlist(5)."""
    net = WordNet({}, defaultdict(dict), Counter(), Counter(), defaultdict(set), "")
    for part, name in FILES.items():
        lines = (folder / f"data.{name}").read_text(encoding="ascii").splitlines()
        notice = [found[1] for line in lines if (found := LICENSE_LINE.fullmatch(line))]
        net.license = "\n".join(line.rstrip() for line in notice) + "\n"
        for line in lines[len(notice) :]:
            offset, synset = read_synset(line)
            net.synsets[part, offset] = synset
        for line in (folder / f"index.{name}").read_text(encoding="ascii").splitlines():
            if not line.startswith("  "):
                items = line.split()
                net.senses[items[0]][part] = items[-int(items[2]) :]
        for line in (folder / f"{name}.exc").read_text(encoding="ascii").splitlines():
            form, *words = line.split()
            net.irregular[form] |= {(word, part) for word in words}
    for line in (folder / "cntlist.rev").read_text(encoding="ascii").splitlines():
        key, sense, count = line.split()
        word, _, rest = key.partition("%")
        net.counts[word, PART_OF_SENSE_KEY[rest[0]]] += int(count)
        net.uses[word, PART_OF_SENSE_KEY[rest[0]], int(sense)] += int(count)
    return net


def read_synset(line: str) -> tuple[str, Synset]:
    """One line of a data file: its offset and the synset."""
    head, _, gloss = line.partition(" | ")
    items = head.split()
    size = int(items[3], 16)
    words = [items[4 + 2 * i].partition("(")[0] for i in range(size)]
    synset = Synset(words, unsound=bool(UNSOUND_GLOSS.search(gloss.partition('"')[0])))
    at = 4 + 2 * size
    for i in range(int(items[at])):
        symbol, offset, part, ends = items[at + 1 + 4 * i : at + 5 + 4 * i]
        source, target = int(ends[:2], 16), int(ends[2:], 16)
        if symbol == ";u":
            synset.usages[source].add((part, offset))
        elif symbol == "!":
            synset.antonyms[source].append((part, offset, target))
    return items[0], synset


def usual_part(net: WordNet, word: str) -> str | None:
    """The part of speech that a word has most often, None where none is usual."""
    counts = {part: net.counts[word, part] for part in net.senses[word]}
    total = sum(counts.values())
    if not total:
        return next(iter(counts)) if len(counts) == 1 else None
    part = max(counts, key=counts.__getitem__)
    return part if counts[part] >= USUAL * total else None


def is_mostly_inflected(net: WordNet, word: str) -> bool:
    """Whether a word is more often a form of another word than itself."""
    bases = {base for base in net.irregular.get(word, ()) if base[0] != word}
    for part, endings in ENDINGS.items():
        for ending, stem in endings:
            base = word.removesuffix(ending) + stem
            if word.endswith(ending) and part in net.senses.get(base, {}):
                bases.add((base, part))
    own = sum(net.counts[word, part] for part in FILES)
    return any(net.counts[base] > own or (own == 0 and word.endswith("s")) for base in bases)


def is_plain(net: WordNet, word: str) -> bool:
    """Whether a word may stand in a table."""
    return PLAIN.fullmatch(word) is not None and word not in FUNCTION_WORDS and not is_name(net, word)


def is_name(net: WordNet, word: str) -> bool:
    """Whether a word has senses with a capital, and is rarely, or not mostly, written without."""
    uses = {True: 0, False: 0}
    found = False
    for part, offsets in net.senses[word].items():
        for sense, offset in enumerate(offsets, 1):
            plain = word in net.synsets[part, offset].words
            found = found or not plain
            uses[plain] += net.uses[word, part, sense]
    return found and uses[True] < max(NO_NAME, uses[False])


def is_sound(net: WordNet, synset: Synset, number: int) -> bool:
    """Whether a synset's word, counted from 1, may be put into a text."""
    marks = {net.synsets[usage].words[0] for usage in synset.usages[0] | synset.usages[number]}
    return not synset.unsound and not marks & UNSOUND_USAGE


def is_used_so(net: WordNet, word: str, part: str, offset: str, known: bool) -> bool:
    """Whether a synonym has the sense that it would be used in, `known` where the tagged texts have the
    word that it would replace."""
    sense = net.senses[word][part].index(offset) + 1
    if not known:
        return sense == 1
    uses = net.uses[word, part, sense]
    as_part = net.counts[word, part]
    overall = sum(net.counts[word, each] for each in FILES)
    return uses >= ATTESTED and uses >= SHARE_OF_USES * as_part and as_part >= SHARE_OF_PART * overall


def usual_senses(net: WordNet, word: str) -> list[tuple[str, str]]:
    """The senses of a word that count, as part of speech and offset."""
    part = usual_part(net, word)
    if part is None:
        return []
    offsets = net.senses[word][part]
    if not net.counts[word, part] and len(offsets) > 1:
        return []
    return [(part, offset) for offset in offsets[:SENSES]]


def synonyms(net: WordNet, word: str) -> list[list[str]]:
    """The synonyms of each of a word's first senses."""
    found = []
    for part, offset in usual_senses(net, word):
        synset = net.synsets[part, offset]
        known = net.counts[word, part] > 0
        found.append(
            [
                other
                for number, other in enumerate(synset.words, 1)
                if other != word
                and is_plain(net, other)
                and is_sound(net, synset, number)
                and is_used_so(net, other, part, offset, known)
                and not is_mostly_inflected(net, other)
            ]
        )
    return found


def antonyms(net: WordNet, word: str) -> list[list[str]]:
    """The opposites of each of a word's first senses."""
    found = []
    for part, offset in usual_senses(net, word):
        if part == "n":
            return []
        synset = net.synsets[part, offset]
        number = [name.lower() for name in synset.words].index(word) + 1
        opposites = [(net.synsets[p, o], n) for p, o, n in synset.antonyms[number]]
        found.append(
            [
                opposite.words[n - 1]
                for opposite, n in opposites
                if is_plain(net, opposite.words[n - 1]) and is_sound(net, opposite, n)
            ]
        )
    return found


def lines(table: Mapping[str, list[list[str]]]) -> Iterator[str]:
    """The table as text, words in order; words without an entry are left out."""
    for word, senses in sorted(table.items()):
        if any(senses):
            yield f"{word}\t{'|'.join(' '.join(sense) for sense in senses).rstrip('|')}\n"


def packed(text: Iterable[str]) -> bytes:
    """gzip without a time, so that the same table gives the same file."""
    return gzip.compress("".join(text).encode("ascii"), compresslevel=9, mtime=0)


def build(folder: Path) -> dict[str, bytes]:
    """The files by name."""
    net = read_wordnet(folder)
    words = [word for word in list(net.senses) if is_plain(net, word) and not is_mostly_inflected(net, word)]
    return {
        "synonyms.txt.gz": packed(lines({word: synonyms(net, word) for word in words})),
        "antonyms.txt.gz": packed(lines({word: antonyms(net, word) for word in words})),
        "LICENSE.wordnet": net.license.encode("ascii"),
    }


def main() -> None:
    """Write the files."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--wordnet", type=Path, default=Path("/usr/share/wordnet"))
    parser.add_argument("--out", type=Path, default=Path("augflow/transforms/words"))
    options = parser.parse_args()
    for name, content in build(options.wordnet).items():
        (options.out / name).write_bytes(content)


if __name__ == "__main__":
    main()
