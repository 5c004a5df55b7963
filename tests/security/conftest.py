"""The hook attacked: a tree with a hook, devices that are paired with it, and raw sockets."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from console.hook.visitors import csrf_of
from console.phones import Phones
from console.scopes import Grade
from tests.actors.conftest import LIMIT
from tests.console.conftest import Grow, Planted, Reach
from tests.console.conftest import grow as grow
from tests.console.conftest import plant as plant

#: A page that nobody has made: who is let in finds nothing there, and who is not is told so.
NOWHERE = "/see/nowhere"


@dataclass(frozen=True)
class Device:
    """A browser with one cookie, as it was given by the hook."""

    hook: Reach
    cookie: str
    """`name=key`."""

    @property
    def key(self) -> str:
        return self.cookie.partition("=")[2]

    @property
    def headers(self) -> dict[str, str]:
        """What a browser sends with a form of a page of ours."""
        return {
            "cookie": self.cookie,
            "origin": self.hook.url,
            "sec-fetch-site": "same-origin",
        }

    def get(self, path: str, **headers: str) -> httpx.Response:
        with self.hook.client() as client:
            return client.get(path, headers={"cookie": self.cookie, **headers})

    def send(self, path: str, fields: dict[str, str] | None = None, **headers: str) -> str:
        """Send a form with its mark; what the guard refused it for, empty where it let it in."""
        form = {"csrf": csrf_of(self.key)} if fields is None else fields
        with self.hook.client() as client:
            answer = client.post(path, data=form, headers={**self.headers, **headers})
        return code_of(answer)


@dataclass(frozen=True)
class Door:
    """A hook with a state folder, and ways to be paired with it."""

    rig: Planted
    state_dir: Path

    @property
    def hook(self) -> Reach:
        return self.rig.hook

    @property
    def phones(self) -> Phones:
        return Phones(self.state_dir, wait=True)

    def invite(self, name: str = "Ann", grade: Grade = Grade.LOOK, *, https: bool = False) -> str:
        """What `kelpie phone` makes: the secret of a link."""
        now = self.rig.clock.now()
        return self.phones.invite(name, grade, https=https, now=now)

    def open(self, secret: str, **headers: str) -> httpx.Response:
        """Look at the link."""
        with self.hook.client() as client:
            return client.get("/pair", params={"link": secret}, headers=headers)

    def confirm(self, secret: str, **headers: str) -> httpx.Response:
        """Send the form under it, as a browser does."""
        sent = {"origin": self.hook.url, "sec-fetch-site": "same-origin", **headers}
        with self.hook.client() as client:
            return client.post("/pair", data={"link": secret}, headers=sent)

    def pair(self, name: str = "Ann", grade: Grade = Grade.LOOK, *, https: bool = False) -> Device:
        """Go the whole way."""
        answer = self.confirm(self.invite(name, grade, https=https))
        assert answer.status_code == 303, answer.text
        return Device(self.hook, answer.headers["set-cookie"].partition(";")[0])

    def audited(self, who: str) -> list[str]:
        """What was written down of this one."""
        return [what for name, what in self.rig.diary.entries if name == who]


Opened = Callable[..., Door]


@pytest.fixture
def opened(grow: Grow, tmp_path: Path) -> Opened:
    """Grow a tree whose hook has a state folder."""

    def build(**options: object) -> Door:
        folder = tmp_path / "state"
        folder.mkdir(mode=0o700, exist_ok=True)
        return Door(grow(state_dir=folder, **options), folder)

    return build


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal, on a page or in a problem document; empty where it is none."""
    if answer.headers.get("content-type", "").startswith("application/problem+json"):
        return str(answer.json()["code"])
    found = re.search(r"<p>\[([A-Z_]+)\]</p>", answer.text)
    return found[1] if found else ""


def raw(hook: Reach, sent: bytes, *, ends: bool = False) -> bytes:
    """Send these very bytes, and read until the hook hangs up; `ends` shuts our side first."""
    address = urlsplit(hook.url)
    with socket.create_connection((address.hostname, address.port or 0), LIMIT) as wire:
        try:
            wire.sendall(sent)
            if ends:
                wire.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # it has hung up already: what it said can be read all the same
        answer = b""
        try:
            while chunk := wire.recv(65536):
                answer += chunk
        except ConnectionResetError:
            pass
    return answer


def statuses(answer: bytes) -> list[int]:
    """The status of each answer that came."""
    return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", answer)]


def link_of(url: str) -> str:
    """The secret in a link."""
    return parse_qs(urlsplit(url).query)["link"][0]
