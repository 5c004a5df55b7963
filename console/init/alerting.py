"""The questions about alerts: where they go, whether they arrive, and who watches from outside."""

from __future__ import annotations

import secrets
import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from actors.alert_keeping import rule_for
from actors.chosen import account_of
from adapters.book import BookError
from adapters.notify.courier import Courier, CourierOptions, mark_of, new_digits
from adapters.store import alerts_path, book_path, open_alerts
from config.alerting import split_urls, urls_of
from config.redaction import Redaction
from config.settings import Settings
from console.init import questions
from console.init.asking import Asker, BadAnswer, Taken, wrapped
from console.init.choices import Choices
from console.init.state_folder import locked
from domain.alert_letters import OK, Letter, clean_by, free
from domain.alert_post import proven, with_ways
from runtime.interface import Clock

#: A mail server may take that long; then it counts as not delivered.
_SEND_SECONDS = 45.0
_NONE = ("none", "-")
_KEEP = "keep"
"""For what lies in a file of its own."""
_UNTESTED = "Whether alerts arrive was not shown: `kelpie alerts test` does it once Kelpie runs."


@dataclass(slots=True)
class AlertQuestions:
    """Where alerts go, and the watcher; `proven` once the digits came back."""

    choices: Choices
    asker: Asker
    clock: Clock
    proven: bool = False
    remarks: list[str] = field(default_factory=list)
    """What the owner should know beside the answers."""
    _digits: str = ""
    _undelivered: str = ""
    """The answer by which nothing could be delivered: the second time it is taken all the same."""

    def run(self) -> None:
        """All of them.

        Raises:
            Stopped, GaveUp: it ended before the last one.
        """
        current = self._current("ALERT_URLS")
        topic = f"kelpie-{secrets.token_hex(8)}"
        usual = current or (f"ntfys://ntfy.sh/{topic}" if self.asker.attended else _NONE[0])
        self.asker.ask(questions.alerts(usual, topic, hidden=bool(current)), self._where)
        if self._digits:
            self.asker.ask(questions.digits(), self._came)
        watcher = self._current("WATCHER_URL")
        self.asker.ask(questions.watcher(watcher or _NONE[0], hidden=bool(watcher)), self._watcher)

    def _current(self, name: str) -> str:
        return self.choices.current(name) or (_KEEP if self.choices.in_a_file(name) else "")

    def keep_proof(self, settings: Settings) -> str:
        """Have it known at the next start that these ways work.

        What the owner is told if that was shown and cannot be kept; else empty.
        """
        if not self.proven:
            return ""
        book = book_path(settings.state_dir, settings.mode, account_of(settings))
        try:
            with locked(settings.state_dir):
                _write_proof(alerts_path(book), settings, self.clock)
        except BookError:
            return "Kelpie runs, or its folder is another user's: it will send digits of its own."
        return ""

    # -- where to ------------------------------------------------------------------------

    def _where(self, text: str) -> Taken[bool]:
        self._digits = ""
        if text == _KEEP:
            return Taken(True)
        if text.strip().lower() in _NONE:
            self.choices.forget("ALERT_URLS")
            self.choices.take(ALERT_URLS="")
            self.remarks.append(
                "There is no way to reach you: trouble stands in `status` and nowhere else, and "
                "live trading is not to be had like that. ALERT_URLS in .env changes it."
            )
            return Taken(True)
        if wrong := self.choices.fault(ALERT_URLS=text):
            raise BadAnswer(wrong)
        if self.asker.attended:
            self._send(text)
        else:
            self.remarks.append(_UNTESTED)
        self.choices.take(ALERT_URLS=text.strip())
        return Taken(True)

    def _send(self, text: str) -> None:
        """Four digits to all the ways.

        Raises:
            BadAnswer: no way took them, and that is said for the first time.
        """
        self.asker.show(["  Sending four digits there ..."])
        digits = new_digits()
        failed = self._deliver(split_urls(text), self._letter(digits))
        if failed is None:
            self._digits = digits
            return
        if text == self._undelivered:
            self.remarks.append(_UNTESTED)
            return
        self._undelivered = text
        raise BadAnswer(
            f"Nothing was delivered: {failed}. Check the address and this machine's network; the "
            "same answer again takes it untested, `none` leaves it empty."
        )

    def _letter(self, digits: str) -> Letter:
        mode = self.choices.current("MODE")
        body = f"The digits are {digits}. Enter them where `kelpie init` asks for them."
        clean = clean_by(Redaction(), hide_amounts=False)
        return free("init", mode, OK, f"TEST digits {digits}", body, clean)

    def _deliver(self, urls: tuple[str, ...], letter: Letter) -> str | None:
        """Why it did not arrive; None where at least one way took it."""
        courier = Courier(CourierOptions(urls))
        limit, pause = self.clock.monotonic() + _SEND_SECONDS, threading.Event()
        try:
            courier.send("init", [letter])
            while (came := courier.outcome()) is None:
                if self.clock.monotonic() > limit:
                    came = courier.give_up()
                    break
                pause.wait(0.05)
        except OSError as error:
            return f"it could not be sent ({error.strerror or error})"
        finally:
            courier.stop()
        if came is not None and letter.id in came.arrived:
            if came.failed:
                self.asker.show(wrapped(f"Not by {', '.join(came.failed)}.", "  "))
            return None
        ways = ", ".join(came.failed) if came is not None else ""
        return f"{ways or 'no way'} took it" if not ways else f"not by {ways}"

    def _came(self, text: str) -> Taken[bool]:
        word = text.strip().lower()
        if word == "skip":
            self.remarks.append(_UNTESTED)
        elif word == "again":
            self._send(self.choices.current("ALERT_URLS"))
            raise BadAnswer("Four new digits are on their way.")
        elif word != self._digits:
            raise BadAnswer("These are not the digits that were sent; `again` sends new ones.")
        else:
            self.proven = True
            self.asker.show(["  It is proven: what Kelpie sends reaches you."])
        return Taken(True)

    # -- the watcher ---------------------------------------------------------------------

    def _watcher(self, text: str) -> Taken[bool]:
        if text == _KEEP:
            return Taken(True)
        if text.strip().lower() in _NONE:
            self.choices.forget("WATCHER_URL")
            self.choices.take(WATCHER_URL="")
            return Taken(True)
        if wrong := self.choices.fault(WATCHER_URL=text.strip()):
            raise BadAnswer(wrong)
        self.choices.take(WATCHER_URL=text.strip())
        return Taken(True)


def _write_proof(path: Path, settings: Settings, clock: Clock) -> None:
    file = open_alerts(path, rule_for)
    try:
        _, state = file.read()
        now = clock.now()
        state = with_ways(state, mark_of(urls_of(settings.alert_urls)), now)
        file.keep((), replace(proven(state, now), delivered_at=now))
    finally:
        file.close()
