"""How a command that needs the database ends when it cannot work: one line that says why."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer
from pydantic import ValidationError

from service.settings import Settings
from service.store.engine import DatabaseFault


def end(text: str, code: int = 1) -> NoReturn:
    """One line on stderr, and the exit code: 1 it could not be done, 2 it was asked wrongly."""
    print(f"mingci: {text}", file=sys.stderr)
    raise typer.Exit(code)


def read_settings() -> Settings:
    """The settings in the environment; each that is wrong is one line, never with its value."""
    try:
        return Settings()
    except ValidationError as fault:
        for error in fault.errors():
            name = "_".join(str(part) for part in error["loc"]).upper()
            print(
                f"mingci: MINGCI_{name}: {error['msg'].removeprefix('Value error, ')}",
                file=sys.stderr,
            )
        raise typer.Exit(2) from None


@contextmanager
def database_in_use() -> Iterator[None]:
    """What the database says when it cannot be used, on one line."""
    try:
        yield
    except (DatabaseFault, OSError) as fault:
        cause = getattr(fault, "orig", None) or fault
        end(f"the database cannot be used: {' '.join(str(cause).split())}")
