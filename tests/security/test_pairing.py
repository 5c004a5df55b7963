"""A device is paired by a link that is good once, for ten minutes, and for nobody who guesses."""

from __future__ import annotations

import fcntl
import os
import secrets
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from actors import names
from actors.messages import GetSwitch
from console.hook import Rate
from console.phones import Phones
from console.scopes import Grade
from runtime.clocks import SystemClock
from tests.actors.conftest import LIMIT
from tests.console.conftest import Plant
from tests.console.trading import Market, trading_children
from tests.security.conftest import NOWHERE, Device, Door, Opened, code_of
from tests.tree.waiting import until


def test_a_link_is_looked_at_then_confirmed_and_the_device_is_let_in(opened: Opened) -> None:
    door = opened()
    secret = door.invite("Anns phone", Grade.PAUSE)
    page = door.open(secret)
    assert page.status_code == 200
    assert page.headers["content-type"].startswith("text/html")
    assert "Anns phone" in page.text and "pause and resume new trades" in unescape(page.text)
    assert 'method="post"' in page.text and "set-cookie" not in page.headers
    answer = door.confirm(secret)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    cookie = answer.headers["set-cookie"]
    name, _, rest = cookie.partition("=")
    assert name == "kelpie"
    assert {each.strip() for each in rest.split(";")[1:]} == {
        "Path=/",
        "HttpOnly",
        "SameSite=Lax",
        "Max-Age=34560000",
    }
    device = Device(door.hook, cookie.partition(";")[0])
    assert code_of(device.get(NOWHERE)) == "NO_SUCH_ROUTE"
    until(lambda: door.audited("phone Anns phone"), "the pairing is audited")
    assert door.audited("kelpie phone")[0].startswith("phone link: Anns phone: may look, pause")
    assert door.audited("phone Anns phone")[0].startswith("phone paired: Anns phone: may look")


def test_over_https_the_cookie_is_bound_to_the_host(opened: Opened) -> None:
    door = opened()
    answer = door.confirm(door.invite(https=True))
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-kelpie=") and cookie.endswith("; Secure")
    assert "Domain" not in cookie
    device = Device(door.hook, cookie.partition(";")[0])
    assert code_of(device.get(NOWHERE)) == "NO_SUCH_ROUTE"
    # Under the plain name it could have been set by whoever speaks plain http for this host.
    plain = Device(door.hook, f"kelpie={device.key}")
    assert code_of(plain.get(NOWHERE)) == "PAIRING_ENDED"


def test_a_preview_or_a_second_look_uses_nothing_up(opened: Opened) -> None:
    door = opened()
    secret = door.invite()
    for _ in range(3):
        assert door.open(secret, **{"user-agent": "a messenger's preview"}).status_code == 200
    assert door.confirm(secret).status_code == 303


def test_a_link_is_good_once_even_for_two_at_the_same_moment(opened: Opened) -> None:
    door = opened()
    secret = door.invite()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: door.confirm(secret), range(8)))
    assert sorted(each.status_code for each in answers)[:1] == [303]
    assert [each.status_code for each in answers].count(303) == 1
    assert len(door.phones.read().phones) == 1
    for answer in (door.confirm(secret), door.open(secret)):
        assert answer.status_code in (410, 429)
        assert "set-cookie" not in answer.headers


def test_a_link_runs_out(opened: Opened) -> None:
    door = opened()
    secret = door.invite()
    door.rig.clock.leap(601)
    for answer in (door.open(secret), door.confirm(secret)):
        assert (answer.status_code, code_of(answer)) == (410, "PAIRING_LINK_OVER")
        assert "kelpie phone" in answer.text
    assert door.phones.read().phones == ()


def test_a_clock_that_is_set_back_makes_no_link_good_for_longer(opened: Opened) -> None:
    """It was made while the machine's clock, not set yet, was a year ahead."""
    door = opened()
    ahead = door.rig.clock.now() + timedelta(days=365)
    secret = door.phones.invite("Ann", Grade.TRADE, https=False, now=ahead)
    for answer in (door.open(secret), door.confirm(secret)):
        assert (answer.status_code, code_of(answer)) == (410, "PAIRING_LINK_OVER")
    slightly = door.rig.clock.now() + timedelta(seconds=5)
    assert door.confirm(
        door.phones.invite("Bob", Grade.LOOK, https=False, now=slightly)
    ).is_redirect


def test_what_was_revoked_is_so_after_a_power_cut_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new file in place of the old one is on disk once its folder is."""
    phones, now = Phones(tmp_path, wait=True), SystemClock().now()
    phones.pair(phones.invite("Ann", Grade.TRADE, https=False, now=now), now)
    settled: list[str] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        fsync(descriptor)
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            settled.append(phones.path.read_text())

    monkeypatch.setattr(os, "fsync", watched)
    phones.revoke("Ann")
    assert settled and '"phones": []' in settled[-1]


def test_a_new_link_for_a_name_voids_the_one_before(opened: Opened) -> None:
    door = opened()
    first, second = door.invite("Ann"), door.invite("ann")
    assert code_of(door.confirm(first)) == "PAIRING_LINK_OVER"
    assert door.confirm(second).status_code == 303


def test_of_several_that_change_the_file_none_undoes_another(tmp_path: Path) -> None:
    now = SystemClock().now()

    def invite(number: int) -> str:
        return Phones(tmp_path, wait=True).invite(f"n{number}", Grade.LOOK, https=False, now=now)

    with ThreadPoolExecutor(8) as pool:
        secrets_made = list(pool.map(invite, range(16)))
    phones = Phones(tmp_path, wait=True)
    assert {phones.link(secret, now).name for secret in secrets_made} == {
        f"n{number}" for number in range(16)
    }


def test_the_hook_waits_for_nobody_who_changes_the_file(opened: Opened) -> None:
    door = opened()
    secret = door.invite()
    with (door.state_dir / "phones.json.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        answer = door.confirm(secret)
        assert (answer.status_code, code_of(answer)) == (503, "PHONES_BUSY")
    assert door.confirm(secret).status_code == 303


GUESSES = ["", "x", "none", "a" * 43, "%00", "' or 1=1 --", "a" * 5000, "ä" * 43]


def test_what_is_no_link_pairs_nothing(opened: Opened) -> None:
    door = opened(failure_rate=Rate(burst=100, per_second=100))
    door.invite()
    for guess in GUESSES:
        answer = door.confirm(guess)
        assert (answer.status_code, code_of(answer)) == (410, "PAIRING_LINK_OVER"), guess
        assert "set-cookie" not in answer.headers
    assert door.phones.read().phones == ()


def test_guesses_run_dry_are_audited_once_and_keep_nobody_out(opened: Opened) -> None:
    door = opened(failure_rate=Rate(burst=3, per_second=0.01))
    secret = door.invite()
    codes = [code_of(door.confirm(secrets.token_urlsafe(32))) for _ in range(6)]
    assert codes == ["PAIRING_LINK_OVER"] * 3 + ["TOO_MANY_REQUESTS"] * 3
    assert door.confirm(secret).status_code == 303
    until(lambda: door.audited("somebody"), "the first guess is audited")
    assert len(door.audited("somebody")) == 1


def test_whatever_cookie_came_along_the_key_is_a_new_one(opened: Opened) -> None:
    door = opened()
    planted = secrets.token_urlsafe(32)
    with door.hook.client(**{"cookie": f"kelpie={planted}", "origin": door.hook.url}) as client:
        answer = client.post("/pair", data={"link": door.invite()})
    given = answer.headers["set-cookie"]
    assert answer.status_code == 303 and planted not in given
    assert code_of(Device(door.hook, f"kelpie={planted}").get(NOWHERE)) == "PAIRING_ENDED"
    before = door.pair("Bob")
    with door.hook.client(**{"cookie": before.cookie, "origin": door.hook.url}) as client:
        again = client.post("/pair", data={"link": door.invite("Cas")})
    assert before.key not in again.headers["set-cookie"]


def test_strangers_at_the_door_keep_no_watchdog_from_its_answer(opened: Opened) -> None:
    door = opened(probe_rate=Rate(burst=3, per_second=0.01))
    with door.hook.client() as client:
        codes = [client.get("/pair").status_code for _ in range(5)]
        assert codes == [200, 200, 200, 429, 429]
        assert client.get("/see/style.css").status_code == 429
        assert client.get("/health/live").status_code == 200


def test_what_a_device_does_is_audited_by_its_name(plant: Plant, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    market = Market(plant(trading_children(folder), state_dir=folder))
    market.open()
    device = Door(market.tree, folder).pair("Ann", Grade.PAUSE)
    assert device.send("/do/pause") == ""
    system = market.tree.system
    thrown = system.ask(names.LEDGER, GetSwitch("paused")).get(timeout=LIMIT)
    assert thrown.who == "phone Ann"


def test_what_is_revoked_is_shut_out_at_once_and_audited(opened: Opened) -> None:
    door = opened()
    ann, bob = door.pair("Ann", Grade.TRADE), door.pair("Bob")
    assert code_of(ann.get(NOWHERE)) == "NO_SUCH_ROUTE"
    door.phones.revoke("ann")
    assert code_of(ann.get(NOWHERE)) == "PAIRING_ENDED"
    assert ann.send("/do/pause") == "PAIRING_ENDED"
    assert code_of(bob.get(NOWHERE)) == "NO_SUCH_ROUTE"
    door.rig.clock.leap(11)
    until(lambda: "phone revoked: ann" in door.audited("kelpie phone"), "it is audited")
    until(lambda: door.phones.read().notes == (), "it is not told twice")


def test_the_file_gives_nobody_a_key(opened: Opened) -> None:
    door = opened()
    secret = door.invite("Bob")
    device = door.pair("Ann")
    for path in door.state_dir.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        text = path.read_text()
        assert device.key not in text and secret not in text


@pytest.mark.parametrize("how", ["readable", "damaged", "of another version", "a folder"])
def test_a_file_that_cannot_be_relied_on_lets_nobody_in(opened: Opened, how: str) -> None:
    door = opened()
    device = door.pair()
    path = door.phones.path
    match how:
        case "readable":
            path.chmod(0o644)
            path.write_bytes(path.read_bytes())
        case "damaged":
            path.write_bytes(path.read_bytes()[:-20])
        case "of another version":
            path.write_text(path.read_text().replace('"version": 1', '"version": 2'))
        case _:
            path.unlink()
            path.mkdir()
    answer = device.get(NOWHERE)
    assert (answer.status_code, code_of(answer)) == (503, "PHONES_UNREADABLE")
    # A program with a token is not touched by it.
    assert door.hook.get("/actors").status_code == 200
