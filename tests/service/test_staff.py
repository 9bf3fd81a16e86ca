import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from service.errors import Refusal
from service.staff import NewAccount
from service.store.engine import reading
from service.store.staff import Role
from tests.builders import House
from tests.office import Authenticator, Office


@pytest.fixture
def office(small: House) -> Office:
    return Office(small)


async def made(office: Office, *, first: bool = False) -> tuple[NewAccount, Authenticator]:
    account = await office.accounts.add("wang", ["importer"], must_change_password=first)
    return account, Authenticator(account.totp_secret, office.house.clock)


async def refused(doing) -> str:
    with pytest.raises(Refusal) as told:
        await doing
    return told.value.code


async def test_who_knows_password_and_code_is_signed_in(house: House):
    office = Office(house)
    account, phone = await made(office, first=True)
    token = await office.accounts.sign_in("wang", account.password, phone.code())
    member = await office.accounts.whose(token)
    assert (member.name, set(member.roles)) == ("wang", {"importer"})
    assert member.must_change_password


async def test_whatever_is_wrong_the_answer_is_the_same(office: Office):
    account, phone = await made(office)
    tries = [
        ("nobody", account.password, "123456"),
        ("wang", "wrong", phone.code()),
        ("wang", account.password, "000000"),
        ("wang\0", account.password, phone.code()),
    ]
    codes = {await refused(office.accounts.sign_in(*one)) for one in tries}
    assert codes == {"wrong-credentials"}


async def test_a_code_is_taken_once_also_at_an_act(office: Office):
    account, phone = await made(office)
    code = phone.code()
    token = await office.accounts.sign_in("wang", account.password, code)
    member = await office.accounts.whose(token)
    assert await refused(office.accounts.sign_in("wang", account.password, code)) == (
        "wrong-credentials"
    )
    assert await refused(office.accounts.confirm(member, code)) == "wrong-code"
    fresh = phone.code()
    await office.accounts.confirm(member, fresh)
    assert await refused(office.accounts.confirm(member, fresh)) == "wrong-code"


async def test_after_five_failures_an_account_waits_a_quarter_of_an_hour(office: Office):
    account, phone = await made(office)
    for _ in range(5):
        assert await refused(office.accounts.sign_in("wang", "wrong", "123456")) == (
            "wrong-credentials"
        )
    good = ("wang", account.password)
    assert await refused(office.accounts.sign_in(*good, phone.code())) == "too-many-attempts"
    office.house.clock.now += timedelta(minutes=15)
    assert await office.accounts.sign_in(*good, phone.code())


async def test_a_success_forgets_the_failures_before_it(office: Office):
    account, phone = await made(office)
    for _ in range(2):
        for _ in range(4):
            await refused(office.accounts.sign_in("wang", "wrong", "123456"))
        assert await office.accounts.sign_in("wang", account.password, phone.code())


async def test_a_session_ends_after_half_an_hour_unused_and_not_before(office: Office):
    account, phone = await made(office)
    token = await office.accounts.sign_in("wang", account.password, phone.code())
    for _ in range(3):
        office.house.clock.now += timedelta(minutes=29)
        await office.accounts.whose(token)
    office.house.clock.now += timedelta(minutes=30)
    assert await refused(office.accounts.whose(token)) == "staff-not-signed-in"


async def test_a_session_ends_after_twelve_hours_though_it_is_used(office: Office):
    account, phone = await made(office)
    token = await office.accounts.sign_in("wang", account.password, phone.code())
    for _ in range(28):
        office.house.clock.now += timedelta(minutes=25)
        await office.accounts.whose(token)
    office.house.clock.now += timedelta(minutes=25)
    assert await refused(office.accounts.whose(token)) == "staff-not-signed-in"


async def test_who_is_disabled_is_out_at_once_and_for_good(office: Office):
    account, phone = await made(office)
    token = await office.accounts.sign_in("wang", account.password, phone.code())
    await office.accounts.disable("wang")
    assert await refused(office.accounts.whose(token)) == "staff-not-signed-in"
    again = office.accounts.sign_in("wang", account.password, phone.code())
    assert await refused(again) == "wrong-credentials"
    assert [one.disabled for one in await office.accounts.everybody()] == [True]
    assert await refused(office.accounts.disable("nobody")) == "not-found"


async def test_a_changed_password_ends_every_other_session(office: Office):
    account, phone = await made(office, first=True)
    old = await office.accounts.sign_in("wang", account.password, phone.code())
    member = await office.accounts.whose(old)
    change = office.accounts.change_password
    assert await refused(change(member, "wrong", "long-enough")) == "wrong-credentials"
    assert await refused(change(member, account.password, "short")) == "weak-password"
    new = await change(member, account.password, "long-enough")
    assert not (await office.accounts.whose(new)).must_change_password
    assert await refused(office.accounts.whose(old)) == "staff-not-signed-in"
    await office.accounts.sign_out(new)
    assert await refused(office.accounts.whose(new)) == "staff-not-signed-in"


@pytest.mark.parametrize(("name", "roles"), [("", ["auditor"]), ("a b", ["auditor"]), ("wang", [])])
async def test_an_account_needs_a_name_and_a_role(office: Office, name: str, roles: list[Role]):
    assert await refused(office.accounts.add(name, roles)) == "invalid-request"


async def test_a_name_is_taken_once(office: Office):
    await made(office)
    assert await refused(office.accounts.add("wang", ["auditor"])) == "name-taken"


async def test_of_two_who_use_a_code_at_once_one_is_signed_in(house: House):
    office = Office(house)
    account, phone = await made(office)
    code = phone.code()
    tries = (office.accounts.sign_in("wang", account.password, code) for _ in range(2))
    done = await asyncio.gather(*tries, return_exceptions=True)
    assert sorted(isinstance(one, Refusal) for one in done) == [False, True]


async def test_sessions_that_have_ended_are_not_kept(office: Office):
    account, phone = await made(office)
    for _ in range(3):
        await office.accounts.sign_in("wang", account.password, phone.code())
        office.house.clock.now += timedelta(hours=1)
    async with reading(office.house.engine) as connection:
        kept = await connection.execute(text("SELECT count(*) FROM staff_session"))
    assert kept.scalar_one() == 1
