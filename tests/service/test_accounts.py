"""Sign-in, the forced first change of the initial code, and how sessions end."""

from datetime import timedelta

import pytest

from service.accounts import initial_secret, new_initial_code
from service.errors import Refusal
from service.store import people
from service.store.engine import reading
from tests.builders import CANDIDATES, House

NEW = "a-new-password"


async def refused(what) -> str:
    with pytest.raises(Refusal) as refusal:
        await what
    return refusal.value.code


async def secret_of(house: House, number: str) -> str:
    async with reading(house.engine) as connection:
        return (await people.credential_of(connection, house.ids[number])).secret


async def who_must_change(house: House) -> str:
    """A candidate that an import gave a code, which must be changed first."""
    await house.import_candidates(CANDIDATES + "107,辛,理科,500,0,code-107\n")
    return "107"


async def test_a_session_is_the_candidates_who_opened_it(house: House):
    session = await house.accounts.sign_in("101", "code-101", "a browser")
    whose = await house.accounts.whose(session.token)
    assert (whose.candidate_no, whose.candidate_id) == ("101", house.ids["101"])
    assert (whose.track, whose.must_change_password) == ("理科", False)
    assert session.expires_at == house.clock.now + timedelta(hours=12)


async def test_the_first_change_of_an_initial_code_is_demanded_until_it_is_done(house: House):
    number = await who_must_change(house)
    session = await house.accounts.sign_in(number, "code-107")
    assert session.must_change_password
    assert (await house.accounts.whose(session.token)).must_change_password
    changed = await house.accounts.change_password(house.ids[number], "code-107", NEW)
    assert not changed.must_change_password
    assert not (await house.accounts.whose(changed.token)).must_change_password


async def test_a_changed_password_is_kept_as_argon2_and_the_initial_code_ends(small: House):
    assert (await secret_of(small, "101")).startswith("initial$")
    await small.accounts.change_password(small.ids["101"], "code-101", NEW)
    assert (await secret_of(small, "101")).startswith("$argon2id$")
    assert await refused(small.accounts.sign_in("101", "code-101")) == "wrong-credentials"
    assert (await small.accounts.sign_in("101", NEW)).token


async def test_a_change_ends_every_other_session_of_that_candidate_alone(small: House):
    old = [await small.accounts.sign_in("101", "code-101") for _ in range(2)]
    others = await small.accounts.sign_in("102", "code-102")
    new = await small.accounts.change_password(small.ids["101"], "code-101", NEW)
    for session in old:
        assert await refused(small.accounts.whose(session.token)) == "not-signed-in"
    assert (await small.accounts.whose(new.token)).candidate_no == "101"
    assert (await small.accounts.whose(others.token)).candidate_no == "102"


async def test_a_wrong_password_and_an_unknown_number_are_answered_alike(small: House):
    answers = []
    for number, password in (("101", "wrong"), ("101", ""), ("nobody", "code-101"), ("", "")):
        with pytest.raises(Refusal) as refusal:
            await small.accounts.sign_in(number, password)
        answers.append((refusal.value.code, refusal.value.facts, refusal.value.current))
    assert answers == [("wrong-credentials", {}, None)] * 4


async def test_the_old_password_must_fit_and_the_new_one_be_new_and_long_enough(small: House):
    change, who = small.accounts.change_password, small.ids["101"]
    assert await refused(change(who, "wrong", NEW)) == "wrong-credentials"
    for weak in ("short", "x" * 129, "code-101"):
        assert await refused(change(who, "code-101", weak)) == "weak-password"
    assert (await small.accounts.sign_in("101", "code-101")).token


async def test_a_session_ends_at_its_very_instant_and_when_signed_out(small: House):
    session = await small.accounts.sign_in("101", "code-101")
    other = await small.accounts.sign_in("101", "code-101")
    await small.accounts.sign_out(other.token)
    assert await refused(small.accounts.whose(other.token)) == "not-signed-in"
    small.clock.now = session.expires_at - timedelta(milliseconds=1)
    assert (await small.accounts.whose(session.token)).candidate_no == "101"
    small.clock.now = session.expires_at
    assert await refused(small.accounts.whose(session.token)) == "not-signed-in"
    assert await refused(small.accounts.whose("made-up")) == "not-signed-in"


def test_a_kept_initial_code_shows_neither_the_code_nor_that_two_are_equal():
    one, two = initial_secret("code"), initial_secret("code")
    assert one != two
    assert "code" not in one
    assert len({new_initial_code() for _ in range(100)}) == 100


async def test_a_sign_in_that_was_verified_before_a_change_opens_nothing_after_it(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    verify = house.accounts._fits

    async def change_meanwhile(password: str, secret: str | None) -> bool:
        fits = await verify(password, secret)
        monkeypatch.setattr(house.accounts, "_fits", verify)
        await house.accounts.change_password(house.ids["101"], "code-101", NEW)
        return fits

    monkeypatch.setattr(house.accounts, "_fits", change_meanwhile)
    assert await refused(house.accounts.sign_in("101", "code-101")) == "wrong-credentials"


async def test_a_number_no_store_can_hold_is_an_unknown_number(house: House):
    assert await refused(house.accounts.sign_in("\0", "x")) == "wrong-credentials"
