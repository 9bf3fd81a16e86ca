"""The desk: what is answered with a receipt is on disk, once and in order. On both stores."""

import asyncio
from random import Random

import pytest
from sqlalchemy import text

from service import filing
from service.decisions import choice_view
from service.errors import Refusal
from service.filing import FilingDesk
from service.receipts import Receipt, fingerprint_of
from service.store import choices, desk, rounds
from service.store.engine import DatabaseFault, reading, writing
from tests.builders import ROUND, ROUND_FILE, House, opened


async def refused(what) -> str:
    """The slug a request is refused with."""
    with pytest.raises(Refusal) as refusal:
        await what
    return refusal.value.code


async def receipts_of(house: House, number: str) -> list[Receipt]:
    """What the database keeps for a candidate, oldest first; each as it was fingerprinted."""
    async with reading(house.engine) as connection:
        terms = await rounds.read_terms(connection, ROUND)
        assert terms is not None
        kept = await choices.receipts_of(connection, house.ids[number], terms.round_id)
    receipts = [Receipt.from_json(one.body) for one in kept]
    for one, receipt in zip(kept, receipts, strict=True):
        assert fingerprint_of(receipt.as_json(), one.salt) == receipt.fingerprint
    return receipts


def many(numbers) -> str:
    """A candidates file of the 理科 track, with a few scores that many share."""
    rows = [f"{n},理科,{400 + n % 250},0,code-{n}" for n in numbers]
    return "\n".join(["candidate_no,track,exam_score,bonus,initial_code", *rows])


async def test_each_accepted_choice_gets_a_receipt_that_is_kept_as_answered(house: House):
    first = await house.file("101", "5012", ("02", "01"), version=0)
    second = await house.file("101", "5037", version=1, adjust=False)
    assert (first.version, first.majors, first.institution_name) == (1, ("02", "01"), "北原大学")
    assert (first.received_at, first.candidate_no, first.round) == (house.clock.now, "101", ROUND)
    assert (second.version, second.seq, second.replaces) == (2, first.seq + 1, first.fingerprint)
    assert second.accepts_adjustment is False
    assert await receipts_of(house, "101") == [first, second]


async def test_a_stale_version_is_a_conflict_that_shows_the_choice_held(house: House):
    await house.file("101", "5012", version=0)
    held = await house.file("101", "5037", version=1)
    for stale in (0, 1, 3):
        with pytest.raises(Refusal) as refusal:
            await house.file("101", "5012", version=stale)
        assert refusal.value.code == "version-conflict"
        assert refusal.value.current == choice_view(held)
    assert await refused(house.withdraw("101", version=1)) == "version-conflict"


async def test_a_request_without_a_version_is_not_checked(house: House):
    await house.file("101", "5012", version=0)
    assert (await house.file("101", "5037")).version == 2
    assert (await house.withdraw("101")).version == 3


async def test_a_retry_with_its_key_gets_the_same_receipt_even_after_the_close(house: House):
    first = await house.file("101", "5012", version=0, key="k")
    await house.file("101", "5037", version=1, key="l")
    assert await house.file("101", "5012", version=0, key="k") == first
    house.clock.at("12:00")
    assert await house.file("101", "5012", version=0, key="k") == first
    assert await refused(house.file("101", "5012", version=2, key="m")) == "segment-closed"
    assert len(await receipts_of(house, "101")) == 2


async def test_a_retried_withdrawal_gets_the_same_receipt(house: House):
    await house.file("101", "5012")
    gone = await house.withdraw("101", key="k")
    assert gone.institution_code is None
    assert await house.withdraw("101", key="k") == gone


async def test_a_retry_after_a_restart_gets_the_same_receipt(url: str):
    async with opened(url) as house:
        first = await house.file("101", "5012", version=0, key="k")
    async with opened(url) as again:
        assert await again.file("101", "5012", version=0, key="k") == first
        assert (await again.file("102", "5012", key="k")).seq == first.seq + 1


async def test_a_key_that_comes_with_another_request_is_a_mismatch(house: House):
    await house.file("101", "5012", version=0, key="k")
    other = [
        house.file("101", "5037", version=0, key="k"),
        house.file("101", "5012", ("02",), version=0, key="k"),
        house.file("101", "5012", version=1, key="k"),
        house.file("101", "5012", version=0, key="k", adjust=False),
        house.withdraw("101", version=0, key="k"),
    ]
    assert [await refused(one) for one in other] == ["idempotency-mismatch"] * 5


async def test_a_key_sent_twice_at_once_is_one_choice(house: House):
    twice = [house.file("101", "5012", version=0, key="k") for _ in range(5)]
    assert len(set(await asyncio.gather(*twice))) == 1
    assert len(await receipts_of(house, "101")) == 1


async def test_the_same_choice_saved_again_is_no_event(house: House):
    first = await house.file("101", "5012", ("01", "02"))
    before = len(await house.log())
    assert await house.file("101", "5012", ("01", "02"), version=1, key="again") == first
    assert len(await house.log()) == before
    assert await house.file("101", "5012", ("01", "02"), version=1, key="again") == first
    assert (await house.file("101", "5012", ("02", "01"))).version == 2


REFUSED = [
    ("unknown-unit", "101", "9999", ("01",), None),
    ("unknown-unit", "101", "5012", ("01",), "国家专项"),
    ("wrong-track", "201", "5037", ("01",), None),
    ("unknown-major", "101", "5012", ("05",), None),
    ("unknown-major", "101", "00", ("a1",), None),
    ("duplicate-major", "101", "5012", ("01", "02", "01"), None),
    ("too-many-majors", "101", "5012", ("01", "02", "03", "04", "05", "06", "07"), None),
]


async def test_what_cannot_be_wished_is_refused_and_leaves_nothing(house: House):
    await house.desk.pass_gates()
    before = await house.log()
    for n, (slug, number, institution, majors, nature) in enumerate(REFUSED):
        asked = house.file(number, institution, majors, nature=nature, key=f"k{n}")
        assert await refused(asked) == slug
    assert await house.log() == before
    assert (await house.file("101", "5012", (), key="k0")).version == 1


@pytest.mark.parametrize(
    ("time", "act", "slug"),
    [
        ("07:59:59.999", "create", "not-open"),
        ("08:00", "create", None),
        ("10:29:59.999", "create", None),
        ("10:30", "create", "create-locked"),
        ("09:59:59.999", "delete", None),
        ("10:00", "delete", "delete-locked"),
        ("10:59:59.999", "modify", None),
        ("11:00", "modify", "segment-closed"),
        ("11:00:00.001", "modify", "segment-closed"),
    ],
)
async def test_gates_hold_at_their_very_instant(small: House, time, act, slug):
    if act != "create":
        await small.file("101", "5012")
    small.clock.at(time)
    what = small.withdraw("101") if act == "delete" else small.file("101", "5037")
    if slug is None:
        await what
    else:
        assert await refused(what) == slug


async def test_who_holds_nothing_has_nothing_to_withdraw(house: House):
    assert await refused(house.withdraw("101")) == "no-choice"
    await house.file("101", "5012")
    await house.withdraw("101")
    assert await refused(house.withdraw("101", key="again")) == "no-choice"


async def test_between_the_two_locks_one_may_create_but_not_delete(house: House):
    await house.file("101", "5012")
    house.clock.at("09:59:59.999")
    gone = await house.withdraw("101", version=1)
    assert (gone.version, gone.institution_code) == (2, None)
    house.clock.at("10:10")
    back = await house.file("101", "5037", version=0)
    assert back.version == 3
    assert await refused(house.withdraw("101")) == "delete-locked"
    house.clock.at("10:30")
    assert (await house.file("101", "5012", version=3)).version == 4


async def test_after_a_withdrawal_both_0_and_the_last_version_are_current(house: House):
    await house.file("101", "5012")
    await house.withdraw("101")
    assert await refused(house.file("101", "5012", version=1)) == "version-conflict"
    assert (await house.file("101", "5012", version=2)).version == 3
    await house.withdraw("101")
    assert (await house.file("101", "5012", version=0)).version == 5


async def test_two_plan_natures_of_one_institution_are_two_units(house: House):
    plain = await house.file("101", "E87", nature="")
    special = await house.file("101", "E87", nature="国家专项")
    unsaid = await house.file("102", "E87")
    assert [r.plan_nature for r in (plain, special, unsaid)] == ["", "国家专项", ""]
    units = [event.unit_id for event in await house.log() if event.unit_id is not None]
    assert units[0] == units[2] != units[1]


async def test_who_is_unknown_and_a_round_that_is_unknown_are_not_found(house: House):
    wish = filing.Wish("5012", None, (), accepts_adjustment=True)
    assert await refused(house.desk.file(house.ids["101"], "no-round", wish, 0, "k")) == "not-found"
    assert await refused(house.desk.file(10**6, ROUND, wish, 0, "k")) == "not-found"


@pytest.mark.parametrize("key", ["\0", "x" * 129, "", "键"])
async def test_a_key_that_no_store_can_hold_fails_nobody_else(house: House, key: str):
    asked = (house.file("101", "5012", ("01",), key=key), house.file("102", "5012", ("01",)))
    bad, good = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(bad, Refusal)
    assert bad.code == "invalid-request"
    assert not isinstance(good, BaseException)


async def test_two_hundred_at_once_get_seq_without_gaps_and_a_stored_receipt_each(house: House):
    numbers = [str(n) for n in range(9000, 9200)]
    await house.import_candidates(many(map(int, numbers)))
    start = len(await house.log())
    given = await asyncio.gather(*(house.file(n, "5012", ("01",), key=n) for n in numbers))
    events = await house.log()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert sorted(r.seq for r in given) == [e.seq for e in events[start:] if e.candidate_id]
    assert len({r.id for r in given}) == len({r.fingerprint for r in given}) == 200
    for number, receipt in zip(numbers[::20], given[::20], strict=True):
        assert await receipts_of(house, number) == [receipt]


async def test_two_desks_on_one_database_leave_no_gap_and_lose_nothing(url: str):
    async with opened(url) as one, opened(url) as two:
        await one.import_candidates(many(range(9000, 9060)))
        await two.know()
        numbers = [str(n) for n in range(9000, 9060)]
        asked = [(one, two)[n % 2].file(number, "5037") for n, number in enumerate(numbers)]
        # the same candidate at both desks, several times over
        asked += [desk.file("101", i) for i in ("5012", "5037", "00") for desk in (one, two)]
        given = await asyncio.gather(*asked[:60], *asked[60:], return_exceptions=True)
        accepted = {r.seq for r in given if isinstance(r, Receipt)}
        events = await one.log()
        assert [event.seq for event in events] == list(range(1, len(events) + 1))
        assert accepted == {e.seq for e in events if e.candidate_id is not None}
        versions = [r.version for r in await receipts_of(one, "101")]
        assert versions == list(range(1, len(versions) + 1))
        assert all(isinstance(r, Receipt) for r in given[:60])


async def test_the_same_key_at_two_desks_is_one_choice_with_one_receipt(url: str):
    async with opened(url) as one, opened(url) as two:
        numbers = ["101", "102", "103", "104", "105", "106"]
        asked = [d.file(n, "5012", version=0, key=n) for n in numbers for d in (one, two, one)]
        given = await asyncio.gather(*asked)
        for n, number in enumerate(numbers):
            assert len(set(given[3 * n : 3 * n + 3])) == 1
            assert await receipts_of(two, number) == [given[3 * n]]
        one.clock.at("15:00")
        assert await one.file("101", "5012", version=0, key="101") == given[0]


async def test_nothing_of_a_segment_follows_its_seal(house: House):
    random = Random(2014)
    numbers = ["101", "102", "103", "104", "105", "106"]
    filing_score = {
        house.ids[n]: s for n, s in zip(numbers, (620, 615, 615, 615, 580, 480), strict=True)
    }
    for moment in ("10:20", "10:59:59.9", "11:00", "10:59", "11:30", "12:00", "11:59", "13:59"):
        house.clock.at(moment)
        asked = [house.file(n, random.choice(["5012", "5037"])) for n in numbers * 2]
        await asyncio.gather(*asked, return_exceptions=True)
    sealed_from = 1000
    for event in await house.log():
        if event.kind == "segment_sealed":
            assert event.body is not None
            sealed_from = int(str(event.body["gate"]).removeprefix("segment:"))
        elif event.candidate_id is not None:
            assert filing_score[event.candidate_id] < sealed_from
    assert sealed_from == 500


async def test_a_seal_is_in_the_log_before_the_first_request_after_it(house: House):
    house.clock.at("10:20")
    await house.file("101", "5012")
    house.clock.at("11:00")
    assert (await refused(house.file("101", "5037"))) == "segment-closed"
    assert [event.kind for event in await house.log()][-1] == "segment_sealed"
    house.clock.at("10:20")
    assert (await refused(house.file("101", "5037"))) == "segment-closed"


async def test_gates_are_written_once_however_often_one_looks(house: House):
    house.clock.at("23:00")
    await house.desk.pass_gates()
    once = await house.log()
    await house.desk.pass_gates()
    assert await house.log() == once
    names = [str(e.body["gate"]) for e in once if e.kind == "segment_sealed" and e.body]
    assert names == ["segment:600", "segment:500", "segment:rest"]


async def test_a_round_without_a_schedule_never_opens(house: House):
    await house.import_round(ROUND_FILE.partition("[schedule]")[0])
    assert await refused(house.file("101", "5012")) == "not-open"


async def test_a_transaction_that_fails_answers_all_who_wait_and_leaves_nothing(house, monkeypatch):
    house.clock.at("11:00")
    before = await house.log()
    keep = desk.keep

    def full_disk(*rows):
        keep(*rows)
        raise DatabaseFault("disk full")

    monkeypatch.setattr(desk, "keep", full_disk)
    asked = [house.file(n, "5012", key="k") for n in ("105", "106", "101")]
    given = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in given] == [DatabaseFault] * 3
    assert await house.log() == before
    assert await receipts_of(house, "105") == []
    monkeypatch.undo()
    house.clock.at("10:00")  # not even the gates of the failed transaction are remembered
    assert (await house.file("101", "5012", key="k")).version == 1


@pytest.mark.parametrize("culprit", ["101", "102", "106"])
async def test_a_fault_that_one_request_causes_fails_no_other(house: House, monkeypatch, culprit):
    keep = desk.keep

    def constrained(connection, held, receipts, answers):
        keep(connection, held, receipts, answers)
        if any(one.candidate_id == house.ids[culprit] for one in held):
            keep(connection, (), receipts, ())  # the same seq twice: the database's own refusal

    monkeypatch.setattr(desk, "keep", constrained)
    numbers = ["101", "102", "103", "104", "105", "106"]
    given = await asyncio.gather(
        *(house.file(n, "5012", key="k") for n in numbers), return_exceptions=True
    )
    failed = [n for n, one in zip(numbers, given, strict=True) if not isinstance(one, Receipt)]
    assert failed == [culprit]
    assert isinstance(given[numbers.index(culprit)], DatabaseFault)
    events = await house.log()
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    assert [r.seq for r in given if isinstance(r, Receipt)] == [
        e.seq for e in events if e.candidate_id is not None
    ]
    monkeypatch.setattr(desk, "keep", keep)
    assert (await house.file(culprit, "5012", key="k")).version == 1


async def test_a_full_queue_refuses_and_answers_those_it_took(url: str, monkeypatch):
    monkeypatch.setattr(filing, "QUEUE_LIMIT", 2)
    async with opened(url) as house:
        await house.desk.close()
        house.desk = FilingDesk(house.engine, house.clock, house.announce)
        taken = [asyncio.create_task(house.file(n, "5012")) for n in ("101", "102")]
        await asyncio.sleep(0)
        assert await refused(house.file("103", "5012")) == "overloaded"
        house.desk.open()
        assert [r.candidate_no for r in await asyncio.gather(*taken)] == ["101", "102"]
        assert (await house.file("103", "5012")).version == 1


async def test_a_caller_who_leaves_does_not_stop_what_was_asked(house: House):
    leaving = asyncio.create_task(house.file("101", "5012", key="k"))
    await asyncio.sleep(0)
    leaving.cancel()
    await asyncio.gather(leaving, return_exceptions=True)
    kept = await house.file("101", "5012", key="k")
    assert await receipts_of(house, "101") == [kept]


async def test_the_announcement_names_the_newest_seq(house: House):
    given = await house.file("101", "5012")
    assert house.announced[-1] == given.seq


async def test_a_restored_history_is_read_anew_though_its_revisions_were_given_out_before(
    house: House,
):
    before = (await house.file("101", "5012")).majors
    async with writing(house.engine) as connection:
        await connection.execute(text("UPDATE head SET epoch = 'another'"))
        await connection.execute(text("UPDATE major SET code = '09' WHERE code = '01'"))
    assert before == ("01",)
    assert await refused(house.file("102", "5012", ("01",))) == "unknown-major"
    assert (await house.file("102", "5012", ("09",))).majors == ("09",)
