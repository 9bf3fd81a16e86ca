"""A person of the staff at the office's desk, through forms alone: no script, no API."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx2 as httpx
from httpx2 import ASGITransport

from service.store.staff import Role
from tests.builders import Running
from tests.office import Authenticator
from web.deps import Services


@dataclass(slots=True)
class Person:
    """Who is signed in, with a browser and an authenticator of the own."""

    client: httpx.AsyncClient
    phone: Authenticator
    name: str = ""
    password: str = ""

    async def sign_in(self) -> None:
        """Open a session; half an hour of nothing ends it."""
        form = {"name": self.name, "password": self.password}
        assert await self.done("/office/sign-in", **form) == "/office"

    async def get(self, address: str) -> str:
        """A page that is there."""
        answer = await self.client.get(address)
        assert answer.status_code == 200, (address, answer.status_code, answer.text[:300])
        assert answer.headers["cache-control"] == "no-store"
        return answer.text

    async def send(self, address: str, **fields: str) -> httpx.Response:
        """A form sent as the page has it, with a fresh one-time code."""
        fields = {"code": self.phone.code(), **fields}
        return await self.client.post(address, data=fields)

    async def done(self, address: str, **fields: str) -> str:
        """A form that is taken: where it leads."""
        answer = await self.send(address, **fields)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] != "/office/sign-in" or address == "/office/sign-out"
        return str(answer.headers["location"])

    async def upload(
        self, what: str, target: str, text: str, name: str = "f.csv"
    ) -> httpx.Response:
        """A file brought to the desk."""
        data, files = {"what": what, "target": target}, {"file": (name, text.encode())}
        return await self.client.post("/office/imports", data=data, files=files)


async def person(service: Running, name: str, roles: Sequence[Role]) -> Person:
    """A new account, signed in through the form."""
    at: Services = service.app.state.services
    made = await at.office.staff.add(name, roles, must_change_password=False)
    client = browser(service)
    phone = Authenticator(made.totp_secret, service.clock)
    one = Person(client, phone, name, made.password)
    await one.sign_in()
    return one


def browser(service: Running) -> httpx.AsyncClient:
    """A browser without a session."""
    transport = ASGITransport(app=service.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://mingci.test")


def said(answer: Any) -> str:
    """The sentence in the page's box of errors."""
    found = re.search(r'role="alert"[^>]*><p>(.*?)</p>', answer.text)
    return "" if found is None else found[1]
