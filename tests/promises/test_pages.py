"""What the pages promise whatever is on them: no inline code, no HTML from strings, little weight."""

import gzip
import re
from pathlib import Path

import pytest

from web.pages import assets, words

WEB = Path(words.__file__).parents[1]
TEMPLATES = sorted((WEB / "templates").glob("*.html"))
MODULES = sorted((WEB / "static").glob("*.js"))
STATIC_BUDGET = 20 * 1024


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_holds_no_inline_style_or_script(template: Path) -> None:
    text = template.read_text("utf-8")
    assert not re.search(r'\sstyle="|<style|\son[a-z]+="|javascript:', text)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_a_template_never_switches_escaping_off(template: Path) -> None:
    assert not re.search(r"\|\s*safe|autoescape", template.read_text("utf-8"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_a_module_makes_no_html_from_strings(module: Path) -> None:
    text = module.read_text("utf-8")
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    assert "location.reload" not in text


def test_the_static_files_stay_within_their_budget() -> None:
    weight = sum(len(gzip.compress(asset.body)) for asset in assets.assets().values())
    assert weight <= STATIC_BUDGET


def test_nothing_is_loaded_from_elsewhere() -> None:
    for path in [*TEMPLATES, *MODULES, WEB / "static" / "site.css"]:
        text = path.read_text("utf-8").replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|@import|//cdn", text), path.name
