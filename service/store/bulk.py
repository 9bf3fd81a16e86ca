"""Many rows in one statement, on either store.

A statement for each row would let go of the interpreter and wait for it again each time; one with
all rows does so once. SQLite is given a list of VALUES, PostgreSQL arrays to unnest: one text, so
one prepared statement, however many rows there are.
"""

from collections.abc import Sequence
from functools import cache

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import Table

VARIABLES = 32_000
"""How many one statement may have on SQLite (32,766), and on the safe side of it."""


def insert_rows(
    connection: Connection, table: Table, rows: Sequence[Sequence[object]], *, replace: bool = False
) -> None:
    """Insert rows given as values in the table's order of columns.

    `replace` puts them in the place of rows with the same key; no key may come twice then.
    """
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        columns = tuple(list(column) for column in zip(*rows, strict=True))
        connection.exec_driver_sql(_unnesting(table, replace=replace), columns)
        return
    at_once = VARIABLES // len(table.columns)
    for start in range(0, len(rows), at_once):
        some = rows[start : start + at_once]
        values = tuple(value for row in some for value in row)
        connection.exec_driver_sql(_listing(table, len(some), replace=replace), values)


@cache
def _unnesting(table: Table, *, replace: bool) -> str:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = [f"${n}::{c.type.compile(dialect)}[]" for n, c in enumerate(table.columns, 1)]
    given = f"SELECT * FROM unnest({', '.join(types)})"  # noqa: S608 names of the schema alone
    return f"{_into(table)} {given}{_end(table, replace=replace)}"


@cache
def _listing(table: Table, count: int, *, replace: bool) -> str:
    row = f"({', '.join('?' * len(table.columns))})"
    return f"{_into(table)} VALUES {', '.join([row] * count)}{_end(table, replace=replace)}"


def _into(table: Table) -> str:
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names})"


def _end(table: Table, *, replace: bool) -> str:
    if not replace:
        return ""
    key = [column.name for column in table.primary_key]
    rest = [f"{c.name} = excluded.{c.name}" for c in table.columns if c.name not in key]
    return f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET {', '.join(rest)}"
