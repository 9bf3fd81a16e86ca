"""`mingci staff`: accounts made at the machine, shown once."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from service import totp
from web.app import utc_now
from web.cli import main

Run = Callable[..., tuple[str, str]]


@pytest.fixture
def mingci(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Run:
    """Runs `mingci staff …` in this process on a fresh database: what it said."""
    monkeypatch.setenv("MINGCI_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'm.db'}")

    def run(*arguments: str, rc: int = 0) -> tuple[str, str]:
        monkeypatch.setattr("sys.argv", ["mingci", "staff", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        assert (ended.value.code or 0) == rc
        said = capsys.readouterr()
        return said.out, said.err

    return run


def test_an_account_is_made_listed_and_disabled(mingci: Run):
    said, _ = mingci("add", "wang", "--role", "importer", "--role", "auditor")
    assert re.search(r"^initial password: [2-9a-z]{10}$", said, re.MULTILINE)
    secret = re.search(r"^one-time-code secret: ([A-Z2-7]{32})$", said, re.MULTILINE)
    assert secret is not None
    assert f"secret={secret[1]}&" in said
    assert mingci("list")[0] == "wang\tauditor, importer\tactive\n"
    assert mingci("disable", "wang")[0] == "disabled: wang\n"
    assert mingci("list")[0] == "wang\tauditor, importer\tdisabled\n"


def test_what_cannot_be_is_one_line(mingci: Run):
    mingci("add", "wang", "--role", "importer")
    assert mingci("add", "wang", "--role", "importer", rc=1)[1] == (
        'mingci: there is a "wang" already\n'
    )
    assert "letters" in mingci("add", "a b", "--role", "importer", rc=1)[1]
    assert mingci("disable", "li", rc=1)[1] == 'mingci: there is no "li"\n'
    assert "is no role" in mingci("add", "li", "--role", "king", rc=2)[1]
    assert "is no secret" in mingci("code", "--secret", "!", rc=2)[1]


def test_a_code_is_that_of_this_moment(mingci: Run):
    secret = totp.new_secret()
    before = totp.step_at(utc_now())
    code = mingci("code", "--secret", secret)[0].strip()
    assert code in {totp.code_at(secret, step) for step in (before, totp.step_at(utc_now()))}
