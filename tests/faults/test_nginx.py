"""docs/deploy/nginx.conf as it stands, but for ports and paths, before two real processes."""

import asyncio
import json
import re
import shutil
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2 as httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests import services
from tests.faults.crowd import crowd, nothing_is_lost_or_doubled
from tests.faults.processes import PATIENCE_S, Redis, Service, quiet_port, serving
from tests.faults.province import ROUND, Province, province
from tests.faults.sockets import watching

CONFIGURATION = Path(__file__).parents[2] / "docs" / "deploy" / "nginx.conf"
PROGRAM = shutil.which("nginx") or "/usr/sbin/nginx"


@dataclass(frozen=True)
class Proxy:
    """nginx with our configuration in a folder of its own."""

    where: Path
    port: int

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def command(self) -> list[str]:
        return [PROGRAM, "-p", str(self.where), "-c", str(self.where / "nginx.conf")]

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.where / "tls" / "fullchain.pem")

    @contextmanager
    def running(self) -> Iterator[None]:
        log = self.where / "log"
        with log.open("wb") as out:
            nginx = subprocess.Popen([*self.command, "-g", "daemon off;"], stdout=out, stderr=out)
        try:
            services.wait(self._answers, nginx, log)
            yield
        finally:
            nginx.terminate()
            nginx.wait(services.START_S)

    def _answers(self) -> bool:
        try:
            httpx.get(f"{self.address}/nowhere", verify=self.trust, trust_env=False)
        except httpx.TransportError:
            return False
        return True


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate for the loopback."""
    if not Path(PROGRAM).exists():
        services.missing("nginx")
    tls = tmp_path_factory.mktemp("certified") / "tls"
    tls.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", tls / "privkey.pem", "-out", tls / "fullchain.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return tls


@pytest.fixture
def where(certified: Path, tmp_path: Path) -> Path:
    """A folder for one nginx."""
    shutil.copytree(certified, tmp_path / "tls")
    return tmp_path


def proxy(where: Path, *upstreams: int) -> Proxy:
    """The configuration with ports and paths of this test's own; nothing else is changed."""
    port = quiet_port()
    text = CONFIGURATION.read_text(encoding="utf-8")
    ours = {
        r"user www-data;": "user root;" if Path("/root").owner() == _me() else "",
        r"pid /run/nginx-mingci.pid;": f"pid {where}/pid;",
        r"http \{": "http {\n" + "".join(
            f"    {kind}_temp_path {where}/{kind};\n"
            for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        ),
        r"listen 80 ": f"listen 127.0.0.1:{quiet_port()} ",
        r"listen 443 ": f"listen 127.0.0.1:{port} ",
        r"(?:        server 127\.0\.0\.1:\d+ max_fails=3 fail_timeout=5s;\n)+": "".join(
            f"        server 127.0.0.1:{one} max_fails=3 fail_timeout=5s;\n" for one in upstreams
        ),
    }  # fmt: skip
    for pattern, new in ours.items():
        text, found = re.subn(pattern, new, text)
        assert found == 1, pattern
    (where / "nginx.conf").write_text(text, encoding="utf-8")
    return Proxy(where, port)


def _me() -> str:
    return Path("/proc/self").owner()


def test_the_configuration_is_one_that_nginx_takes(where: Path):
    checked = subprocess.run(
        [*proxy(where, 8001, 8002).command, "-t"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


@pytest.mark.slow
@pytest.mark.postgres
@pytest.mark.redis
async def test_filing_and_live_go_on_when_one_of_two_processes_is_killed(
    where: Path, own_redis: Redis, empty_postgres: str, tmp_path: Path
):
    place = await province(empty_postgres, 12)
    one, two = (Service(place.url, tmp_path, own_redis.url) for _ in range(2))
    front = proxy(where, one.port, two.port)
    async with serving(one, two):
        with front.running():
            async with (
                watching(place, front.port, tls=front.trust) as screens,
                crowd(place, front.address, tls=front.trust) as people,
            ):
                await people.more(40)
                await screens.reach(people.newest_seq)
                one.kill()
                await people.more(40)
                await screens.reach(people.newest_seq)
                await people.finish()
                await screens.show_what_is(people)
                assert set(people.answers) <= {200, 503}
                await nothing_is_lost_or_doubled(people, place.url)


async def next_standing(lines: AsyncIterator[str]) -> dict[str, Any]:
    """The next standing of an event stream."""
    async with asyncio.timeout(PATIENCE_S):
        async for line in lines:
            if line.startswith("data: "):
                told: dict[str, Any] = json.loads(line.removeprefix("data: "))
                if told["type"] == "standing":
                    return told
    raise AssertionError("the stream has ended")


async def an_event_comes_while_the_stream_is_open(place: Province, front: Proxy) -> None:
    """What is filed is told in a stream that goes on: nothing waits for its end, or for a full buffer."""
    async with crowd(place, front.address, busy=0, tls=front.trust) as people:
        one = people.people[0]
        asked = {"Authorization": f"Bearer {one.token}"}
        path = f"{front.address}/api/v1/live/events?round={ROUND}"
        async with (
            httpx.AsyncClient(verify=front.trust, trust_env=False, timeout=PATIENCE_S) as client,
            client.stream("GET", path, headers=asked) as stream,
        ):
            lines = stream.aiter_lines()
            before = await next_standing(lines)
            assert before["first_major"] is None
            receipt = await people.receipt_of(one, one.next_entry())
            told = await next_standing(lines)
            assert told["seq"] >= receipt["seq"]
            assert told != {**before, "seq": told["seq"], "as_of": told["as_of"]}


@pytest.mark.slow
async def test_what_the_proxy_answers_by_itself_and_what_it_passes_on(where: Path, tmp_path: Path):
    place = await province(f"sqlite+aiosqlite:///{tmp_path}/mingci.db", 1)
    service = Service(place.url, tmp_path)
    front = proxy(where, service.port)
    with front.running(), httpx.Client(verify=front.trust, trust_env=False) as client:
        away = client.get(f"{front.address}/api/v1/rounds")
        assert away.status_code == 503
        assert away.headers["retry-after"] == "2"
        assert away.json()["type"] == "urn:mingci:problem:unavailable"
        async with serving(service):
            too_large = {"Idempotency-Key": "k", "Content-Type": "application/json"}
            path = f"{front.address}/api/v1/rounds/{ROUND}/choice"
            assert client.put(path, content=b" " * 65_537, headers=too_large).status_code == 413
            page = client.get(front.address)
            assert page.status_code == 200
            style = re.findall(r'"(/static/[^"]+\.css)"', page.text)[0]
            asked = [client.get(front.address + style) for _ in range(2)]
            assert [one.status_code for one in asked] == [200, 200]
            assert "immutable" in asked[1].headers["cache-control"]
            with pytest.raises(InvalidStatus):
                connect(f"wss://127.0.0.1:{front.port}/elsewhere", ssl=front.trust, proxy=None)
            await an_event_comes_while_the_stream_is_open(place, front)
