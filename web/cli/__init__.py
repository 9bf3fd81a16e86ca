"""The mingci command. Each subcommand is one small module; errors are one stderr line per fault."""

import sys

import typer

from service.errors import Refusal, StoreError
from web.cli import demo, imports, offline, serve
from web.refusals import sentence

app = typer.Typer(
    name="mingci",
    help="名次 mingci: live rankings for transparent admissions.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(offline.app)
app.add_typer(imports.app, name="import")
app.command("serve")(serve.serve)
app.command("demo")(demo.demo)


def main() -> None:
    """Run the command; what the service declines is one line and exit code 1."""
    try:
        app()
    except Refusal as refusal:
        sys.exit(f"mingci: {sentence(refusal, 'en')}")
    except StoreError as fault:
        sys.exit(f"mingci: {fault}")
