"""Every refusal has its words: a status and a sentence in Chinese and in English."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter
from typing import Any

import pytest

from service.errors import Refusal
from web.refusals import SENTENCES, language_of, sentence, status

HOUSE = Path(__file__).parents[2]
CONTRACT = [
    "not-open",
    "create-locked",
    "delete-locked",
    "segment-closed",
    "unknown-unit",
    "unknown-major",
    "wrong-track",
    "duplicate-major",
    "too-many-majors",
    "version-conflict",
    "idempotency-mismatch",
    "not-signed-in",
    "must-change-password",
    "wrong-credentials",
    "too-many-attempts",
    "not-published",
    "overloaded",
]


def raised() -> Iterator[tuple[str, set[str], str]]:
    """Code, facts and place of every `Refusal("…", …)` written in service/ and web/."""
    for path in sorted([*HOUSE.glob("service/**/*.py"), *HOUSE.glob("web/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Refusal":
                code = node.args[0] if node.args else None
                if isinstance(code, ast.Constant):
                    facts = {keyword.arg or "" for keyword in node.keywords}
                    yield str(code.value), facts, f"{path.relative_to(HOUSE)}:{node.lineno}"


def returned_by_the_calendar() -> set[str]:
    tree = ast.parse((HOUSE / "service/calendar.py").read_text(encoding="utf-8"))
    (refusal,) = (n for n in ast.walk(tree) if getattr(n, "name", "") == "refusal")
    returned = (n.value for n in ast.walk(refusal) if isinstance(n, ast.Return))
    return {str(n.value) for n in returned if isinstance(n, ast.Constant) and n.value}


def test_every_code_that_is_raised_has_a_sentence_whose_facts_are_given():
    found = list(raised())
    assert len(found) > 20
    lenient = {"closes_at", "institution_code", "major_code", "segment"}
    for code, facts, place in found:
        assert code in SENTENCES, place
        for text in SENTENCES[code][1:]:
            named = {name for _, name, _, _ in Formatter().parse(str(text)) if name}
            assert named <= facts | lenient, place


def test_every_slug_of_the_contract_and_of_the_calendar_has_a_sentence():
    assert returned_by_the_calendar() == {
        "not-open", "segment-closed", "create-locked", "delete-locked",
    }  # fmt: skip
    assert set(CONTRACT) | returned_by_the_calendar() <= set(SENTENCES)


@pytest.mark.parametrize("code", SENTENCES)
def test_sentences_are_chinese_and_english_and_end_with_a_full_stop(code: str):
    facts: dict[str, Any] = dict.fromkeys(
        ("limit", "count", "least", "most", "segment", "rules", "what"), 1
    )
    chinese, english = (sentence(Refusal(code, **facts), lang) for lang in ("zh", "en"))
    assert re.search(r"[一-鿿]", chinese)
    assert chinese.endswith("。")
    assert english.isascii()
    assert english.endswith(".")
    assert 400 <= status(Refusal(code)) < 600
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", code)


def test_a_malformed_header_means_chinese():
    for header in ("", ";;;", "en;q=x", "en;q=1.5", "q=1", "enx", "\x00", "zh-CN" * 50):
        assert language_of(header) == "zh", header
