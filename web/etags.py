"""Entity tags for those who poll: whether what they have is still true. RFC 9110, 8.8.3."""

import hashlib

import msgspec

from service.shapes import StandingView


def standing_tag(view: StandingView) -> str:
    """A weak tag of everything in a standing but the moment it was true at."""
    said = {name: value for name, value in view.items() if name not in ("seq", "as_of")}
    return f'W/"{hashlib.sha256(msgspec.json.encode(said)).hexdigest()[:32]}"'


def names(if_none_match: str, tag: str) -> bool:
    """Whether an If-None-Match header names this tag, compared weakly."""
    named = {one.strip().removeprefix("W/") for one in if_none_match.split(",")}
    return "*" in named or tag.removeprefix("W/") in named
