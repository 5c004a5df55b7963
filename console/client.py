"""Speaking to the hook from a program: where it is, which token opens it, what it says."""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from config.entries import SettingsError
from config.settings import Settings
from console.tokens import READ_TOKEN_FILE, TOKEN_FILE, TokenFileError, read_token

_SECONDS = 15.0
"""For an answer. Of a seat that is slow the hook says so within seconds: to wait for longer than
that is for a machine that is busy with something else."""


class NotRunning(Exception):
    """Nobody answers where the hook should be."""


class HookRefused(Exception):
    """The hook answered with a problem; `code` is stable, the text says what to do."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(f"{detail} [{code}]")
        self.status = status
        self.code = code


class NoAccess(Exception):
    """It cannot be said where the hook is, or which token opens it."""


@dataclass(frozen=True, slots=True)
class Access:
    """Where the hook is, and the token for what is wanted of it."""

    url: str
    token: str = field(repr=False)


def find_access(url: str | None, token_file: Path | None, *, effects: bool) -> Access:
    """Take what is given; the rest comes from the settings, as the running process reads them.

    The read token does for looking; with `effects` it must be the other.

    Raises:
        NotRunning: no token has been made yet.
        NoAccess: the settings are wrong, or the token file cannot be read.
    """
    settings = None
    if url is None or token_file is None:
        try:
            settings = Settings.load()
        except SettingsError as error:
            raise NoAccess(f"{error}\nOr give --url and --token-file.") from None
    if url is None:
        assert settings is not None
        url = url_of(settings)
    return Access(url, _token(settings, token_file, effects))


def url_of(settings: Settings) -> str:
    """Where the hook listens, as this machine reaches it."""
    host = settings.hook_host
    if host == "0.0.0.0":
        host = "127.0.0.1"
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.hook_port}"


def _trusted(url: str) -> ssl.SSLContext | bool:
    """The usual authorities, or nobody where plain HTTP is spoken: reading them takes its time."""
    return not url.startswith("http://") or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class HookClient:
    """One conversation with the hook. Use it in a `with`."""

    def __init__(self, access: Access, seconds: float = _SECONDS) -> None:
        """Talk to the hook; it may take so many seconds for an answer."""
        self._url = access.url
        try:
            # Straight to this machine: a proxy of the environment must not see the token.
            self._http = httpx.Client(
                base_url=access.url,
                headers={"authorization": f"Bearer {access.token}"},
                timeout=seconds,
                trust_env=False,
                verify=_trusted(access.url),
            )
        except httpx.InvalidURL as error:
            raise NoAccess(f"{access.url!r} is no address: {error}.") from None

    def __enter__(self) -> HookClient:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str) -> Any:
        """Ask; see `_call`."""
        return self._call("GET", path, None)

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Tell; see `_call`."""
        return self._call("POST", path, body)

    def delete(self, path: str) -> Any:
        """Take back; see `_call`."""
        return self._call("DELETE", path, None)

    def _call(self, method: str, path: str, body: dict[str, Any] | None) -> Any:
        """Give the hook's JSON. The two probes may say 503, and it is JSON all the same.

        Raises:
            NotRunning: nobody answers there.
            HookRefused: the hook answered with a problem, or what answers is no hook.
        """
        try:
            answer = self._http.request(method, path, json=body)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise NotRunning(f"Nobody answers at {self._url} ({error}).") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise HookRefused(0, "NO_ANSWER", f"{self._url} gave no answer: {error!r}.") from None
        return _read(answer)


def _read(answer: httpx.Response) -> Any:
    try:
        said = answer.json()
    except ValueError:
        raise HookRefused(
            answer.status_code, "NOT_A_HOOK", "What answers there is not Kelpie's hook."
        ) from None
    kind = answer.headers.get("content-type", "")
    if kind.startswith("application/problem+json") and isinstance(said, dict):
        raise HookRefused(
            answer.status_code, str(said.get("code", "")), str(said.get("detail", ""))
        )
    return said


def _token(settings: Settings | None, token_file: Path | None, effects: bool) -> str:
    if token_file is None:
        assert settings is not None
        given = settings.hook_token if effects else settings.hook_read_token or settings.hook_token
        if given is not None:
            return given.get_secret_value()
        token_file = settings.state_dir / (TOKEN_FILE if effects else READ_TOKEN_FILE)
    try:
        return read_token(token_file)
    except FileNotFoundError:
        raise NotRunning(
            f"There is no token at {os.fspath(token_file)}: Kelpie has not run here yet, "
            "or its STATE_DIR is another."
        ) from None
    except (OSError, TokenFileError) as error:
        raise NoAccess(str(error)) from None
