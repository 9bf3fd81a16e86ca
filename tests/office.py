"""The office's people for tests: accounts whose one-time codes a test can make."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from service import totp
from service.acts import Acts
from service.controls import CONTROLS
from service.events import Event
from service.staff import StaffAccounts
from service.store import rounds, staff
from service.store.acts import Decision, Finding
from service.store.engine import reading
from service.store.staff import Member, Role
from tests.builders import ROUND, Clock, House

REASON = "机房停电，二十分钟无法填报"


@dataclass(slots=True)
class Office:
    """The staff and the acts of one house."""

    house: House
    accounts: StaffAccounts = field(init=False)
    acts: Acts = field(init=False)
    people: dict[str, Member] = field(default_factory=dict)

    def __post_init__(self) -> None:
        engine, clock = self.house.engine, self.house.clock
        self.accounts = StaffAccounts(engine, clock)
        self.acts = Acts(engine, clock, self.house.announced.append, CONTROLS)

    async def member(self, name: str, *roles: Role) -> Member:
        """A person of the staff, made at the first use with these roles."""
        if name not in self.people:
            async with reading(self.house.engine) as connection:
                staff_id = await staff.id_of(connection, name)
            if staff_id is None:
                staff_id = (await self.accounts.add(name, roles or ("publisher",))).id
            async with reading(self.house.engine) as connection:
                member = await staff.read_member(connection, staff_id)
            assert member is not None
            self.people[name] = member
        return self.people[name]

    async def propose(self, kind: str, **body: object) -> int:
        """An act on the small round, proposed by the importer 甲."""
        by = await self.member("甲", "importer")
        return await self.acts.propose(by, kind, ROUND, body, REASON)

    async def approve(self, act_id: int) -> list[Event]:
        """Approved by the publisher 乙."""
        return await self.acts.approve(await self.member("乙", "publisher"), act_id)

    async def publish(self, round_code: str) -> list[Event]:
        """A draft published: proposed by 甲, reviewed by 丁, approved by 乙."""
        by, reviewer = await self.member("甲", "importer"), await self.member("丁", "reviewer")
        async with reading(self.house.engine) as connection:
            _, revision = (await rounds.revisions(connection))[round_code]
        body = {"revision": revision}
        act = await self.acts.propose(by, "publish_round", round_code, body, "计划已核对")
        await self.acts.review(reviewer, act, finding())
        return await self.approve(act)

    async def done(self, kind: str, **body: object) -> list[Event]:
        """Proposed and approved."""
        return await self.approve(await self.propose(kind, **body))


@dataclass(slots=True)
class Authenticator:
    """What a person of the staff carries: makes each code once, and waits for the next."""

    secret: str
    clock: Clock
    used: int = -1

    def code(self) -> str:
        """A code that was not used yet; the clock goes on to the next step where it must."""
        if totp.step_at(self.clock.now) <= self.used:
            self.clock.now += timedelta(seconds=totp.STEP_S)
        self.used = totp.step_at(self.clock.now)
        return totp.code_at(self.secret, self.used)


def finding(decision: Decision = "publish", **found: bool) -> Finding:
    """A review that found nothing but what is named."""
    clean = dict.fromkeys(("state_secret", "trade_secret", "personal_data", "safety"), False)
    return Finding(**{**clean, **found}, decision=decision, basis="政府信息公开条例第十四条")


def local(text: str) -> str:
    """A time of the round's day as an act's body says it."""
    return datetime.fromisoformat(f"2026-08-01T{text}+08:00").isoformat()


def quota(code: str, seats: int, institution: str = "5012") -> dict[str, Any]:
    """One major's seats in an amendment."""
    unit = {"institution_code": institution, "track": "理科", "plan_nature": ""}
    return {**unit, "major_code": code, "quota": seats}
