"""The questions about the gateway and the account, answered by looking."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from config.modes import DEFAULT_PORTS, Mode, money_of_account, money_of_port
from config.settings import Settings
from console.doctor.examination import masked
from console.doctor.findings import Finding
from console.doctor.program import CLIENT_ID_APART
from console.init import questions
from console.init.asking import Asker, BadAnswer, Taken, wrapped
from console.init.choices import Choices
from console.init.market import AccountSeen, read_account
from console.init.places import STEP_SECONDS, Place, Seen, knock, look_around, unfit
from console.init.state_folder import is_worked_on
from runtime.interface import Clock

_HERE = "127.0.0.1"
_BUSY = "CLIENT_ID_IN_USE"


@dataclass(slots=True)
class GatewayQuestions:
    """Where the gateway is and which account is traded; the mode is known."""

    choices: Choices
    asker: Asker
    clock: Clock
    mode: Mode
    ports: Sequence[int]
    """At which it is looked for."""
    seen: Seen | None = None
    account: AccountSeen | None = None
    """None where the gateway's fault was put up with."""
    remarks: list[str] = field(default_factory=list)
    """What the owner should know beside the answers."""
    _found: list[Seen] = field(default_factory=list)
    _fresh: dict[Place, Seen] = field(default_factory=dict)
    """What need not be asked a second time, once."""

    def run(self) -> None:
        """Both questions.

        Raises:
            Stopped, GaveUp: it ended before the last of them.
        """
        self._gateway()
        self._account()

    @property
    def _client_id(self) -> int:
        """That under which Kelpie's orders will live."""
        text = self.choices.current("IB_CLIENT_ID")
        usual = int(Settings.model_fields["ib_client_id"].default)
        return int(text) if text.isdecimal() else usual

    @property
    def _beside(self) -> int:
        """That under which is looked, for Kelpie's own may be at work meanwhile."""
        return self._client_id + CLIENT_ID_APART

    @property
    def _step_seconds(self) -> float:
        try:
            return float(self.choices.current("CONNECT_STEP_SECONDS") or STEP_SECONDS)
        except ValueError:
            return STEP_SECONDS

    # -- the gateway ---------------------------------------------------------------------

    def _gateway(self) -> None:
        def take(text: str) -> Taken[bool]:
            word = text.strip().lower()
            if word == "again" or (word and ":" not in word and not word.isdecimal()):
                return self._look_again(None if word == "again" else word)
            if word.isdecimal() and 1 <= int(word) <= len(self._found):
                return self._at(self._found[int(word) - 1].place)
            return self._at(_place(text))

        if "gateway" not in self.asker.given:
            self._look(_HERE, self.choices.current("IB_HOST"))
        self.asker.ask(questions.gateway(self._usual_place()), take)

    def _look_again(self, host: str | None) -> Taken[bool]:
        """At one host or at all; content where exactly one of what is there serves."""
        self._look(*((host,) if host else (_HERE, self.choices.current("IB_HOST"))))
        fit = [each for each in self._found if unfit(each, self.mode) is None]
        if len(fit) != 1:
            raise BadAnswer("Say which, by its number, or HOST:PORT.")
        return self._at(fit[0].place)

    def _look(self, *hosts: str) -> None:
        there = sorted({*filter(None, hosts)}, key=hosts.index)
        own = self.choices.current("IB_PORT")
        ports = [*([int(own)] if own.isdecimal() else []), *self.ports]
        self.asker.show(["", f"Looking for a gateway at {', '.join(there)} ..."])
        looking = look_around(there, ports, self._beside, self.clock, self._step_seconds)
        self._found = asyncio.run(looking)
        self._fresh = {seen.place: seen for seen in self._found}
        for number, seen in enumerate(self._found, 1):
            self.asker.show(wrapped(f"{number}  {seen.place}  {seen.sentence()}", "  "))
        if not self._found:
            tried = ", ".join(map(str, dict.fromkeys(ports)))
            nobody = (
                f"Nobody listens there, at none of {tried}. Is none installed yet? "
                "docs/ib-setup.md says how; without one there is `demo` (Ctrl-C, and begin again)."
            )
            self.asker.show(wrapped(nobody, "  "))

    def _usual_place(self) -> str:
        """The first that serves; else the one that is set, or where this mode's is by custom."""
        if self._found:
            fit = [each for each in self._found if unfit(each, self.mode) is None]
            return str((fit or self._found)[0].place)
        host, port = self.choices.current("IB_HOST"), self.choices.current("IB_PORT")
        custom = DEFAULT_PORTS.get(self.mode, DEFAULT_PORTS[Mode.PAPER])
        place = Place(host or _HERE, int(port) if port.isdecimal() else custom)
        contradicts = self.choices.fault(IB_HOST=place.host, IB_PORT=str(place.port))
        return str(Place(_HERE, custom) if contradicts else place)

    def _at(self, place: Place) -> Taken[bool]:
        """What was just seen there, or what is seen there now."""
        answers = {"IB_HOST": place.host, "IB_PORT": str(place.port)}
        if wrong := self.choices.fault(**answers):
            raise BadAnswer(wrong)
        seen = self._fresh.pop(place, None)
        if seen is None:
            seen = asyncio.run(knock(place, self._beside, self.clock, self._step_seconds))
        self.choices.take(**answers)
        self.seen = seen
        finding = unfit(seen, self.mode)
        if finding is not None:
            return Taken(True, (finding,), place.cured_at)
        self.asker.show(wrapped(f"Found {seen.sentence()}.", "  "))
        return Taken(True)

    # -- the account ---------------------------------------------------------------------

    def _account(self) -> None:
        assert self.seen is not None
        wanted = {
            Mode.PAPER: self.seen.of_kind("paper"),
            Mode.OBSERVE: self.seen.accounts,
        }[self.mode]
        for number, each in enumerate(wanted, 1):
            kind = money_of_account(each) or "unknown"
            self.asker.show([f"  {number}  {masked(each)}, {kind} money"])

        def take(text: str) -> Taken[bool]:
            word = text.strip().upper()
            if word.isdecimal() and 1 <= int(word) <= len(wanted):
                word = wanted[int(word) - 1]
            else:
                word = next((each for each in wanted if masked(each) == word), word)
            return self._is_account(word)

        current = self.choices.current("IB_ACCOUNT_ID").upper()
        usual = current if current in wanted or not wanted else wanted[0]
        self.asker.ask(questions.account(masked(usual) if usual in wanted else usual), take)

    def _is_account(self, number: str) -> Taken[bool]:
        if not number:
            raise BadAnswer("The account has to be named: it stands in the gateway's title.")
        port = int(self.choices.current("IB_PORT"))
        paper = (money_of_account(number) or money_of_port(port)) != "live"
        answers = {"IB_ACCOUNT_ID": number, "IB_PAPER": str(paper).lower()}
        if wrong := self.choices.fault(**answers):
            raise BadAnswer(wrong)
        self.choices.take(**answers)
        seen = self.seen
        if seen is None or seen.version is None:
            return Taken(True)  # the gateway's fault was put up with
        told = self._read(seen.place, number)
        if isinstance(told, Finding):
            return Taken(True, (told,), seen.place.cured_at)
        self.account = told
        kind = money_of_account(number) or "unknown"
        self.asker.show(wrapped(told.sentence(kind) + ".", "  "))
        if told.currency != str(Settings.model_fields["ib_base_currency"].default):
            self.choices.take(IB_BASE_CURRENCY=told.currency)
        return Taken(True)

    def _read(self, place: Place, number: str) -> AccountSeen | Finding:
        """As the very client that Kelpie will be, so that another one with its number is found."""
        told = self._ask(place, number, self._client_id)
        if not isinstance(told, Finding) or told.code != _BUSY:
            return told
        beside = self._ask(place, number, self._beside)
        if isinstance(beside, AccountSeen):
            self.account = beside
            if is_worked_on(self.choices.effective().state_dir):
                self.remarks.append(
                    "Kelpie itself runs in this folder and holds its client id: what is written "
                    "now counts from its next start."
                )
                return beside
        return told

    def _ask(self, place: Place, number: str, client_id: int) -> AccountSeen | Finding:
        return asyncio.run(read_account(place, number, client_id, self.clock, self._step_seconds))


def _place(text: str) -> Place:
    try:
        return Place.parse(text)
    except ValueError as error:
        raise BadAnswer(f"{error}. A number of the list, a host, or `again` will do.") from None
