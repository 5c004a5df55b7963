"""What is due goes out by the courier, what comes of it comes back; and what follows of silence."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import datetime, timedelta

from actors import names
from actors.alert_keeping import AlertKeeping, AlertsOptions
from actors.base import Declared, on
from actors.messages import AlertsHealth, EchoDigits, EvidenceSeen, Introduce, SendTest
from actors.messages.alerts import AlertsView, Echo
from actors.seat import Seat
from actors.system import ActorSystem
from adapters.notify.courier import Courier, Delivery, new_digits
from config.errors import CodedError
from domain.alert_letters import Letter, local, of_test
from domain.alert_post import (
    DIGITS_LAST,
    FAILS_BEFORE_TOLD,
    asked_to_prove,
    came_back,
    due_letters,
    guessed_wrong,
    not_ahead,
    proven,
    sent_out,
    test_id,
    told_of,
    with_ways,
)
from domain.alerting import Incident, next_morning, unheard
from domain.checklist import Item

LOOK, _OUTCOME = "look", "outcome"
_LOOK_EVERY, _LOOK_SELDOM = 5.0, 60.0
_GATHER = 1.0
"""What comes within it goes together."""
_OUTCOME_EVERY = 0.2
_LONGEST = 90.0
_GONE_AFTER = timedelta(seconds=_LONGEST)
_CODE = "ALERTS_NOT_DELIVERED"


class AlertDelivery(AlertKeeping):
    """Nothing here waits: the courier's program is asked how far it is."""

    def __init__(self, system: ActorSystem, seat: Seat, *, options: AlertsOptions) -> None:
        super().__init__(system, seat, options=options)
        self._out_since = 0.0
        self._failed_ways: tuple[str, ...] = ()
        self._told_health: str | None = None

    def on_start(self) -> None:
        """Take up what an earlier run has sent out."""
        super().on_start()
        now = self.clock.now()
        self.post = with_ways(self.post, self.options.ways, now)
        self._out_since = self.clock.monotonic()
        self._tell_health()
        self.after(_GATHER, LOOK)

    def on_stop(self) -> None:
        """What is on its way is called back, and goes after the next start."""
        if self.courier is not None:
            self._take_outcome()
            self.courier.stop()
        super().on_stop()

    @property
    def courier(self) -> Courier | None:
        """Who takes letters out."""
        return self.options.courier

    @property
    def can_deliver(self) -> bool:
        """There is a way to the owner."""
        return bool(self.options.ways) and self.courier is not None

    def on_timer(self, name: str) -> None:
        """Look what is due, or what has come of what is out."""
        if name == _OUTCOME:
            self._take_outcome()
        elif name == LOOK:
            self.look()

    def has_news(self, incident: Incident) -> None:
        """What comes within a moment goes together."""
        if self.can_deliver and incident.due is not None and incident.due <= self.clock.now():
            self.after(_GATHER, LOOK)

    def look(self) -> None:
        """From time to time, and soon after news."""
        self.after(_LOOK_EVERY if self.can_deliver else _LOOK_SELDOM, LOOK)
        now = self.clock.now()
        self.post = not_ahead(self.post, now)
        self.look_after_incidents(now)
        if self.can_deliver:
            self._ask_for_proof(now)
            self._send(now)
        self._tell_health()

    # -- out -----------------------------------------------------------------------------

    def _send(self, now: datetime) -> None:
        courier, state = self.courier, self.post
        assert courier is not None
        if courier.busy:
            return
        if state.out is not None:  # of an earlier run
            self._take_receipt(courier, now)
            return
        if state.retry_at is not None and now < state.retry_at:
            return
        options = self.options
        posting = due_letters(
            self.incidents.values(),
            state,
            now,
            mode=options.mode,
            clean=options.clean,
            new_id=self.runtime.new_id,
        )
        letters = (*self.own_letters(now), *posting.letters)
        if not letters:
            return
        errand = self.runtime.new_id()
        self.post = sent_out(state, errand, letters, posting, now)
        self.write()  # before it goes: a kill must not have it go twice
        self._out_since = self.clock.monotonic()
        try:
            courier.send(errand, letters)
        except (OSError, ValueError) as error:
            self.delivered(Delivery(errand, frozenset(), trouble=type(error).__name__))
            return
        self.after(_OUTCOME_EVERY, _OUTCOME)

    def own_letters(self, now: datetime) -> list[Letter]:
        """Those that are about no incident."""
        state = self.post
        if not state.digits or state.digits_told_at is not None:
            return []
        return [of_test(test_id(state), self.options.mode, state.digits, self.options.clean)]

    # -- back ----------------------------------------------------------------------------

    def _take_outcome(self) -> None:
        courier = self.courier
        if courier is None or not courier.busy:
            return
        delivery = courier.outcome()
        if delivery is None and self._is_too_long():
            delivery = courier.give_up()
        if delivery is None:
            self.after(_OUTCOME_EVERY, _OUTCOME)
            return
        self.delivered(delivery)

    def _take_receipt(self, courier: Courier, now: datetime) -> None:
        """An errand of a run that was killed: it may be on its way still."""
        out = self.post.out
        assert out is not None
        delivery = courier.receipt(out.errand)
        if delivery is None and (self._is_too_long() or now - out.at >= _GONE_AFTER):
            delivery = Delivery(out.errand, frozenset(), trouble="nobody knows what came of it")
        if delivery is not None:
            self.delivered(delivery)

    def _is_too_long(self) -> bool:
        return self.clock.monotonic() - self._out_since >= _LONGEST

    def delivered(self, delivery: Delivery) -> None:
        """An errand is over: what it brought is told, the rest is due still."""
        now, out = self.clock.now(), self.post.out
        self._failed_ways = delivery.failed
        if out is not None:
            for incident in told_of(self.incidents, out, delivery.arrived, now):
                self._take(incident)
        self.post = came_back(self.post, delivery.arrived, now)
        if delivery.arrived:
            self.log.bind(event="alerts").info("{} messages delivered.", len(delivery.arrived))
            self._say_delivered()
        else:
            why = delivery.trouble or "no way has taken it"
            self.log.bind(event="alerts").warning("Nothing was delivered: {}.", why)
            self._say_undelivered()
        self._tell_health()
        if self._exit is None:
            self.after(_GATHER, LOOK)

    def _say_undelivered(self) -> None:
        fails = self.post.fails_in_a_row
        if fails >= FAILS_BEFORE_TOLD:
            which = ", ".join(self._failed_ways) or "the program that sends"
            sentence = f"No alert could be delivered, {fails} times in a row ({which})."
            self.say(_CODE, sentence, "", True, "", self.seat.name)

    def _say_delivered(self) -> None:
        self.say(_CODE, "Alerts are delivered again.", "", False, "", self.seat.name)

    def is_out(self) -> bool:
        """Letters are on their way."""
        return self.post.out is not None

    def is_unheard(self) -> bool:
        """Nothing has been taken for a while, though it was tried."""
        return self.post.fails_in_a_row >= FAILS_BEFORE_TOLD or bool(self.holds())

    # -- what silence means --------------------------------------------------------------

    def holds(self) -> str:
        """Why entries are held; empty where they are not."""
        state, options = self.post, self.options
        if not self.can_deliver:
            return "ALERT_URLS is not given" if options.needs_way else ""
        since = state.ways_since or self.clock.now()
        if not unheard(since, state.delivered_at, self.clock.now()):
            return ""
        last = max(filter(None, (since, state.delivered_at)))
        return f"nothing was delivered since {local(last)}"

    def _tell_health(self) -> None:
        health = self.holds()
        if health != self._told_health:
            if health:
                self.log.warning("Nobody would hear of trouble: {}.", health)
            self._told_health = health
            self.tell(names.DESK, AlertsHealth(health))

    @on(Introduce)
    def _introduce(self, message: Introduce) -> None:
        self.tell(message.seat, AlertsHealth(self.holds()))

    # -- proof ---------------------------------------------------------------------------

    def _ask_for_proof(self, now: datetime) -> None:
        """These ways have proven nothing: digits are sent, and new ones with each morning."""
        state = self.post
        stale = state.digits_at is not None and now - state.digits_at >= DIGITS_LAST
        if state.proven_at is None and (state.digits_at is None or stale):
            self.post = replace(state, digits=new_digits(), digits_at=now, digits_wrong=0)
            if stale:  # the morning message has them; a message of their own each day is too much
                told = replace(self.post, digits_told_at=state.digits_told_at)
                self.post = told

    @on(SendTest)
    def _test(self, message: SendTest) -> AlertsView:
        if not self.can_deliver:
            raise Declared(str(CodedError("NO_WAY_TO_ALERT")))
        self.log.info("{} asked for a test alert.", message.who)
        self.post = asked_to_prove(self.post, new_digits(), self.clock.now())
        self.after(0.0, LOOK)
        return self.view()

    @on(EchoDigits)
    def _echo(self, message: EchoDigits) -> Echo:
        now, state = self.clock.now(), self.post
        good = state.digits and state.digits_at and now - state.digits_at < DIGITS_LAST
        if not good:
            return Echo(False, "No digits are waited for.")
        if not hmac.compare_digest(state.digits.encode(), message.digits.strip().encode()):
            self.post = guessed_wrong(state)
            void = "" if self.post.digits else " Too many were wrong: the right ones are void."
            return Echo(False, f"They are not the digits of the last test.{void}")
        self.post = proven(state, now)
        self.log.info("{} has proven that alerts arrive.", message.who)
        self.tell_evidence(f"A test was delivered, and confirmed by {message.who}.")
        return Echo(True, "It is proven: what Kelpie sends reaches you.")

    def acknowledge(self, now: datetime) -> None:
        """A person has answered something that was delivered."""
        self.post = replace(self.post, acknowledged_at=now)

    def tell_evidence(self, sentence: str) -> None:
        """The live gate counts it for its checklist."""
        self.tell(names.LIVE_GATE, EvidenceSeen(Item.ALERTS, True, sentence))

    # -- shown ---------------------------------------------------------------------------

    def view(self) -> AlertsView:
        """All of it, as of now."""
        now, state = self.clock.now(), self.post
        return AlertsView(
            incidents=tuple(sorted(self.incidents.values(), key=lambda i: -i.number)),
            ways=len(self.courier.options.urls) if self.courier is not None else 0,
            delivered_at=state.delivered_at,
            delivered=state.delivered,
            failed=state.failed,
            proven_at=state.proven_at,
            acknowledged_at=state.acknowledged_at,
            test_sent_at=state.digits_told_at,
            trouble=self._trouble(),
            holds=self.holds(),
            watcher=self.watcher(),
            morning_at=next_morning(state.morning, now),
        )

    def watcher(self) -> str:
        """How the outside watcher was last told."""
        return ""

    def _trouble(self) -> str:
        if not self.can_deliver:
            return "No alert leaves this machine: ALERT_URLS is not given."
        if self.post.fails_in_a_row:
            return f"The last {self.post.fails_in_a_row} attempts reached nobody."
        if self._failed_ways:
            return f"Not by all ways: {', '.join(self._failed_ways)} did not take the last one."
        if self.post.proven_at is None:
            return "Nobody has confirmed yet that what is sent arrives."
        return ""
