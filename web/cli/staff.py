"""`mingci staff`: the office's accounts. There is none until one is made here."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from service import totp
from service.errors import Refusal
from service.staff import StaffAccounts
from service.store.engine import open_engine
from service.store.migrate import migrate
from service.store.staff import ROLES, Role
from web.app import utc_now
from web.cli.faults import database_in_use, end, read_settings

app = typer.Typer(
    help="Staff accounts of the office's desk.", no_args_is_help=True, add_completion=False
)

Name = Annotated[str, typer.Argument(help="What the person signs in with.")]


@app.command("add")
def add(
    name: Name,
    role: Annotated[list[str], typer.Option(help=f"One of {', '.join(ROLES)} (repeatable).")],
) -> None:
    """Make an account; its initial password and one-time-code secret are shown only now."""
    unknown = [one for one in role if one not in ROLES]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r} is no role", param_hint="--role")
    roles: list[Role] = [one for one in ROLES if one in role]
    made = _with_accounts(
        lambda accounts: accounts.add(name, roles), taken=f'there is a "{name}" already'
    )
    print(f"name: {name}")
    print(f"roles: {', '.join(roles)}")
    print(f"initial password: {made.password}")
    print(f"one-time-code secret: {made.totp_secret}")
    print(f"enrol: {made.enrolment(name)}")


@app.command("list")
def list_() -> None:
    """Every account with its roles, also the disabled ones."""
    for one in _with_accounts(lambda accounts: accounts.everybody()):
        state = "disabled" if one.disabled else "active"
        print(f"{one.name}\t{', '.join(one.roles)}\t{state}")


@app.command("disable")
def disable(name: Name) -> None:
    """Close an account for good and end its sessions; what it did stays."""
    _with_accounts(lambda accounts: accounts.disable(name), missing=f'there is no "{name}"')
    print(f"disabled: {name}")


@app.command("code")
def code(
    secret: Annotated[str, typer.Option(prompt="one-time-code secret", hide_input=True)],
) -> None:
    """The code of this moment for a secret, where no authenticator application is at hand."""
    try:
        print(totp.code_at(secret.strip(), totp.step_at(utc_now())))
    except ValueError:
        end("this is no secret as `mingci staff add` shows it", code=2)


T = TypeVar("T")


def _with_accounts(
    act: Callable[[StaffAccounts], Awaitable[T]], *, taken: str = "", missing: str = ""
) -> T:
    settings = read_settings()

    async def run() -> T:
        engine = open_engine(settings)
        try:
            await migrate(engine)
            return await act(StaffAccounts(engine, utc_now))
        finally:
            await engine.dispose()

    words = {
        "name-taken": taken,
        "not-found": missing,
        "invalid-request": "a name is letters, digits, dots and dashes, at most 64",
    }
    with database_in_use():
        try:
            return asyncio.run(run())
        except Refusal as refusal:
            end(words[refusal.code])
