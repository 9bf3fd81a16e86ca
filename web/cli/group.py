"""The subcommands of mingci, each one small module that is loaded when it is asked for."""

from collections.abc import Mapping
from importlib import import_module

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

MODULES: Mapping[str, str] = {
    "demo": "demo",
    "serve": "serve",
    "import": "imports",
    "generate": "offline",
    "standings": "offline",
    "admit": "admit",
    "admission": "admission",
    "staff": "staff",
    "rehearse": "rehearsal",
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
