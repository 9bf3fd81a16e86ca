"""Moments, scores and ratios as the outside reads them."""

from ranking.rules import BASIS_POINTS
from ranking.scores import score_number
from ranking.standing import NO_LINE
from service.moments import moment
from service.shapes import Score

__all__ = ["line_or_none", "moment", "ratio_text", "score_or_none"]


def ratio_text(basis_points: int) -> str:
    """A filing ratio as people write it: 10500 is "105%"."""
    whole, rest = divmod(basis_points, BASIS_POINTS // 100)
    return f"{whole}.{rest:02d}".rstrip("0") + "%" if rest else f"{whole}%"


def score_or_none(milli: int | None) -> Score | None:
    return None if milli is None else score_number(milli)


def line_or_none(milli: int) -> Score | None:
    return None if milli == NO_LINE else score_number(milli)
