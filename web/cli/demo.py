"""`mingci demo`: a synthetic province in a fresh SQLite file, served live."""

import asyncio
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer
import uvicorn

from importers.province import Province, make_province
from importers.round_file import RoundFile, Schedule, Segment, round_file_toml
from service import logs
from service.intake import Intake
from service.settings import Settings
from service.staff import NewAccount, StaffAccounts
from service.store.engine import open_engine
from service.store.migrate import migrate
from service.store.staff import Role
from web.app import make_app, utc_now
from web.cli.serve import server_config
from web.cli.simulation import Actor, Simulation, actors_of, wishes_of
from web.deps import Services

ACTIONS_PER_SECOND = 6.0
HEAD_START = timedelta(minutes=5)
"""How long, in the round's own time, it has been open when the demo begins."""

SHORTEST = timedelta(seconds=1)
"""Between publications, however fast the day: a round file says it in whole seconds."""

app = typer.Typer()


@app.command()
def demo(
    port: Annotated[int, typer.Option(help="Port to listen on.")] = 8000,
    candidates: Annotated[int, typer.Option(min=50, help="How many candidates.")] = 2000,
    seed: Annotated[int, typer.Option(help="The same seed makes the same province.")] = 2014,
    speed: Annotated[
        float, typer.Option(min=0.1, help="A day of filing, so many times faster.")
    ] = 60,
) -> None:
    """Make a province, serve it live on this machine, print the address and log-ins."""
    logs.set_up("WARNING")
    with tempfile.TemporaryDirectory(prefix="mingci-demo-") as folder:
        try:
            asyncio.run(_run(Path(folder), port, make_province_of(candidates, seed), speed))
        except KeyboardInterrupt:
            typer.echo("演示结束。")


def make_province_of(candidates: int, seed: int) -> Province:
    """A province whose units fit its candidates: about one unit for 25 of them."""
    units = max(8, candidates // 25)
    return make_province(candidates, units, units * 5, seed)


async def _run(folder: Path, port: int, province: Province, speed: float) -> None:
    settings = Settings(
        database_url=f"sqlite+aiosqlite:///{folder / 'demo.db'}", demo=True, redis_url=None
    )
    file = compressed(province.round_file, utc_now(), speed)
    await load(settings, province, file)
    staff = await make_staff(settings)
    app = make_app(settings)
    server = uvicorn.Server(server_config(app, "127.0.0.1", port))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        if serving.done():
            await serving
            raise typer.Exit(1)
        await asyncio.sleep(0.05)
    simulation = await begin(app.state.services, file.code, province)
    visitors = simulation.keep_for_visitors()
    _greet(port, file, visitors)
    _greet_staff(port, staff)
    acting = asyncio.create_task(simulation.run(ACTIONS_PER_SECOND))
    await serving
    acting.cancel()
    await asyncio.gather(acting, return_exceptions=True)


async def load(settings: Settings, province: Province, file: RoundFile) -> None:
    """The province into a fresh database, through the same intake as any import."""
    engine = open_engine(settings)
    try:
        await migrate(engine)
        intake = Intake(engine, utc_now, lambda _seq: None)
        await intake.set_round(file, round_file_toml(file))
        await intake.apply_plan(file.code, province.plan, "demo")
        await intake.apply_candidates(
            file.season_code, province.candidates, "demo", must_change_password=False
        )
    finally:
        await engine.dispose()


STAFF: Mapping[str, Sequence[Role]] = {
    "wang": ("importer", "auditor"),
    "li": ("reviewer", "publisher", "security_admin"),
}
"""The demo's two people: one proposes, the other reviews and approves."""


async def make_staff(settings: Settings) -> dict[str, NewAccount]:
    """Two accounts of the office, for the demo alone; their first password need not be changed."""
    engine = open_engine(settings)
    try:
        accounts = StaffAccounts(engine, utc_now)
        return {
            name: await accounts.add(name, roles, must_change_password=False)
            for name, roles in STAFF.items()
        }
    finally:
        await engine.dispose()


async def begin(at: Services, round_code: str, province: Province) -> Simulation:
    """The simulation with its first choices filed."""
    one = at.board.rounds[round_code]
    wishes = wishes_of(province.choices)
    simulation = Simulation(at, round_code, actors_of(one, province.candidates, wishes), seed=1)
    await simulation.fill()
    return simulation


def compressed(file: RoundFile, now: datetime, speed: float) -> RoundFile:
    """The same round, begun a moment ago, its day running `speed` times as fast."""
    schedule = file.schedule
    if schedule is None:
        raise AssertionError("a province's round has a schedule")
    origin = schedule.opens + HEAD_START

    def moved(at: datetime) -> datetime:
        return now + (at - origin) / speed

    faster = Schedule(
        opens=moved(schedule.opens),
        delete_lock=schedule.delete_lock and moved(schedule.delete_lock),
        create_lock=schedule.create_lock and moved(schedule.create_lock),
        closes=moved(schedule.closes),
        statistics_every=max(schedule.statistics_every / speed, SHORTEST),
        segments=tuple(Segment(s.min_score, moved(s.closes)) for s in schedule.segments),
    )
    return replace(file, schedule=faster, live_statistics=True)


def _greet(port: int, file: RoundFile, visitors: Sequence[Actor]) -> None:
    lines = [
        "",
        f"演示已就绪 Demo ready: http://127.0.0.1:{port}/",
        *(f"考生号 {visitor.candidate_no} 密码 {visitor.code}" for visitor in visitors),
        f"轮次 round: {file.code}；全部截止 closes: {file.schedule.closes.astimezone():%H:%M:%S}"
        if file.schedule
        else "",
        "按 Ctrl+C 结束 to stop",
        "",
    ]
    typer.echo("\n".join(lines))


def _greet_staff(port: int, staff: Mapping[str, NewAccount]) -> None:
    lines = [
        f"工作台 office: http://127.0.0.1:{port}/office",
        *(
            f"工作人员 {name}（{'、'.join(STAFF[name])}）密码 {made.password} 动态码密钥 {made.totp_secret}"
            for name, made in staff.items()
        ),
        "动态码 one-time codes: mingci staff code --secret 密钥",
        "",
    ]
    typer.echo("\n".join(lines))
