"""The same log gives the same bytes, whoever follows it, on whichever store, in any process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.builders import sqlite_url
from tests.services import empty_database

HOUSE = Path(__file__).parents[2]


def begun(url: str, hash_seed: int) -> subprocess.Popen[bytes]:
    """A life on an empty database, in a process with this hash seed."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.promises.replayed", url],
        env={**os.environ, "PYTHONHASHSEED": str(hash_seed)},
        cwd=HOUSE,
        stdout=subprocess.PIPE,
    )


def ended(life: subprocess.Popen[bytes]) -> list[bytes]:
    """The log it made, and what each of its followers shows."""
    out, _ = life.communicate(timeout=100)
    assert life.returncode == 0
    return out.split(b"\n")


@pytest.mark.postgres
def test_one_log_gives_the_same_bytes_in_every_follower_store_and_process(
    tmp_path: Path, postgres_url: str
):
    lives = [begun(sqlite_url(tmp_path), 1), begun(empty_database(postgres_url, "replayed"), 2)]
    (log, *shown), (log_on_postgres, *shown_on_postgres) = map(ended, lives)
    assert log == log_on_postgres
    assert log.count(b"choice_filed") > 100
    assert log.count(b"imported") > 4
    assert len(shown) == 4
    assert {*shown, *shown_on_postgres} == {shown[0]}
    assert b'"rank":2' in shown[0]
