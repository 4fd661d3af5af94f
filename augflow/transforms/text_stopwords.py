"""English function words: what synonyms never replace, because a dictionary knows them only as nouns
("in" the inch, "a" the ampere, "who" the organization) or because the sentence hangs on them."""

from __future__ import annotations

from collections.abc import Iterator

CLOSED_CLASSES = {
    "determiners": "a an the this that these those each every either neither some any no all both half "
    "such what which whose another other enough several few many much more most less least own same",
    "pronouns": "i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his "
    "himself she her hers herself it its itself they them their theirs themselves one ones oneself someone "
    "somebody something anyone anybody anything everyone everybody everything nobody nothing none thou thee",
    "prepositions": "about above across after against along amid among around as at before behind below "
    "beneath beside besides between beyond but by despite down during except for from in inside into like "
    "near of off on onto out outside over past per since than through throughout till to toward towards "
    "under underneath unlike until unto up upon via versus vs with within without",
    "conjunctions": "and or nor so yet because although though if unless whereas while whether once lest",
    "auxiliaries": "am is are was were be been being have has had having do does did done doing can could "
    "may might must shall should will would ought need dare used get gets got gotten getting let lets",
    "question words": "who whom what when where why how whoever whatever whichever whenever wherever however",
    "particles and adverbs": "not never ever also too very just even only still already again then there "
    "here now thus hence else quite rather almost away back ahead apart together instead perhaps maybe well "
    "far soon often sometimes always yes ok okay please oh ah um uh hey",
    "numerals": "zero one two three four five six seven eight nine ten eleven twelve hundred thousand "
    "million billion first second third fourth fifth last next",
    "verbs that only carry others": "go goes going gone went come comes coming came make makes making made "
    "take takes taking took taken give gives given gave put puts keep say says said want wants",
}
"""The classes of words that a language does not add to, and words that are mostly used as if they were."""

CONTRACTED = (
    "ain aren can couldn didn doesn don hadn hasn haven isn mightn mustn needn shan shouldn wasn weren "
)
CONTRACTED += "won wouldn"
CONTRACTING = "i you he she it we they who that there what here"
AFTER_PRONOUNS = "'m 're 've 'll 'd 's"


def _words() -> Iterator[str]:
    for words in CLOSED_CLASSES.values():
        yield from words.split()
    for stem in CONTRACTED.split():
        yield from (f"{stem}'t", stem + "t")
    for pronoun in CONTRACTING.split():
        yield from (pronoun + ending for ending in AFTER_PRONOUNS.split())


FUNCTION_WORDS = frozenset(_words())
"""Lower case, with the plain apostrophe."""
