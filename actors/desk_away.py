"""The owner's absence at the desk: what is held and left before a login that nobody will make.

The rule is `domain.away`; this looks at it every few seconds and has done what follows. The wish
is a durable switch, and what is left goes the way of every flatten, so that a crash loses nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from actors import names
from actors.base import on
from actors.desk_flatten_asking import DeskFlattenAsking
from actors.desk_knowledge import DeskOptions
from actors.desk_view import VenueState
from actors.flattening import Flattening, Taking
from actors.messages import Alert, EndAway, Flatten, GetAway, RecordSetting, SetAway, Verdict
from actors.seat import Seat
from actors.system import ActorSystem
from domain.admission import Refusal
from domain.away import (
    Away,
    AwayError,
    AwayView,
    Login,
    Turn,
    check,
    logins_in,
    next_missed,
    read_away,
    turn_of,
    written,
)
from domain.checklist import SYDNEY
from domain.figures import RISK_REDUCING
from domain.flatten import Progress
from domain.orders import OrderState
from domain.permits import Act, Asker, forbids
from domain.symbols import Symbol
from domain.venue import InstrumentDetails

KEY = "away"
"""The durable switch in the book, the timer, and who it is that has positions left."""
_AGAIN_SECONDS = 300.0
"""What could not be left is tried again after so long, while its session lasts."""
_ASK_AGAIN_SECONDS = 10.0
_HELD = "AWAY"
_CURE = "`kelpie away` shows it; `kelpie away --cancel` when somebody can log in after all."


class DeskAway(DeskFlattenAsking):
    """Holds entries and has positions left before a login that nobody will make."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: DeskOptions) -> None:
        super().__init__(system, seat, options=options)
        self._away: Away | None = None
        self._logins: tuple[Login, ...] = ()
        self._told: str = ""
        """What of it a person has been told last, while it holds."""
        self._asked_back: dict[str, float] = {}
        """When the cancel of an entry was last asked for, monotonic."""
        self._left_at: dict[Symbol, float] = {}
        """When a symbol was last given to be left, monotonic."""

    # -- told, taken back, looked at -----------------------------------------------------

    @on(SetAway)
    def _set_away(self, message: SetAway) -> AwayView | Verdict:
        if not self._loaded:
            return self._refuse(self._not_open("", "changed"))
        now = self.clock.now()
        away = Away(message.since, message.until, message.then, message.who, now)
        try:
            check(away, now)
        except AwayError as error:
            return self._refuse(Refusal("", error.code, str(error), error.cure))
        local = self._local
        self.log.warning(
            "{} is away from {} to {}: {} if a login is missed ({}).",
            message.who,
            local(away.since),
            local(away.until),
            away.then,
            message.reason,
        )
        self._keep(away, message.who, message.reason)
        return self._away_view()

    @on(EndAway)
    def _end_away(self, message: EndAway) -> AwayView | Verdict:
        if not self._loaded:
            return self._refuse(self._not_open("", "changed"))
        if self._away is not None:
            self.log.warning("The absence is over: {} ({}).", message.reason, message.who)
            self._forget_absence(message.who, message.reason)
        return self._away_view()

    @on(GetAway)
    def _get_away(self, message: GetAway) -> AwayView:
        return self._away_view()

    def _away_view(self) -> AwayView:
        away, missed = self._away, self._missed(self._linked_at())
        turns: tuple[Turn, ...] = ()
        if away is not None and missed is not None:
            turns = self._turns(away, missed)
        known = bool(self.options.logins)
        return AwayView(away, self._logins, missed, turns, known)

    # -- kept ----------------------------------------------------------------------------

    def _take_up_absence(self, text: str) -> None:
        """What the book says was told before this desk began."""
        if text:
            self._take_absence(read_away(text))

    def _keep(self, away: Away, who: str, reason: str) -> None:
        self._tell_end("It was replaced by another word.")
        self.tell(names.LEDGER, RecordSetting(KEY, written(away), who, reason))
        self._take_absence(away)

    def _take_absence(self, away: Away) -> None:
        schedule = next(iter(self._venues.values())).schedule
        self._away = away
        self._logins = logins_in(away, self.options.logins, schedule)
        self._left_at, self._asked_back = {}, {}
        self._look_at_absence()
        self.after(self.options.watch_seconds, KEY)

    def _forget_absence(self, who: str, reason: str) -> None:
        self.tell(names.LEDGER, RecordSetting(KEY, "", who, reason))
        self._tell_end(f"The absence is over: {reason}.")
        self._away, self._logins = None, ()
        self.cancel_timer(KEY)

    # -- what holds ----------------------------------------------------------------------

    def _away_word(self, symbol: Symbol, state: VenueState | None) -> str:
        away = self._away
        if away is None:
            return ""
        missed = self._missed(state.linked_at if state is not None else None)
        details = self._instruments.get(symbol)
        if missed is None or details is None:  # of what is not described nothing is opened anyway
            return ""
        return self._because(missed) if self._turn(details, away, missed).held else ""

    def _because(self, missed: Login) -> str:
        assert self._away is not None
        until, due = self._local(self._away.until), self._local(missed.window.starts)
        return f"the owner is away until {until}, and nobody will make the login of {due}"

    def _missed(self, linked_at: datetime | None) -> Login | None:
        if self._away is None:
            return None
        return next_missed(self._away, self._logins, linked_at, self.clock.now())

    def _turn(self, details: InstrumentDetails, away: Away, missed: Login) -> Turn:
        calendar = self._instruments.calendar(details)
        return turn_of(away, missed, details, calendar, self.clock.now())

    def _turns(self, away: Away, missed: Login) -> tuple[Turn, ...]:
        """Of all that is traded or held, and described: of others no hours are known."""
        concerned = sorted({*self.options.venue_of, *self._all_of_ours()})
        known = filter(None, map(self._instruments.get, concerned))
        return tuple(self._turn(details, away, missed) for details in known)

    def _linked_at(self) -> datetime | None:
        return next(iter(self._venues.values())).linked_at

    def _local(self, moment: datetime) -> str:
        return f"{moment.astimezone(SYDNEY):%a %d %b %H:%M}"

    # -- what is done --------------------------------------------------------------------

    def on_timer(self, name: str) -> None:
        """Look again."""
        if name != KEY:
            super().on_timer(name)
        elif self._away is not None:
            self.correlation = ""
            self.after(self.options.watch_seconds, KEY)
            self._look_at_absence()

    def _look_at_absence(self) -> None:
        away = self._away
        assert away is not None
        if self.clock.now() >= away.until:
            self._forget_absence(self.seat.name, "its time is over")
            return
        missed = self._missed(self._linked_at())
        if missed is None:
            self._tell_end("The gateway was logged in, or nothing is to follow from it.")
            return
        turns = self._turns(away, missed)
        held = [turn.symbol for turn in turns if turn.held]
        self._tell_held(missed, held)
        self._take_entries_back(held)
        self._leave([turn.symbol for turn in turns if turn.leaves])

    def _take_entries_back(self, held: Sequence[Symbol]) -> None:
        """An entry that still works would open a position of which nobody can take care."""
        now = self.clock.monotonic()
        for order in self._all_orders():
            name, request = order.client_order_id, order.request
            if request.symbol not in held or request.purpose in RISK_REDUCING:
                continue
            if order.pending_change == "CANCEL" or order.state is OrderState.UNKNOWN:
                continue
            if now >= self._asked_back.get(name, 0.0):
                self._asked_back[name] = now + _ASK_AGAIN_SECONDS
                self.correlation = name
                self._cancel(name, KEY, Asker(person=True))

    def _leave(self, leaving: Sequence[Symbol]) -> None:
        """In the last hours of the last session: what a person would have flattened by hand."""
        running = self._flattening
        now, asker = self.clock.monotonic(), Asker(person=True)
        wanted = [
            symbol
            for symbol in leaving
            if self._preview_of(symbol).progress is Progress.PREVIEW
            and not self._is_on_its_way(symbol)
            and now >= self._left_at.get(symbol, 0.0)
            and forbids(Act.FLATTEN, self._holds_of(symbol), asker) is None
        ]
        if not wanted or (running is not None and running.who != KEY):
            return  # a person has something taken out: what is left then follows
        self._left_at.update(dict.fromkeys(wanted, now + _AGAIN_SECONDS))
        reason = "the owner is away, and nobody will make the next login"
        message = Flatten(now, tuple(wanted), KEY, reason)
        self._start_flattening(message, wanted, confirmed=False)

    def _start_flattening(
        self, message: Flatten, symbols: Sequence[Symbol], *, confirmed: bool
    ) -> None:
        """What a person asks for as well is theirs from then on: it does not end with a session."""
        running = self._flattening
        if running is not None and running.who == KEY:
            running.who, running.reason = message.who, message.reason
        super()._start_flattening(message, symbols, confirmed=confirmed)

    def _is_on_its_way(self, symbol: Symbol) -> bool:
        running = self._flattening
        taking = running.takings.get(symbol) if running is not None else None
        return taking is not None and taking.progress is Progress.RUNNING

    def _go_on(self, running: Flattening, taking: Taking) -> None:
        """What could not be left by now stays, and is guarded again: nothing is sold later on."""
        why = self._why_no_more(taking.symbol) if running.who == KEY else ""
        if why is None:
            return  # after a start its hours are not known yet
        if why:
            taking.progress, taking.note = Progress.LEFT, f"{why}; its stop is placed again"
        else:
            super()._go_on(running, taking)

    def _why_no_more(self, symbol: Symbol) -> str | None:
        """Why it is not to be left any more; empty while it is, None while nobody knows."""
        if self._away is None:
            return "the absence is over"
        missed, details = self._missed(self._linked_at()), self._instruments.get(symbol)
        if missed is None:
            return "the login was made, or nothing is to follow from it"
        if details is None:
            return None
        over = self._turn(details, self._away, missed).over
        return "its last session before the login is over" if over else ""

    # -- what a person is told -----------------------------------------------------------

    def _tell_held(self, missed: Login, held: Sequence[Symbol]) -> None:
        if not held:
            self._tell_end("New positions may be opened again.")
            return
        listed = ", ".join(map(str, held))
        sentence = f"{listed}: no new positions, because {self._because(missed)}."
        if sentence != self._told:
            self._told = sentence
            self._tell(sentence, _CURE)

    def _tell_end(self, sentence: str) -> None:
        if self._told:
            self._told = ""
            self._tell(sentence, "")

    def _tell(self, sentence: str, cure: str) -> None:
        """It is the owner's own wish, so it waits for nobody."""
        self.log.warning("{} {}", sentence, cure)
        now = self.clock.now()
        for venue in self.options.venues[:1]:
            alert = Alert(venue, "info", _HELD, sentence, cure, now, told=1, stands=False)
            for name in names.ALERT_READERS:
                self.tell(name, alert)
