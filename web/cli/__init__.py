"""The mingci command. Each subcommand is one small module; errors are one stderr line per fault."""

import sys
from collections.abc import Mapping
from importlib import import_module

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from service.errors import Refusal, StoreError

MODULES: Mapping[str, str] = {
    "demo": "demo",
    "serve": "serve",
    "import": "imports",
    "generate": "offline",
    "standings": "offline",
    "admit": "admit",
}
"""Where each subcommand lives."""


class OneByOne(TyperGroup):
    """Loads a subcommand when it is asked for: reading two files needs no web framework."""

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """All subcommands, in the order of a first reading."""
        del ctx
        return list(MODULES)

    def get_command(  # type: ignore[override]
        self, ctx: typer.Context, cmd_name: str
    ) -> TyperCommand | TyperGroup | None:
        """The subcommand of this name, from its module."""
        del ctx
        if cmd_name not in MODULES:
            return None
        found = get_command(import_module(f"web.cli.{MODULES[cmd_name]}").app)
        if isinstance(found, TyperGroup):
            found = found.commands.get(cmd_name, found)
        found.name = cmd_name
        return found  # type: ignore[return-value]


app = typer.Typer(
    cls=OneByOne,
    name="mingci",
    help="名次 mingci: live rankings for transparent admissions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback()
def mingci() -> None:
    """名次 mingci: live rankings for transparent admissions."""


def main() -> None:
    """Run the command; what the service declines is one line and exit code 1."""
    try:
        app()
    except Refusal as refusal:
        from web.refusals import sentence  # noqa: PLC0415 the web framework, only if it is needed

        sys.exit(f"mingci: {sentence(refusal, 'en')}")
    except StoreError as fault:
        sys.exit(f"mingci: {fault}")
