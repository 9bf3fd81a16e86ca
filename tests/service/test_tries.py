"""Five tries an hour on one subject, wherever they are counted."""

import pytest

from service.tries import Tries
from tests.services import free_port


async def spent(tries: Tries, subject: str) -> int:
    """How many tries pass before one is refused."""
    passed = 0
    while await tries.take(subject):
        passed += 1
    return passed


async def test_five_tries_pass_and_a_right_one_gives_them_back():
    tries = Tries(None)
    assert await spent(tries, "101") == 5
    assert await spent(tries, "102") == 5
    await tries.give_back("101")
    assert await spent(tries, "101") == 5


async def test_a_solution_is_used_once():
    tries = Tries(None)
    assert await tries.first_use("signature")
    assert not await tries.first_use("signature")


@pytest.mark.redis
async def test_workers_with_a_redis_count_together(redis_url: str):
    one, two = Tries(redis_url), Tries(redis_url)
    try:
        for _ in range(3):
            assert await one.take("101")
        assert await spent(two, "101") == 2
        assert not await one.take("101")
    finally:
        await one.close()
        await two.close()


async def test_without_their_redis_workers_count_for_themselves():
    tries = Tries(f"redis://127.0.0.1:{free_port()}/0")
    try:
        assert await spent(tries, "101") == 5
        await tries.give_back("101")
        assert await spent(tries, "101") == 5
    finally:
        await tries.close()
