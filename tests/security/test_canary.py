"""A canary in every secret setting: over a run with faults and crashes it is seen nowhere.

The settings are walked, so that a new secret is held to it by itself.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import psutil
import pytest
from pydantic import SecretStr

from config.entries import SettingsError, entry_of
from config.settings import Settings
from console.cli import add_commands
from console.pages.rendering import PAGES
from console.phones import Phones
from console.scopes import Grade
from runtime.clocks import SystemClock
from tests.plain_http import TRUSTS_NOBODY
from tests.tree.home import ROOT, Home
from tests.tree.waiting import SOON, until

#: How a value of this setting is shaped, where a canary alone would not do: `{}` is the canary,
#: `PORT` that of a service which takes what it is sent.
SHAPES = {
    "alert_urls": "json://127.0.0.1:PORT/{} , json://someone:{}@127.0.0.1:9/",
    "watcher_url": "http://127.0.0.1:PORT/{}",
}
STARTED = 60.0
"""Seconds for what programs do that have to start first."""
_FILLED = {"symbol": "BHP-AUD", "name": "trading.strategist", "venue": "ib"}
COMMANDS = ("run", "ib-sim", "doctor", "statement", "report", "explain", "limits", "phone")


def _canary(name: str) -> str:
    """One that no other setting has, and that stands nowhere else; long enough for a token."""
    return f"kanarie{name.replace('_', '')}4tQz8LmW2xRv6NbY0cJd"


SECRETS = [name for name, each in Settings.model_fields.items() if entry_of(each).secret]
CANARIES = {name: _canary(name) for name in SECRETS}


@dataclass
class Seen:
    """All that anybody could read, by where it stood."""

    found: list[str] = field(default_factory=list)
    looked_at: int = 0
    more: list[str] = field(default_factory=list)
    """Secrets that were made in the run."""

    def look(self, where: str, content: bytes | str) -> None:
        """Search it for every canary."""
        told = content.encode() if isinstance(content, str) else content
        self.looked_at += 1
        for canary in (*CANARIES.values(), *self.more):
            if canary.encode() in told:
                at = told.index(canary.encode())
                self.found.append(f"{where}: …{told[max(0, at - 90) : at + 30]!r}")

    def look_into(self, folder: Path) -> None:
        """Search every file below."""
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                self.look(path.name, path.read_bytes())


class LeakyHome(Home):
    """Runs the Kelpie that leaks."""

    def launch(self, screen: int, **settings: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [self.python, "-m", "tests.security.leaking"],
            cwd=ROOT,
            env={**self._environ(), **settings},
            stdin=subprocess.DEVNULL,
            stdout=screen,
            stderr=subprocess.STDOUT,
            text=True,
        )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[LeakyHome]:
    place = LeakyHome(tmp_path)
    yield place
    place.close()


@pytest.fixture
def service() -> Iterator[tuple[int, list[bytes]]]:
    """Where alerts and the watcher's pings arrive: the port, and the bodies that came."""
    bodies: list[bytes] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers.get("content-length", "0"))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_address[1], bodies
    server.shutdown()
    thread.join(SOON)
    server.server_close()


def _environ(port: int = 9) -> dict[str, str]:
    shaped = {name: SHAPES.get(name, "{}").replace("PORT", str(port)) for name in SECRETS}
    return {name.upper(): shape.replace("{}", CANARIES[name]) for name, shape in shaped.items()}


def test_every_secret_setting_has_a_canary() -> None:
    typed = [n for n, each in Settings.model_fields.items() if "SecretStr" in str(each.annotation)]
    assert typed == SECRETS, "what is a SecretStr says so in its entry, and the other way round"
    assert {"hook_token", "hook_read_token"} <= set(SECRETS)
    settings = Settings.load(_environ(), env_file=None)  # a new one may want a row in SHAPES
    for name in SECRETS:
        value = getattr(settings, name)
        assert isinstance(value, SecretStr) and CANARIES[name] in value.get_secret_value()
        assert CANARIES[name] not in repr(settings)
    shown = "\n".join(f"{row.name}={row.value}" for row in settings.describe())
    assert not [name for name in SECRETS if CANARIES[name] in shown]


def test_a_wrong_secret_is_refused_without_being_repeated() -> None:
    for name in SECRETS:
        wrong = CANARIES[name][:25]
        with pytest.raises(SettingsError) as refused:
            Settings.load({name.upper(): wrong}, env_file=None)
        assert name.upper() in str(refused.value) and wrong not in str(refused.value)


def test_no_help_tells_a_secret(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in _environ().items():
        monkeypatch.setenv(name, value)
    import supervisor

    seen = Seen()
    over_the_hook = argparse.ArgumentParser().add_subparsers()
    add_commands(over_the_hook)
    for command in ("", *over_the_hook.choices, *COMMANDS):
        with pytest.raises(SystemExit):
            supervisor.main([*filter(None, [command]), "--help"])
        out, error = capsys.readouterr()
        assert out, command
        seen.look(f"{command} --help", out + error)
    assert seen.looked_at > 20
    assert seen.found == []


@pytest.mark.timeout(150)
def test_no_canary_is_seen_over_a_run_with_faults_and_crashes(
    home: LeakyHome, service: tuple[int, list[bytes]]
) -> None:
    port, arrived = service
    kelpie = home.start(STRATEGY="rules", **_environ(port))
    seen = Seen()
    full, read = CANARIES["hook_token"], CANARIES["hook_read_token"]
    with httpx.Client(
        base_url=home.url, timeout=SOON, trust_env=False, verify=TRUSTS_NOBODY
    ) as client:
        keyed = {"authorization": f"Bearer {full}"}

        def crashed() -> bool:
            try:
                answer = client.get("/actors/trading.strategist", headers=keyed)
            except httpx.TransportError:
                return False
            return answer.status_code == 200 and "refused with" in str(answer.json()["last_error"])

        until(crashed, "the strategist has crashed with its secrets", STARTED, every=0.2)
        until(home.gateway_pid, "the gateway is there", STARTED)
        _make_trouble(home, client, keyed, seen)
        until(lambda: _refused(client), "the link is lost and said so", every=0.1)
        for path in _paths(client, keyed):
            for token in (full, read):
                answer = client.get(path, headers={"authorization": f"Bearer {token}"})
                seen.look(f"GET {path}", answer.content + str(answer.headers).encode())
        secret, cookie = _pair(home, client)
        seen.more += [secret, cookie.partition("=")[2]]
        for path, _ in PAGES:
            answer = client.get(path, headers={"cookie": cookie})
            assert answer.status_code in (200, 404), path
            seen.look(f"the page {path}", answer.content + str(answer.headers).encode())
        seen.look("the command line", _command_lines(kelpie.pid))
        for words in ("status", "actors trading.strategist"):
            done = home.command(*words.split(), **_environ(port))
            seen.look(words, done.stdout + done.stderr)
        told = lambda: any(b"trading.strategist" in each for each in arrived)  # noqa: E731
        until(told, "it is alerted of", STARTED)
    assert kelpie.interrupt() == 0, kelpie.screen()
    for body in arrived:
        seen.look("an alert", body)
    seen.look("the screen", kelpie.screen())
    seen.look_into(home.logs)
    seen.look_into(home.state)
    log = (home.logs / "kelpie.log").read_text()
    assert "Traceback" in log and "refused with ***" in log, "the crash itself is told"
    assert seen.looked_at > 100
    assert seen.found == []


def _make_trouble(home: LeakyHome, client: httpx.Client, keyed: dict[str, str], seen: Seen) -> None:
    """Faults of every kind that a person or a network can cause."""
    asked = [
        ("GET", "/actors", {"authorization": f"Bearer {CANARIES['hook_token'][:-1]}"}, None),
        ("GET", "/", {"cookie": f"kelpie={'a' * 43}"}, None),
        ("GET", "/pair?link=" + "b" * 43, {}, None),
        ("POST", "/orders", keyed, {"symbol": 1}),
        ("POST", "/orders", keyed, None),
        ("GET", "/actors/nobody", keyed, None),
        ("POST", "/actors/ib.connection/restart", keyed, {"reason": "a trial"}),
        ("POST", "/trading/pause", keyed, {"reason": "a trial"}),
        ("POST", "/alerts/test", keyed, {}),
    ]
    for method, path, headers, body in asked:
        answer = client.request(method, path, headers=headers, json=body)
        seen.look(f"{method} {path}", answer.content + str(answer.headers).encode())
    gateway = home.gateway_pid()
    assert gateway is not None
    os.kill(gateway, signal.SIGKILL)


def _refused(client: httpx.Client) -> bool:
    return client.get("/health/ready").status_code == 503


def _paths(client: httpx.Client, keyed: dict[str, str]) -> list[str]:
    """Every GET there is, with what there is filled in."""
    described = client.get("/openapi.json", headers=keyed).json()["paths"]
    paths = [path for path, verbs in described.items() if "get" in verbs]
    for name, value in _FILLED.items():
        paths = [path.replace(f"{{{name}}}", value) for path in paths]
    paths = [path.replace("{", "").replace("}", "") for path in paths]
    return [*paths, "/openapi.json", "/nothing"]


def _pair(home: LeakyHome, client: httpx.Client) -> tuple[str, str]:
    """A device is paired: the secret of the link, and its cookie."""
    phones = Phones(home.state, wait=True)
    secret = phones.invite("Ann", Grade.TRADE, https=False, now=SystemClock().now())
    answer = client.post("/pair", data={"link": secret}, headers={"origin": home.url})
    assert answer.status_code == 303, answer.text
    return secret, answer.headers["set-cookie"].partition(";")[0]


def _command_lines(pid: int) -> str:
    process = psutil.Process(pid)
    told = [process.cmdline()]
    for child in process.children(recursive=True):
        # What sends an alert lives for a moment only, and may be gone by now.
        with suppress(psutil.NoSuchProcess):
            told.append(child.cmdline())
    return json.dumps(told)
