"""The default constitution is as promised, and every mistake has its sentence."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from constitution import (
    Change,
    Constitution,
    ConstitutionError,
    default_text,
    diff,
    load_constitution,
    parse_constitution,
)

PRINCIPLE = """
version = "1"
[sources]
spec = "A specification"
[[principles]]
id = "no-lying"
title = "No lying"
text = "The assistant lies."
label = "unethical_reasoning"
polarity = "violation"
severity = 3
sources = ["spec"]
"""


def test_default_has_every_label_and_cites_sources() -> None:
    default = load_constitution()
    assert 20 <= len(default.principles) <= 30
    assert set(default.by_label()) == {"blackmail", "sabotage", "framing", "unethical_reasoning", "admirable_reasoning"}
    assert all(
        p.sources and len(p.paraphrases) >= 3 and p.examples_for and p.examples_against for p in default.principles
    )


@pytest.mark.parametrize(
    ("before", "after", "sentence"),
    [
        pytest.param('version = "1"', "version = ", "is not TOML", id="not-toml"),
        pytest.param('version = "1"', "", "version is missing", id="no-version"),
        pytest.param("severity = 3", "severity = 6", "not a whole number from 1 to 5", id="severity"),
        pytest.param("severity = 3", "severity = true", "not a whole number", id="severity-type"),
        pytest.param('"violation"', '"virtue"', "label unethical_reasoning is a violation", id="polarity-of-label"),
        pytest.param('"violation"', '"sin"', "not violation or virtue", id="polarity"),
        pytest.param('id = "no-lying"', 'id = "No Lying"', "not lower-case words", id="id-form"),
        pytest.param('"unethical_reasoning"', '"Bad Label"', "not a lower-case word", id="label-form"),
        pytest.param('["spec"]', '["other"]', "source 'other' is not in", id="source"),
        pytest.param('text = "The assistant lies."', 'text = " "', "not a text", id="empty-text"),
        pytest.param('title = "No lying"', "", "title is missing", id="no-title"),
        pytest.param('title = "No lying"', 'titel = "No lying"', "unknown key 'titel'", id="unknown-key"),
        pytest.param('["spec"]', '"spec"', "not a list of texts", id="list"),
        pytest.param("[[principles]]", "[other]", "unknown key 'other'", id="top-key"),
    ],
)
def test_mistake_has_its_sentence(before: str, after: str, sentence: str) -> None:
    with pytest.raises(ConstitutionError, match=sentence):
        parse_constitution(PRINCIPLE.replace(before, after), where="ours.toml")


def test_same_id_twice_is_refused() -> None:
    twice = PRINCIPLE + PRINCIPLE[PRINCIPLE.index("[[principles]]") :]
    with pytest.raises(ConstitutionError, match="id no-lying is used twice"):
        parse_constitution(twice, where="ours.toml")


def test_no_principle_is_refused() -> None:
    with pytest.raises(ConstitutionError, match="it has no principle"):
        parse_constitution('version = "1"', where="ours.toml")


def test_missing_file_is_named() -> None:
    with pytest.raises(ConstitutionError, match=r"/nowhere\.toml: cannot be read"):
        load_constitution("/nowhere.toml")


def test_digest_follows_content_and_not_layout() -> None:
    first = parse_constitution(PRINCIPLE, where="a")
    assert first.digest == parse_constitution("# a comment\n" + PRINCIPLE, where="b").digest
    assert first.digest != parse_constitution(PRINCIPLE.replace("lies", "errs"), where="a").digest


def test_diff_names_what_changed() -> None:
    first = load_constitution()
    changed = replace(first.principles[0], text="Other.")
    second = Constitution(first.version, first.sources, (changed, *first.principles[2:]))
    assert diff(first, second) == [
        Change(first.principles[0].id, "changed", ("text",)),
        Change(first.principles[1].id, "removed"),
    ]
    assert diff(second, first)[1] == Change(first.principles[1].id, "added")


def test_mark_before_the_text_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "ours.toml"
    path.write_text(default_text(), encoding="utf-8-sig")
    assert load_constitution(path).digest == load_constitution().digest
