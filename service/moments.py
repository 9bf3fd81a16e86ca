"""Moments as the outside reads them."""

from datetime import datetime
from zoneinfo import ZoneInfo

ZONE = ZoneInfo("Asia/Shanghai")


def moment(at: datetime) -> str:
    """A moment as the outside reads it: RFC 3339, in the default zone, to the millisecond."""
    return at.astimezone(ZONE).isoformat(timespec="milliseconds")
