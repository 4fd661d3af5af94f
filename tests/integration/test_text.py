"""Text ops in processes of their own: offline, beside nlpaug itself, with tables built anew."""

from __future__ import annotations

import ast
import gzip
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest

from augflow.transforms.text_nlpaug import keyboard, look_alikes, misspellings, resources

WORDNET = Path("/usr/share/wordnet")

TEXT = "The little film doesn't begin, 3.5% of it -- 👍🏽 https://a.b/c -- is a really good movie ."

ALL_OPS = f"""
from augflow.rng import KeyedRandom, sample_key
from augflow.transforms.text import text_ops
texts = []
for name, op in text_ops().items():
    given = {{"reserved_tokens": [["film", "movie"]]}} if name == "reserved" else {{}}
    params, problems = op.check(given)
    if problems:
        continue
    for key in range(20):
        rng = KeyedRandom()
        rng.rekey(sample_key(0, 0, str(key)).at(b"op"))
        fields, _ = op.build(params)({{"text": {TEXT!r}}}, rng)
        texts.append((name, fields["text"]))
print(ascii(texts))
"""

OFFLINE = """
import socket, sys
def refuse(*args, **kwargs):
    raise OSError("the network is blocked")
socket.socket = socket.create_connection = socket.getaddrinfo = refuse
for name in ("nltk", "nlpaug", "pandas", "requests"):
    sys.modules[name] = None
"""

NLPAUGS_OWN = """
import os, nlpaug
from nlpaug.model.char import Keyboard, Ocr
from nlpaug.model.word_dict import Spelling
from nlpaug.util import LibraryUtil, ReadUtil
folder = LibraryUtil.get_res_dir()
def keys(lang):
    path = os.path.join(folder, "char", "keyboard", lang + ".json")
    model = Keyboard(upper_case=False, lang=lang, model_path=path).model
    return {key: sorted(near) for key, near in model.items()}
ocr = Ocr(ReadUtil.read_json(os.path.join(folder, "char", "ocr", "en.json"))).model
spelling = {}
for reverse in (False, True):
    model = Spelling(os.path.join(folder, "word", "spelling", "spelling_en.txt"), reverse).dict
    found = {word: sorted(set(others) - {word}) for word, others in model.items()}
    spelling[reverse] = {word: others for word, others in found.items() if others}
print(ascii([keys("en"), keys("uk"), {k: sorted(set(v)) for k, v in ocr.items()}, spelling]))
"""


def python(program: str, *arguments: str, **environment: str) -> str:
    """What a program prints; fails with what it complains about."""
    command = [sys.executable, "-c", program, *arguments]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=100, env=environment or None)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_synonyms_need_neither_network_nor_nltk() -> None:
    """With sockets, nltk and nlpaug out of reach, every op but nlpaug's three works, and synonyms come."""
    texts = ast.literal_eval(python(OFFLINE + ALL_OPS))
    changed = {name for name, text in texts if text != TEXT}
    assert {"synonym", "antonym", "eda", "random_insertion", "aeda"} <= changed
    assert not changed & {"keyboard", "ocr", "spelling"}


def test_every_process_gives_the_same_texts() -> None:
    """The salt of hashes reaches no text: two processes agree on all ops."""
    first, second = (python(ALL_OPS, PYTHONHASHSEED=salt) for salt in ("1", "2"))
    assert first == second
    assert "keyboard" in first


def test_nlpaugs_tables_are_read_as_it_reads_them() -> None:
    """Keyboards, look-alikes and misspellings equal those of nlpaug's models, which stay unloaded here."""
    resources()
    keys_en, keys_uk, ocr, spelling = ast.literal_eval(python(NLPAUGS_OWN))
    for own, ours in ((keys_en, keyboard("en")), (keys_uk, keyboard("uk")), (ocr, look_alikes())):
        assert {key: list(near) for key, near in ours.items() if near} == {k: n for k, n in own.items() if n}
    for reverse in (False, True):
        ours = misspellings(reverse)
        assert {word: list(others) for word, others in ours.items()} == spelling[reverse]
    assert "nlpaug" not in sys.modules


@pytest.mark.skipif(not WORDNET.is_dir(), reason=f"no WordNet at {WORDNET}: apt install wordnet-base")
def test_the_shipped_tables_can_be_built_again(repository: Path, tmp_path: Path) -> None:
    """The script gives the shipped tables and licence from WordNet's files, byte for byte."""
    script = repository / "scripts" / "build_synonyms.py"
    subprocess.run([sys.executable, script, "--out", tmp_path], check=True, timeout=100)
    shipped = files("augflow.transforms.words")
    for name in ("synonyms.txt.gz", "antonyms.txt.gz"):
        ours = gzip.decompress(shipped.joinpath(name).read_bytes())
        assert gzip.decompress((tmp_path / name).read_bytes()) == ours
    assert (tmp_path / "LICENSE.wordnet").read_bytes() == shipped.joinpath("LICENSE.wordnet").read_bytes()
