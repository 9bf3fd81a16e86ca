"""The mingci command. Errors are one stderr line per fault; subcommands are listed in web.cli.group."""

import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from service.errors import Refusal, StoreError

FILES = ("--plan", "--candidates", "--choices", "--out")


def main() -> None:
    """Run the command; what the service declines is one line and exit code 1."""
    try:
        if not _standings(sys.argv[1:]):
            from web.cli.group import app  # noqa: PLC0415 - a quarter second, see _standings

            app()
    except Refusal as refusal:
        from web.refusals import sentence  # noqa: PLC0415 the web framework, only if it is needed

        sys.exit(f"mingci: {sentence(refusal, 'en')}")
    except StoreError as fault:
        sys.exit(f"mingci: {fault}")


def _standings(arguments: Sequence[str]) -> bool:
    """Do `standings` at once if it is spelled out: each file once, as two words.

    A parser of command lines takes as long to load as 200,000 candidates take to read. It is left
    to help, to other spellings, and to saying what is wrong with them: then this is False.
    """
    named = dict(zip(arguments[1::2], arguments[2::2], strict=False))
    round_file = named.pop("--round", None)
    values = [*named.values(), *([] if round_file is None else [round_file])]
    if (
        arguments[:1] != ["standings"]
        or sorted(named) != sorted(FILES)
        or len(arguments) != 1 + 2 * len(values)
        or not all(value and not value.startswith("-") for value in values)
    ):
        return False
    # Nothing here multiplies matrices, for which idle threads would be made, or leaves cycles.
    os.putenv("OPENBLAS_NUM_THREADS", "1")
    gc.disable()
    from web.cli.standings import write_standings  # noqa: PLC0415 - only this command needs it

    try:
        write_standings(
            *(Path(named[name]) for name in FILES[:3]),
            round_file=None if round_file is None else Path(round_file),
            out=Path(named["--out"]),
        )
    except KeyboardInterrupt:
        sys.exit(130)
    return True
