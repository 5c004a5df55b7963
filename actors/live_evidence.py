"""What is seen on the way to live trading, written down as proofs the moment it is seen.

It runs in every mode: what paper and observing show is kept for the day on which somebody asks
for live.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta

from actors.base import Actor, on
from actors.lanes import State
from actors.messages import (
    AccountChanged,
    ClockSeen,
    EvidenceSeen,
    InstrumentFailed,
    InstrumentKnown,
    LinkDown,
    LinkUp,
    NotReconciled,
    Reconciled,
)
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.book import BookError
from adapters.proofs import ProofsFile, ProofsUnreadable, account_key
from domain.arming import CLOCK_OFF_SECONDS
from domain.calendar import ExchangeCalendar, differences
from domain.checklist import LOGIN, SYDNEY, Demands, Item, ItemState, Proof, judge, missing
from domain.maintenance import WindowKind, of_ib
from domain.symbols import Symbol

_LOOK, _LOOK_EVERY = "look", 60.0
_A_DAY = timedelta(hours=3)
"""So long in one piece reconciled, and the day counts."""


@dataclass(frozen=True, slots=True)
class LiveGateOptions:
    """What is asked for, and where it is written."""

    mode: str
    account: str
    """The account of the settings; empty where none is named."""
    real_money: bool
    """The login is one with real money."""
    proofs: ProofsFile
    limits: str = ""
    """Every limit with its name, as `NAME=value; NAME=value`."""
    limits_not_set: tuple[str, ...] = ()
    """Those of them that nobody gave."""
    paper_days: int = 10
    longest_hours: float = 24.0
    calendars: Mapping[str, ExchangeCalendar] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        """Real money may be traded at all."""
        return self.mode == "live"


class LiveEvidence(Actor):
    """Keeps the proofs. What comes of them is for `actors.live_gate`."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: LiveGateOptions) -> None:
        super().__init__(system, seat)
        self.options = options
        self._account = account_key(options.account) if options.account else ""
        self._proofs: list[Proof] = []
        self._unwritten: list[Proof] = []
        self._reconciled_since: datetime | None = None
        self._lost = 0
        """The epoch of the last link that was lost."""
        self._hours: dict[Symbol, tuple[str, ...]] = {}

    def on_start(self) -> None:
        """Read what was seen before."""
        try:
            self._proofs = list(self.options.proofs.read())
        except ProofsUnreadable as error:
            # As if nothing had ever been seen: live trading stays shut.
            self.log.critical("What was proven counts for nothing: {}", error)
            self._set_aside()
        except OSError as error:
            self.log.critical("What was proven cannot be read: {}", error)
        self.after(_LOOK_EVERY, _LOOK)

    def describe(self) -> State:
        """How much was seen, and what is missing."""
        return {
            "proofs": len(self._proofs),
            "unwritten": len(self._unwritten),
            "missing": [state.item.value for state in missing(self.states())],
        }

    def states(self) -> tuple[ItemState, ...]:
        """Every item of the checklist, as of now."""
        demands = Demands(
            account=self.account_in_question(),
            paper_days=self.options.paper_days,
            limits_not_set=self.options.limits_not_set,
        )
        return judge(self._proofs, demands, self.clock.now())

    def account_in_question(self) -> str:
        """The live account: that of the settings where they name one, else the last observed."""
        if self.options.real_money and self.options.account:
            return account_key(self.options.account)
        seen = (p for p in reversed(self._proofs) if p.item in (Item.ACCOUNT, Item.LIVE_WEEK))
        return next((proof.account for proof in seen), "")

    def settle(self) -> None:
        """Something was seen: what follows from it."""

    # -- what is seen --------------------------------------------------------------------

    @on(EvidenceSeen)
    def _evidence(self, message: EvidenceSeen) -> None:
        self.prove(message.item, message.good, message.detail)

    @on(LinkUp)
    def _link_up(self, message: LinkUp) -> None:
        self._account = account_key(message.opened.account)
        if self.options.real_money:
            self.prove(Item.ACCOUNT, True, "The gateway named the account.")
            self._look_for_login()

    @on(ClockSeen)
    def _clock(self, message: ClockSeen) -> None:
        if not self.options.real_money:
            return
        offset = message.offset_seconds
        off = abs(offset) - message.doubt_seconds > float(CLOCK_OFF_SECONDS)
        ahead = "ahead of" if offset > 0 else "behind"
        said = f"It is {abs(offset):.1f} s {ahead} the gateway's (± {message.doubt_seconds:.1f} s)."
        self.prove(Item.CLOCK, not off, said)

    @on(InstrumentKnown)
    def _known(self, message: InstrumentKnown) -> None:
        details = message.details
        calendar = self.options.calendars.get(details.exchange)
        if calendar is None or not self.options.real_money:
            return
        self._hours[details.symbol] = differences(details, calendar)
        found = [each for differ in self._hours.values() for each in differ]
        compared = f"Those of {len(self._hours)} instruments agree."
        self.prove(Item.HOURS, not found, found[0] if found else compared)

    @on(InstrumentFailed)
    def _failed(self, message: InstrumentFailed) -> None:
        self._hours.pop(message.refused.symbol, None)

    @on(Reconciled)
    def _reconciled(self, message: Reconciled) -> None:
        # One that was said before that link was lost may come after the loss.
        if self._reconciled_since is None and message.epoch > self._lost:
            self._reconciled_since = self.clock.now()
        if message.mismatches and self.options.mode == "paper":
            symbol, why = message.mismatches[0]
            self.prove(
                Item.PAPER_RUN, False, f"Ledger and {message.venue} disagreed: {symbol}, {why}"
            )

    @on(NotReconciled)
    def _not_reconciled(self, message: NotReconciled) -> None:
        self._reconciled_since = None

    @on(LinkDown)
    def _link_down(self, message: LinkDown) -> None:
        self._lost = message.epoch
        self._reconciled_since = None

    @on(AccountChanged)
    def _account_changed(self, message: AccountChanged) -> None:
        """Comes with the answer to the introduction; nothing hangs on it here."""

    def on_timer(self, name: str) -> None:
        """Whether the day counts by now; what the disk did not take is tried again."""
        if name == _LOOK:
            self.after(_LOOK_EVERY, _LOOK)
            self._count_the_day()
            self._write()
        self.settle()

    def _count_the_day(self) -> None:
        now = self.clock.now()
        today = now.astimezone(SYDNEY)
        midnight = datetime.combine(today.date(), time(), SYDNEY).astimezone(UTC)
        since = self._reconciled_since
        if since is None or now - max(since, midnight) < _A_DAY:
            return
        if self.options.mode == "paper" and today.weekday() < 5:
            self.prove(Item.PAPER_RUN, True, "A day on paper, without a mismatch.")
        if self.options.real_money:
            self.prove(Item.LIVE_WEEK, True, "A day on the live login.")

    def _look_for_login(self) -> None:
        """The link is up after IB ended the weekly login: somebody has logged in anew."""
        now = self.clock.now()
        [login] = of_ib((WindowKind.LOGIN,))
        ended = [
            each.ends for each in login.windows(now - timedelta(days=8), now) if each.ends < now
        ]
        if not ended:
            return
        mine = [p for p in self._proofs if p.item is Item.LIVE_WEEK and p.account == self._account]
        before = [p for p in mine if timedelta(0) < ended[-1] - p.at < timedelta(days=8)]
        if before and not any(p.mark == LOGIN and p.at >= ended[-1] for p in mine):
            self.prove(Item.LIVE_WEEK, True, "The weekly login was made anew.", LOGIN)

    # -- written -------------------------------------------------------------------------

    def prove(self, item: Item, good: bool, detail: str, mark: str = "") -> None:
        """Write it down, unless the same was seen already today."""
        now = self.clock.now()
        proof = Proof(
            item, now, good, self.seat.name, self.options.mode, self._account, detail, mark
        )
        if not self._is_news(proof):
            return
        self.log.bind(event="proof").info("{} {}: {}", item, "shown" if good else "not so", detail)
        self._proofs.append(proof)
        self._unwritten.append(proof)
        self._write()
        self.settle()

    def _is_news(self, proof: Proof) -> bool:
        same = (
            p
            for p in reversed(self._proofs)
            if (p.item, p.mark, p.mode, p.account)
            == (proof.item, proof.mark, proof.mode, proof.account)
        )
        last = next(same, None)
        return last is None or last.day != proof.day or last.good is not proof.good

    def _write(self) -> None:
        """Whatever waits; a proof that is on no disk counts until the process ends."""
        while self._unwritten:
            try:
                self.options.proofs.append(self._unwritten[0])
            except (OSError, BookError) as error:
                self.log.error("A proof cannot be written down, and is tried again: {}", error)
                return
            del self._unwritten[0]

    def _set_aside(self) -> None:
        try:
            self.log.critical("The file is kept as {}.", self.options.proofs.set_aside())
        except OSError as error:
            self.log.critical("It cannot be set aside either: {}", error)
