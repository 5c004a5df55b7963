"""The keys to the hook: two tokens for programs, and a cookie for each paired device.

A token opens everything that its kind may; a cookie opens the pages and their forms alone, for it
is sent by the browser whoever asks for it.
"""

from __future__ import annotations

import hmac
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Final, NoReturn

from starlette.datastructures import Headers

from console.hook.doors import Door
from console.hook.limits import Guesses, TokenBucket
from console.hook.options import HookOptions
from console.hook.problems import Refused
from console.hook.visitors import Scope, Visitor, csrf_of
from console.phones import LinkOver, Note, Phone, Phones, PhonesBusy, PhonesUnreadable
from runtime.interface import Clock

PLAIN_COOKIE: Final = "kelpie"
SECURE_COOKIE: Final = "__Host-kelpie"
"""A browser takes this one over https alone, from this very host, for all of its paths."""
_TOLD_EVERY_SECONDS: Final = 600.0
#: The longest that browsers keep a cookie, whatever it asks for.
_KEPT_SECONDS: Final = 400 * 24 * 3600
_CHALLENGE: Final[Mapping[str, str]] = {"WWW-Authenticate": "Bearer"}
_WRONG: Final[Mapping[str, str]] = {"WWW-Authenticate": 'Bearer error="invalid_token"'}


def cookie_of(phone: Phone, key: str) -> str:
    """Write the header that gives a device its key.

    `Lax`, so that the link in an alert opens the page; what changes anything is sent by POST,
    with which no other site can have the cookie sent.
    """
    name = SECURE_COOKIE if phone.https else PLAIN_COOKIE
    kept = f"{name}={key}; Path=/; HttpOnly; SameSite=Lax; Max-Age={_KEPT_SECONDS}"
    return f"{kept}; Secure" if phone.https else kept


class Keyring:
    """Knows every key, and names the visitor who has it. Used on the hook's loop alone."""

    def __init__(self, options: HookOptions, clock: Clock, audit: Callable[[Note], None]) -> None:
        self._clock = clock
        self._options = options
        self._audit = audit
        self._phones = None
        if options.state_dir is not None:
            self._phones = Phones(options.state_dir, wait=False)
        self._full = options.token.encode()
        self._read = options.read_token.encode()
        full = Visitor("hook (full token)", frozenset(Scope), csrf_of(options.token))
        reader = frozenset({Scope.LOOK})
        read = Visitor("hook (read token)", reader, csrf_of(options.read_token))
        self._bearers = {"full": full, "read": read}
        self._buckets = {name: TokenBucket(clock, options.rate) for name in self._bearers}
        self._of_phones: dict[str, TokenBucket] = {}
        self._guesses = Guesses(clock, options.failure_rate, options.failure_delay_seconds)
        self._wrong: Counter[str] = Counter()
        self._told: dict[str, float] = {}

    async def visitor(self, door: Door, headers: Headers) -> Visitor:
        """Name the one who asks.

        Raises:
            Refused: nobody who is known, or one who asks too often.
        """
        given = headers.get("authorization")
        if given is not None or door is Door.JSON:
            return await self._bearer(given or "")
        return await self._paired(headers)

    async def _bearer(self, authorization: str) -> Visitor:
        scheme, _, given = authorization.partition(" ")
        if scheme.lower() != "bearer" or not given.strip():
            raise Refused.coded(401, "TOKEN_MISSING", headers=_CHALLENGE)
        token = given.strip().encode("latin-1", "replace")
        # Both are compared whatever the first says, so that time tells nothing.
        full = hmac.compare_digest(token, self._full)
        read = hmac.compare_digest(token, self._read)
        if not (full or read):
            await self._guesses.count()
            raise Refused.coded(401, "TOKEN_WRONG", headers=_WRONG)
        label = "full" if full else "read"
        self._buckets[label].within()
        return self._bearers[label]

    async def _paired(self, headers: Headers) -> Visitor:
        given = _cookies(headers)
        if not given:
            raise Refused.coded(401, "NOT_PAIRED", headers=_CHALLENGE)
        # Where there are two of them somebody else has set one: neither is relied on.
        name, key = given[0]
        phone = self._holder(key) if len(given) == 1 else None
        if phone is None or phone.https != (name == SECURE_COOKIE):
            await self._guesses.count()
            self._note_wrong("wrong key", "with a cookie that no paired device has")
            raise Refused.coded(401, "PAIRING_ENDED", headers=_WRONG)
        bucket = self._of_phones.setdefault(
            phone.digest, TokenBucket(self._clock, self._options.device_rate)
        )
        bucket.within()
        return Visitor(f"phone {phone.name}", phone.grade.scopes, csrf_of(key), is_device=True)

    def _holder(self, key: str) -> Phone | None:
        if self._phones is None:
            return None
        try:
            return self._phones.holder(key)
        except PhonesUnreadable as error:
            raise _unreadable(error) from None

    # -- pairing ---------------------------------------------------------------------------

    async def invited(self, secret: str) -> tuple[str, str]:
        """Look at a link without using it up: the device's name, and what it may do.

        Raises:
            Refused: `PAIRING_LINK_OVER`, or nobody can say.
        """
        try:
            link = self._links().link(secret, self._clock.now())
        except LinkOver:
            await self._link_over()
        except PhonesUnreadable as error:
            raise _unreadable(error) from None
        return link.name, link.grade.sentence

    async def paired(self, secret: str) -> str:
        """Use a link up: the header that gives the device its key, and the scopes that go with it.

        The key is a new one, whatever cookie the request came with.

        Raises:
            Refused: `PAIRING_LINK_OVER`, or nothing could be written.
        """
        try:
            phone, key = self._links().pair(secret, self._clock.now())
        except LinkOver:
            await self._link_over()
        except PhonesUnreadable as error:
            raise _unreadable(error) from None
        except PhonesBusy:
            raise Refused.coded(503, "PHONES_BUSY", headers={"Retry-After": "1"}) from None
        except OSError as error:
            raise Refused.coded(503, "PHONES_NOT_WRITTEN", reason=error.strerror) from None
        self.tell_notes()
        return cookie_of(phone, key)

    def tell_notes(self) -> None:
        """Have audited what was done to the pairings; what cannot be read now is told later."""
        if self._phones is None:
            return
        try:
            self._phones.tell_notes(self._audit)
        except (PhonesUnreadable, PhonesBusy, OSError):
            return

    def _links(self) -> Phones:
        if self._phones is None:
            raise LinkOver
        return self._phones

    async def _link_over(self) -> NoReturn:
        await self._guesses.count()
        self._note_wrong("wrong pairing link", "with a link that pairs nothing")
        raise Refused.coded(410, "PAIRING_LINK_OVER")

    def _note_wrong(self, what: str, how: str) -> None:
        """Have it audited, and not a thousand times: a flood must not fill the book."""
        self._wrong[what] += 1
        now = self._clock.monotonic()
        if now - self._told.get(what, -_TOLD_EVERY_SECONDS) < _TOLD_EVERY_SECONDS:
            return
        self._told[what] = now
        self._audit(Note("somebody", what, f"{self._wrong.pop(what)} requests {how}"))


def _unreadable(error: PhonesUnreadable) -> Refused:
    return Refused.coded(503, "PHONES_UNREADABLE", reason=str(error))


def _cookies(headers: Headers) -> list[tuple[str, str]]:
    """Every cookie of ours that came, the one that is safer against other sites first."""
    found = []
    for line in headers.getlist("cookie"):
        for part in line.split(";"):
            name, _, value = part.strip().partition("=")
            if name in (SECURE_COOKIE, PLAIN_COOKIE):
                found.append((name, value))
    safer = [each for each in found if each[0] == SECURE_COOKIE]
    return safer or found
