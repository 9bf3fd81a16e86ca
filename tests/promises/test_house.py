"""The house is as its papers say: one parent, locked packages, short files, true documents."""

import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup
from typer.main import get_command

ROOT = Path(__file__).parents[2]
PACKAGES = ("web", "service", "importers", "ranking")
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
PAPERS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def ids(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def test_the_four_packages_share_a_parent():
    import importers
    import ranking
    import service
    import web

    found = {Path(str(one.__file__)).parents[1] for one in (web, service, importers, ranking)}
    assert found == {ROOT}


@pytest.mark.parametrize("lock", LOCKS, ids=ids)
def test_a_lock_has_hashes_and_no_addresses(lock: Path):
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=sha256:[0-9a-f]{64})", text, re.MULTILINE)
    pins = re.split(r"^(?=[a-z])", text, flags=re.MULTILINE)[1:]
    assert pins
    assert [pin for pin in pins if "==" not in pin or "--hash=sha256:" not in pin] == []


def test_every_dependency_is_locked():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]
    wanted = {
        "run.txt": project["project"]["dependencies"],
        "build.txt": groups["build"],
        "dev.txt": [*groups["test"], *(one for one in groups["lint"] if isinstance(one, str))],
        "bench.txt": groups["bench"],
    }
    for lock, names in wanted.items():
        locked = re.findall(
            r"^([a-z0-9._-]+)==", (ROOT / "requirements" / lock).read_text(), re.MULTILINE
        )
        assert {re.split(r"[^\w.-]", name)[0] for name in names} <= set(locked), lock


def test_no_file_is_too_long():
    limits = {"tests": 800}
    lines = {
        path: len(path.read_bytes().splitlines())
        for room in (*PACKAGES, "tests")
        for path in (ROOT / room).rglob("*")
        if path.suffix in {".py", ".js", ".html"}
    }
    lines[ROOT / "dev.py"] = len((ROOT / "dev.py").read_bytes().splitlines())
    room_of = {path: path.relative_to(ROOT).parts[0] for path in lines}
    assert {ids(p): n for p, n in lines.items() if n >= limits.get(room_of[p], 500)} == {}


@pytest.mark.parametrize("paper", PAPERS, ids=ids)
def test_a_document_names_only_commands_that_exist(paper: Path):
    named = {
        tuple(words.split()) for words in re.findall(r"\bmingci((?: [a-z]+)+)", code_of(paper))
    }
    known = commands()
    unknown = [words for words in named if words[:1] not in known]
    wrong = [
        words
        for words in named
        if any(one[:1] == words[:1] and len(one) == 2 for one in known) and words[:2] not in known
    ]
    assert unknown + wrong == []


@pytest.mark.parametrize("paper", PAPERS, ids=ids)
def test_a_document_names_only_what_dev_py_can_do(paper: Path):
    help_text = subprocess.run(
        [sys.executable, ROOT / "dev.py", "--help"], capture_output=True, text=True, check=True
    ).stdout
    known = set(re.findall(r"^    ([a-z]+) ", help_text, re.MULTILINE))
    assert {"demo", "test"} <= known
    assert set(re.findall(r"dev\.py ([a-z]+)", paper.read_text())) <= known


def test_the_readme_opens_with_the_two_commands():
    code = code_of(ROOT / "README.md")
    first = [line.split("#")[0].strip() for line in code.splitlines() if "dev.py" in line][:2]
    assert first == ["python3 dev.py demo", "python3 dev.py test"]


@pytest.mark.parametrize("paper", PAPERS, ids=ids)
def test_a_document_links_to_files_that_exist(paper: Path):
    links = re.findall(r"\]\(([^)#]+)", paper.read_text())
    local = [link for link in links if "://" not in link]
    assert [link for link in local if not (paper.parent / link).exists()] == []


def test_every_setting_is_explained():
    from service.settings import Settings

    explained = re.findall(
        r"^\| `MINGCI_([A-Z_]+)`", (ROOT / "docs/operating.md").read_text(), re.MULTILINE
    )
    assert {name.lower() for name in explained} == set(Settings.model_fields)


def test_the_wheel_brings_templates_and_static_files(tmp_path: Path):
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    with zipfile.ZipFile(next(tmp_path.glob("*.whl"))) as wheel:
        shipped = set(wheel.namelist())
    ours = {
        ids(path)
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert any(name.startswith("web/static/") for name in ours)
    assert ours - shipped == set()


def code_of(paper: Path) -> str:
    """The parts of a document that are set as code: indented blocks and `spans`, by line."""
    text = paper.read_text()
    blocks = [line for line in text.splitlines() if line.startswith("    ")]
    spans = re.findall(r"`([^`\n]+)`", text)
    return "\n".join([*blocks, *spans])


def commands() -> set[tuple[str, ...]]:
    """Every command of `mingci`, as (group,), (group, command) or (command,)."""
    from web.cli.group import MODULES, app

    top = get_command(app)
    assert isinstance(top, TyperGroup)
    found: set[tuple[str, ...]] = {(name,) for name in MODULES}
    for name in MODULES:
        command = top.get_command(typer.Context(top), name)
        found |= {(name, inner) for inner in getattr(command, "commands", {})}
    return found


def test_every_test_that_the_rules_page_names_exists():
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs" / "rules.md").read_text()))
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"def (test_\w+)\(", path.read_text())
    }
    assert len(named) > 40
    assert sorted(named - defined) == []
