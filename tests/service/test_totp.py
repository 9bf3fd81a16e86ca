import base64
from datetime import UTC, datetime, timedelta

import pytest

from service import totp

RFC_SECRET = base64.b32encode(b"12345678901234567890").decode()
NOW = datetime(2026, 8, 1, 2, 0, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_are_those_of_rfc_6238(seconds: int, code: str):
    step = totp.step_at(datetime.fromtimestamp(seconds, UTC))
    assert totp.code_at(RFC_SECRET, step, digits=8) == code
    assert totp.code_at(RFC_SECRET, step) == code[2:]


@pytest.mark.parametrize(
    ("away", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)]
)
def test_a_neighbouring_step_is_taken_and_no_further_one(away: int, *, taken: bool):
    step = totp.step_at(NOW) + away
    found = totp.step_of(RFC_SECRET, totp.code_at(RFC_SECRET, step), NOW, last_step=0)
    assert found == (step if taken else None)


def test_a_step_that_was_used_and_any_before_it_are_not_taken_again():
    here = totp.step_at(NOW)
    code, earlier = totp.code_at(RFC_SECRET, here), totp.code_at(RFC_SECRET, here - 1)
    assert totp.step_of(RFC_SECRET, code, NOW, last_step=here - 1) == here
    assert totp.step_of(RFC_SECRET, code, NOW, last_step=here) is None
    assert totp.step_of(RFC_SECRET, earlier, NOW, last_step=here) is None
    assert totp.step_of(RFC_SECRET, code, NOW + timedelta(seconds=30), last_step=here) is None


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "abcdef", "１２３４５６", "12345 ", "-12345"]
)
def test_what_is_no_code_is_none(code: str):
    assert totp.step_of(RFC_SECRET, code, NOW, last_step=0) is None


def test_the_enrolment_address_says_all_that_an_application_needs():
    address = totp.enrolment("王 主任", "JBSWY3DP")
    assert address == (
        "otpauth://totp/mingci:%E7%8E%8B%20%E4%B8%BB%E4%BB%BB"
        "?secret=JBSWY3DP&issuer=mingci&digits=6&period=30"
    )


def test_a_new_secret_has_160_bits():
    first, second = totp.new_secret(), totp.new_secret()
    assert len(base64.b32decode(first)) == 20
    assert first != second
