"""What one round file changes in another, key by key."""

import tomllib
from collections.abc import Iterator
from datetime import datetime

from importers.round_file import RoundFile, round_file_toml


def round_difference(
    before: RoundFile, after: RoundFile
) -> list[tuple[str, str | None, str | None]]:
    """(key by its path, text before, text after) of every key that differs; None: not there."""
    old, new = (dict(_keys("", tomllib.loads(round_file_toml(one)))) for one in (before, after))
    return [
        (key, old.get(key), new.get(key))
        for key in dict.fromkeys([*old, *new])
        if old.get(key) != new.get(key)
    ]


def _keys(path: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _keys(f"{path}.{key}" if path else key, inner)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for place, inner in enumerate(value, 1):
            yield from _keys(f"{path}[{place}]", inner)
    elif isinstance(value, list):
        yield path, ", ".join(map(str, value))
    else:
        yield path, value.isoformat() if isinstance(value, datetime) else str(value)
