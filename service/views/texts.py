"""Moments, scores and ratios as the outside reads them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from ranking.rules import BASIS_POINTS
from ranking.scores import score_number
from ranking.standing import NO_LINE
from service.shapes import Score

ZONE = ZoneInfo("Asia/Shanghai")


def moment(at: datetime) -> str:
    """A moment as the outside reads it: RFC 3339, in the default zone, to the millisecond."""
    return at.astimezone(ZONE).isoformat(timespec="milliseconds")


def ratio_text(basis_points: int) -> str:
    """A filing ratio as people write it: 10500 is "105%"."""
    whole, rest = divmod(basis_points, BASIS_POINTS // 100)
    return f"{whole}.{rest:02d}".rstrip("0") + "%" if rest else f"{whole}%"


def score_or_none(milli: int | None) -> Score | None:
    return None if milli is None else score_number(milli)


def line_or_none(milli: int) -> Score | None:
    return None if milli == NO_LINE else score_number(milli)
