"""The round that filing is measured on: a synthetic province, open now, its candidates signed in."""

import hashlib
import secrets
from dataclasses import replace
from datetime import timedelta

from importers.province import Province, make_province
from importers.round_file import Segment
from service.events import to_ms
from service.settings import Settings
from service.store import people, rounds
from service.store.engine import open_engine, reading, writing
from web.app import utc_now
from web.cli.demo import load

UNITS, MAJORS, SEED = 800, 4_800, 7


async def prepare(url: str, candidates: int, signed_in: int) -> dict[str, object]:
    """Load the province at `url`; who may file, with what, as the load clients read it.

    Sessions are put into the table: signing in costs a password hash each, which is not measured.
    """
    settings = Settings(database_url=url)
    province = open_now(make_province(candidates, UNITS, MAJORS, SEED))
    await load(settings, province, province.round_file)
    engine = open_engine(settings)
    try:
        async with reading(engine) as connection:
            season = await rounds.season_id_of(connection, province.round_file.season_code)
            assert season is not None
            roster = await people.read_roster(connection, season)
        span = (to_ms(utc_now()), to_ms(utc_now() + timedelta(hours=12)))
        tokens = [secrets.token_urlsafe(32) for _ in range(signed_in)]
        async with writing(engine) as connection:
            for token, candidate_id in zip(tokens, roster.id.tolist(), strict=False):
                digest = hashlib.sha256(token.encode()).hexdigest()
                await people.add_session(connection, digest, candidate_id, span, "bench")
    finally:
        await engine.dispose()
    tracks = roster.track[:signed_in]
    people_of = [[token, track] for token, track in zip(tokens, tracks, strict=True)]
    return {"round": province.round_file.code, "people": people_of, "units": units_of(province)}


def open_now(province: Province) -> Province:
    """The same province, its round open for a day to come and all locks at its end."""
    schedule = province.round_file.schedule
    assert schedule is not None
    opens = utc_now().replace(microsecond=0) - timedelta(minutes=5)
    closes = opens + timedelta(days=1)
    whole = replace(
        schedule,
        opens=opens,
        delete_lock=closes,
        create_lock=closes,
        closes=closes,
        statistics_every=timedelta(hours=12),
        segments=(Segment(None, closes),),
    )
    return replace(province, round_file=replace(province.round_file, schedule=whole))


def units_of(province: Province) -> dict[str, list[tuple[str, str, list[str]]]]:
    """By track, (institution code, plan nature, up to four majors) of every unit."""
    majors: dict[tuple[str, str, str], list[str]] = {}
    for row in province.plan:
        key = (row.track, row.institution_code, row.plan_nature)
        majors.setdefault(key, []).append(row.major_code)
    by_track: dict[str, list[tuple[str, str, list[str]]]] = {}
    for (track, institution, nature), codes in majors.items():
        by_track.setdefault(track, []).append((institution, nature, codes[:4]))
    return by_track
