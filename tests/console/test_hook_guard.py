"""The guard at the hook's door, over raw sockets where a client library is too polite."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from console import tokens
from console.hook import Rate
from tests.actors.conftest import LIMIT
from tests.console.conftest import READ_TOKEN, TOKEN, Grow, Reach

READS = ("/tree", "/actors", "/actors/a", "/dead-letters", "/venues", "/quotes", "/positions")
MORE_READS = ("/orders", "/orders/x", "/fills", "/account", "/metrics", "/openapi.json")
TRADING_EFFECTS = ("/trading/pause", "/trading/resume", "/trading/flatten")
EFFECTS = ("/orders", *TRADING_EFFECTS, "/reconcile", "/actors/a/restart")


def _raw(hook: Reach, request: str) -> tuple[int, str]:
    """Send these very bytes; status and the whole answer."""
    address = urlsplit(hook.url)
    with socket.create_connection((address.hostname, address.port or 0), LIMIT) as wire:
        wire.sendall(request.encode("latin-1"))
        answer = b""
        while chunk := wire.recv(65536):
            answer += chunk
    text = answer.decode("latin-1")
    return int(text.split(" ", 2)[1]), text


def _ask(hook: Reach, *headers: str, line: str = "GET /actors HTTP/1.1") -> tuple[int, str]:
    host = urlsplit(hook.url).netloc
    lines = [line, f"Host: {host}", "Connection: close", *headers]
    return _raw(hook, "\r\n".join(lines) + "\r\n\r\n")


def test_everything_but_the_probes_wants_a_token(grow: Grow) -> None:
    rig = grow(failure_rate=Rate(burst=1000, per_second=1000))
    with rig.hook.client() as nobody, rig.hook.client("w" * 45) as wrong:
        for path in (*READS, *MORE_READS, "/no-such-route"):
            answer = nobody.get(path)
            assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_MISSING"), path
            assert answer.headers["www-authenticate"] == "Bearer"
            answer = wrong.get(path)
            assert (answer.status_code, answer.json()["code"]) == (401, "TOKEN_WRONG"), path
        assert nobody.get("/health/live").status_code == 200


def test_the_read_token_reads_and_changes_nothing(grow: Grow) -> None:
    rig = grow()
    with rig.hook.client(READ_TOKEN) as reader:
        for path in ("/tree", "/actors", "/dead-letters", "/openapi.json", "/metrics"):
            assert reader.get(path).status_code == 200
        for path in EFFECTS:
            answer = reader.post(path, json={})
            assert (answer.status_code, answer.json()["code"]) == (403, "TOKEN_ONLY_READS"), path
        answer = reader.delete("/orders/x")
        assert (answer.status_code, answer.json()["code"]) == (403, "TOKEN_ONLY_READS")
    assert rig.system.seat("a").incarnation == 1


def test_no_get_changes_anything_with_either_token(grow: Grow) -> None:
    rig = grow()
    before = {s.name: (s.incarnation, s.restarts) for s in rig.system.seats()}
    for token in (TOKEN, READ_TOKEN):
        with rig.hook.client(token) as client:
            for path in (*READS, *MORE_READS, *EFFECTS):
                client.get(path)
    after = {s.name: (s.incarnation, s.restarts) for s in rig.system.seats()}
    # The recorder on the seat `ledger` knows no questions and crashes over them: leave it out.
    before.pop("ledger"), after.pop("ledger")
    assert after == before
    assert not [entry for entry in rig.diary.entries if entry[0] == "hook"]


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "", "192.0.2.1:8765", "evil.example:8765"]
)
def test_another_host_is_misdirected_even_with_the_token(grow: Grow, host: str) -> None:
    rig = grow()
    status, text = _raw(
        rig.hook,
        f"GET /actors HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Connection: close\r\n\r\n",
    )
    assert status == 421
    assert "HOST_NOT_ALLOWED" in text


def test_a_tunnel_under_another_local_port_is_let_in(grow: Grow) -> None:
    rig = grow()
    status, _ = _raw(
        rig.hook,
        f"GET /actors HTTP/1.1\r\nHost: localhost:9999\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Connection: close\r\n\r\n",
    )
    assert status == 200


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "PUT", "OPTIONS"])
@pytest.mark.parametrize(
    "header",
    [
        "Origin: https://evil.example",
        "Origin: null",
        "Origin: http://127.0.0.1:1",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ],
)
def test_pages_of_other_sites_are_refused_whatever_the_method(
    grow: Grow, method: str, header: str
) -> None:
    rig = grow()
    status, text = _ask(
        rig.hook,
        f"Authorization: Bearer {TOKEN}",
        header,
        line=f"{method} /actors HTTP/1.1",
    )
    assert status == 403
    assert "ORIGIN_NOT_ALLOWED" in text


def test_its_own_origin_is_let_in(grow: Grow) -> None:
    rig = grow()
    answer = rig.hook.get("/actors", headers={"Origin": rig.hook.url})
    assert answer.status_code == 200
    assert "access-control-allow-origin" not in answer.headers


def test_a_form_is_no_order(grow: Grow) -> None:
    rig = grow()
    with rig.hook.client(TOKEN) as client:
        for kind in ("text/plain", "application/x-www-form-urlencoded", ""):
            answer = client.post(
                "/trading/pause", content=b"{}", headers={"content-type": kind} if kind else {}
            )
            assert (answer.status_code, answer.json()["code"]) == (415, "NOT_JSON")


def test_a_huge_body_is_refused_unread(grow: Grow) -> None:
    rig = grow()
    auth = f"Authorization: Bearer {TOKEN}"
    json = "Content-Type: application/json"
    line = "POST /orders HTTP/1.1"
    status, text = _ask(rig.hook, auth, json, "Content-Length: 99999999999", line=line)
    assert (status, "BODY_TOO_LARGE" in text) == (413, True)
    with rig.hook.client(TOKEN) as client:

        def chunks() -> Iterator[bytes]:
            for _ in range(70):
                yield b" " * 1024

        answer = client.post(
            "/orders", content=chunks(), headers={"content-type": "application/json"}
        )
    assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
    assert rig.hook.get("/health/live").status_code == 200


def test_a_body_that_never_comes_is_not_waited_for(grow: Grow) -> None:
    rig = grow(body_seconds=0.1)
    status, text = _ask(
        rig.hook,
        f"Authorization: Bearer {TOKEN}",
        "Content-Type: application/json",
        "Content-Length: 10",
        line="POST /orders HTTP/1.1",
    )
    assert (status, "BODY_TOO_SLOW" in text) == (408, True)


def test_beyond_its_rate_a_token_is_refused_before_anything_is_parsed(grow: Grow) -> None:
    rig = grow(rate=Rate(burst=3, per_second=0.001))
    with rig.hook.client(TOKEN) as client:
        for _ in range(3):
            assert client.get("/actors").status_code == 200
        answer = client.post(
            "/orders", content=b"not json", headers={"content-type": "application/json"}
        )
        assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_REQUESTS")
        assert int(answer.headers["retry-after"]) >= 1
    # The other token has a bucket of its own, and the bucket fills again with time.
    assert rig.hook.get("/actors").status_code == 200
    rig.clock.leap(1001)
    with rig.hook.client(TOKEN) as client:
        assert client.get("/actors").status_code == 200
        assert client.get("/actors").status_code == 429


def test_wrong_tokens_run_dry_and_the_right_one_is_not_touched_by_it(grow: Grow) -> None:
    rig = grow(failure_rate=Rate(burst=2, per_second=0.001))
    with rig.hook.client("w" * 45) as wrong:
        codes = [wrong.get("/actors").json()["code"] for _ in range(4)]
    assert codes == ["TOKEN_WRONG", "TOKEN_WRONG", "TOO_MANY_REQUESTS", "TOO_MANY_REQUESTS"]
    state = rig.hook.get("/actors/console.hook").json()["state"]
    assert state["refused"] == {"TOKEN_WRONG": 2, "TOO_MANY_REQUESTS": 2}


def test_every_answer_is_hardened_and_names_the_mode(grow: Grow) -> None:
    rig = grow()
    with rig.hook.client(TOKEN) as client, rig.hook.client() as nobody:
        answers = [
            client.get("/actors"),
            client.get("/no-such-route"),
            client.put("/actors"),
            nobody.get("/actors"),
            nobody.get("/health/ready"),
        ]
    assert [each.status_code for each in answers] == [200, 404, 405, 401, 503]
    for answer in answers:
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'")
        assert answer.headers["kelpie-mode"] == "demo"
        assert "server" not in answer.headers
        assert TOKEN not in answer.text


def test_tokens_are_made_once_and_for_their_owner_alone(tmp_path: Path) -> None:
    made = tokens.read_or_make(tmp_path / "state")
    assert tokens.read_or_make(tmp_path / "state") == made
    assert made.full != made.read
    for name, token in (("hook.token", made.full), ("hook.read.token", made.read)):
        path = tmp_path / "state" / name
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert path.read_text().strip() == token
        assert len(token) >= 43  # 256 bits in base 64
        assert token not in repr(made)
    assert sorted(p.name for p in (tmp_path / "state").iterdir()) == [
        "hook.read.token",
        "hook.token",
    ]


def test_given_tokens_leave_no_file(tmp_path: Path) -> None:
    given = tokens.read_or_make(tmp_path, "f" * 32, "r" * 32)
    assert (given.full, given.read) == ("f" * 32, "r" * 32)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("mode", "text"), [(0o644, "t" * 43), (0o600, ""), (0o600, "short")])
def test_a_token_file_that_cannot_be_relied_on_is_refused(
    tmp_path: Path, mode: int, text: str
) -> None:
    path = tmp_path / "hook.token"
    path.write_text(text)
    path.chmod(mode)
    with pytest.raises(tokens.TokenFileError, match="Delete it"):
        tokens.read_or_make(tmp_path)
