"""The questions about money: how much, of what, how large, and when to stop."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from decimal import ROUND_DOWN, Decimal, InvalidOperation

from config.modes import Mode
from config.settings import Settings
from console.doctor.findings import Finding, Severity
from console.doctor.telling import lines_of
from console.init import questions
from console.init.asking import Asker, BadAnswer, Taken, wrapped
from console.init.choices import Choices
from console.init.costs import RoundTrip, fees_of, round_trip
from console.init.market import AccountSeen, Market, examine
from console.init.outlook import assumed
from console.init.places import Seen
from console.owner.words import money
from domain.symbols import Symbol
from runtime.interface import Clock


@dataclass(slots=True)
class MoneyQuestions:
    """The limits, and what is traded; the account is known, or nothing is known of it."""

    choices: Choices
    asker: Asker
    clock: Clock
    seen: Seen | None
    """The gateway to look through; None where there is none."""
    account: AccountSeen | None
    market: Market = field(default_factory=Market)
    trips: list[RoundTrip] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """What the owner should know beside the answers."""
    _dear: Decimal | None = None

    def run(self) -> None:
        """All four.

        Raises:
            Stopped, GaveUp: it ended before the last of them.
        """
        self._purse()
        self._symbols()
        self._largest_order()
        self._daily_loss()

    def _purse(self) -> None:
        worth = None if self.account is None else self.account.worth

        def take(text: str) -> Taken[bool]:
            amount = _amount(text)
            if worth is not None and amount > worth:
                raise BadAnswer(f"The account is worth {self._money(worth)}, and that is more.")
            self._check_smallest(amount)
            return self._limit("PURSE", amount)

        usual = self._current("PURSE") or _small_part(worth)
        usual = usual if worth is None else min(usual, max(worth, Decimal(1)))
        self.asker.ask(questions.purse(_plain(usual), self._sign), take)
        held = self._held_by_others()
        if held:
            self.asker.show(wrapped(held, "  "))
            self.remarks.append(held)

    def _held_by_others(self) -> str:
        """What stands in the account already may fill MAX_TOTAL_EXPOSURE before Kelpie begins."""
        held = None if self.account is None else self.account.held
        most = self.choices.settings().max_total_exposure
        if not held or most is None or held < most:
            return ""
        return (
            f"The account already holds {self._money(held)} of its own, and MAX_TOTAL_EXPOSURE "
            f"({self._money(most)}) counts that too: nothing would be bought before it is "
            "raised in .env."
        )

    def _symbols(self) -> None:
        def take(text: str) -> Taken[bool]:
            if wrong := self.choices.fault(ALLOWED_SYMBOLS=text):
                raise BadAnswer(wrong, self.choices.meant("ALLOWED_SYMBOLS", text))
            settings = self.choices.settings(ALLOWED_SYMBOLS=text)
            symbols = ",".join(map(str, settings.allowed_symbols))
            self.choices.take(ALLOWED_SYMBOLS=symbols)
            return self._look_at_market(settings)

        usual = self.choices.current("ALLOWED_SYMBOLS") or questions.SYMBOLS
        self.asker.ask(questions.symbols(usual), take)
        self._tell_costs(self._largest_now())

    def _look_at_market(self, settings: Settings) -> Taken[bool]:
        seen = self.seen
        if seen is None:
            return Taken(True)
        self.asker.show([f"  Looking at them through {seen.place}; this places nothing ..."])
        self.market = asyncio.run(examine(settings, self.clock, self._tell_finding))
        wrong = [each for each in self.market.findings if each.code == "WRONG_SYMBOL"]
        if wrong:  # with one of these Kelpie would not start
            raise BadAnswer(" ".join(each.sentence for each in wrong))
        return Taken(True, self.market.faults, seen.place.cured_at)

    def _tell_finding(self, finding: Finding) -> None:
        """As it comes; faults are told with their cures at the end."""
        if finding.severity is not Severity.FAULT:
            assert self.seen is not None
            lines = lines_of(finding, self.seen.place.cured_at)
            self.asker.show([f"  {line}" for line in lines])

    def _largest_order(self) -> None:
        before = self._largest_now()

        def take(text: str) -> Taken[bool]:
            amount, purse = _amount(text), self.choices.settings().purse
            if purse is not None and amount > purse:
                raise BadAnswer(f"Kelpie may use {self._money(purse)} in all, and that is more.")
            self._check_smallest(amount)
            self._check_dear(amount)
            return self._limit("MAX_ORDER_VALUE", amount)

        self.asker.ask(questions.largest_order(_plain(before), self._sign), take)
        if self._largest_now() != before:
            self._tell_costs(self._largest_now())
        self._tell_other_limits()

    def _check_smallest(self, amount: Decimal) -> None:
        smallest = self.choices.settings().min_trade_size
        if smallest is not None and amount < smallest:
            raise BadAnswer(
                f"No entry below {self._money(smallest)} is made (MIN_TRADE_SIZE), for the ASX "
                "takes no first parcel below A$500: so little buys nothing."
            )

    def _check_dear(self, amount: Decimal) -> None:
        """A person hears once that nothing would ever be bought at this size."""
        if not self.asker.attended or amount == self._dear:
            return
        settings = self.choices.settings()
        trips = [self._trip(settings, symbol, amount) for symbol in settings.allowed_symbols]
        enough = [trip.passing_value for trip in trips if trip.passing_value is not None]
        purse = settings.purse
        if enough and not any(trip.passes for trip in trips):
            self._dear = amount
            within = purse is None or max(enough) <= purse
            raise BadAnswer(
                f"At that size a round trip costs more than {settings.max_round_trip_cost} % "
                "(MAX_ROUND_TRIP_COST) in each of them: nothing would ever be bought. From "
                f"{self._money(max(enough))} on all of them pass"
                f"{'' if within else ', which is more than Kelpie may use'}; the same answer again "
                "takes it as it is.",
                _plain(max(enough)) if within else "",
            )

    def _largest_now(self) -> Decimal:
        usual = self._current("MAX_ORDER_VALUE") or questions.LARGEST_ORDER
        purse = self.choices.settings().purse
        return usual if purse is None else min(usual, purse)

    def _current(self, name: str) -> Decimal | None:
        """What is set, if it is a sum of money."""
        try:
            return _amount(self.choices.current(name))
        except BadAnswer:
            return None

    def _tell_other_limits(self) -> None:
        settings = self.choices.settings()
        for name in ("max_position_value", "max_total_exposure"):
            most: Decimal | None = getattr(settings, name)
            if most is not None and settings.max_order_value > most:
                said = (
                    f"{name.upper()} is {self._money(most)} and holds as well: raise it in .env, "
                    "or no order will be as large as that."
                )
                self.asker.show(wrapped(said, "  "))
                self.remarks.append(said)

    def _tell_costs(self, value: Decimal) -> None:
        settings = self.choices.settings()
        self.trips = [self._trip(settings, symbol, value) for symbol in settings.allowed_symbols]
        for trip in self.trips:
            self.asker.show(wrapped(trip.sentence(settings.max_round_trip_cost), "  "))

    def _trip(self, settings: Settings, symbol: Symbol, value: Decimal) -> RoundTrip:
        market = self.market
        instrument = market.instruments.get(symbol) or assumed(symbol)
        rates = {} if self.account is None else self.account.rates
        fees = fees_of(settings, instrument, market.quotes, rates, self.clock)
        price = market.prices.get(instrument.symbol)
        return round_trip(instrument, fees, price, value, settings)

    def _daily_loss(self) -> None:
        def take(text: str) -> Taken[bool]:
            amount, purse = _amount(text), self.choices.settings().purse
            if purse is not None and amount > purse:
                raise BadAnswer(f"Kelpie may use {self._money(purse)} in all, and that is more.")
            return self._limit("MAX_DAILY_LOSS", amount)

        usual = self._current("MAX_DAILY_LOSS") or self._usual_loss()
        usual = min(usual, self.choices.settings().purse or usual)
        self.asker.ask(questions.daily_loss(_plain(usual), self._sign), take)

    def _usual_loss(self) -> Decimal:
        settings = self.choices.settings()
        purse = settings.purse or questions.PURSE
        if settings.mode is Mode.DEMO:  # there the rule makes hundreds of trades a day
            return settings.max_daily_loss or purse
        return max(Decimal(20), _round(purse * Decimal("0.015")))

    def _limit(self, name: str, amount: Decimal) -> Taken[bool]:
        if wrong := self.choices.fault(**{name: _plain(amount)}):
            raise BadAnswer(wrong)
        self.choices.take(**{name: _plain(amount)})
        return Taken(True)

    @property
    def _currency(self) -> str:
        return self.choices.settings().ib_base_currency

    @property
    def _sign(self) -> str:
        return money(Decimal(0), self._currency).removesuffix("0.00").strip()

    def _money(self, amount: Decimal) -> str:
        return money(amount, self._currency).removesuffix(".00")


def _amount(text: str) -> Decimal:
    """Money as people write it: `A$3,000`, `3000`, `3 000.00`."""
    plain = text.strip().upper().removeprefix("A$").removeprefix("US$").removeprefix("$")
    try:
        amount = Decimal(plain.replace(",", "").replace(" ", "").replace("_", ""))
    except InvalidOperation:
        raise BadAnswer(f"{text!r} is no sum of money. Write it as 3000.") from None
    if not amount.is_finite() or amount <= 0:
        raise BadAnswer("It has to be above 0.")
    return amount


def _small_part(worth: Decimal | None) -> Decimal:
    """A tenth of the account, and not so little that nothing could be bought with it."""
    if worth is None or worth <= 0:
        return questions.PURSE
    return min(
        questions.PURSE, max(_round(worth / 10), min(_round(worth), questions.LARGEST_ORDER))
    )


def _round(amount: Decimal) -> Decimal:
    """Down to two digits that count."""
    if amount <= 0:
        return Decimal(1)
    return amount.quantize(Decimal(1).scaleb(amount.adjusted() - 1), ROUND_DOWN)


def _plain(number: Decimal) -> str:
    return format(number.normalize(), "f")
