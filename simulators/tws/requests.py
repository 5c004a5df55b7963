"""What requests hold: contracts, orders and filters as clients write them, at 157 to 176."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from simulators.tws.fields import FieldReader


@dataclass(frozen=True, slots=True)
class ContractQuery:
    """A contract as a client describes it; empty means *any*."""

    con_id: int
    symbol: str
    sec_type: str
    exchange: str
    primary_exchange: str
    currency: str
    local_symbol: str
    trading_class: str
    sec_id_type: str = ""
    sec_id: str = ""

    @classmethod
    def read(cls, fields: FieldReader) -> ContractQuery:
        """Read the twelve fields that stand for a contract in most requests."""
        con_id = fields.integer()
        symbol, sec_type = fields.text(), fields.text()
        fields.skip(4)  # expiry, strike, right, multiplier: of derivatives, not listed here
        exchange, primary_exchange, currency = fields.text(), fields.text(), fields.text()
        return cls(
            con_id=con_id,
            symbol=symbol.strip().upper(),
            sec_type=sec_type.strip().upper(),
            exchange=exchange.strip().upper(),
            primary_exchange=primary_exchange.strip().upper(),
            currency=currency.strip().upper(),
            local_symbol=fields.text().strip().upper(),
            trading_class=fields.text().strip().upper(),
        )


@dataclass(frozen=True, slots=True)
class OrderTicket:
    """A placeOrder request: what the gateway acts on, and what it must refuse."""

    order_id: int
    contract: ContractQuery
    action: str
    quantity: Decimal | None
    order_type: str
    limit_price: Decimal | None
    aux_price: Decimal | None
    tif: str
    oca_group: str
    oca_type: int
    account: str
    order_ref: str
    transmit: bool
    parent_id: int
    outside_rth: bool
    hidden: bool
    good_after_time: str
    good_till_date: str
    all_or_none: bool
    e_trade_only: bool
    firm_quote_only: bool
    hedge_type: str
    algo_strategy: str
    what_if: bool
    conditions: int
    trail_stop_price: Decimal | None
    trailing_percent: Decimal | None
    limit_offset: Decimal | None

    @classmethod
    def read(cls, fields: FieldReader) -> OrderTicket:
        """Walk a placeOrder of any version from 157 to 176; what comes last is unused.

        Combination contracts (`BAG`) have a longer layout and no listing here: all that stands
        after their plain fields is left unread, since the contract is refused.
        """
        order_id = fields.integer()
        contract = ContractQuery.read(fields)
        fields.skip(2)  # secIdType, secId: TWS identifies an order's contract by the others
        action, quantity, order_type = fields.text(), fields.decimal(), fields.text()
        limit_price, aux_price = fields.decimal(), fields.decimal()
        tif, oca_group, account = fields.text(), fields.text(), fields.text()
        fields.skip(2)  # openClose, origin
        order_ref, transmit, parent_id = fields.text(), fields.flag(), fields.integer()
        fields.skip(4)  # blockOrder, sweepToFill, displaySize, triggerMethod
        outside_rth, hidden = fields.flag(), fields.flag()
        tail = _Tail() if contract.sec_type == "BAG" else _Tail.read(fields, order_type)
        return cls(
            order_id=order_id,
            contract=contract,
            action=action.strip().upper(),
            quantity=quantity,
            order_type=order_type.strip().upper(),
            limit_price=limit_price,
            aux_price=aux_price,
            tif=tif.strip().upper(),
            oca_group=oca_group,
            oca_type=tail.oca_type,
            account=account,
            order_ref=order_ref,
            transmit=transmit,
            parent_id=parent_id,
            outside_rth=outside_rth,
            hidden=hidden,
            good_after_time=tail.good_after_time,
            good_till_date=tail.good_till_date,
            all_or_none=tail.all_or_none,
            e_trade_only=tail.e_trade_only,
            firm_quote_only=tail.firm_quote_only,
            hedge_type=tail.hedge_type,
            algo_strategy=tail.algo_strategy,
            what_if=tail.what_if,
            conditions=tail.conditions,
            trail_stop_price=tail.trail_stop_price,
            trailing_percent=tail.trailing_percent,
            limit_offset=tail.limit_offset,
        )


@dataclass(slots=True)
class _Tail:
    """The second half of a placeOrder, where fields come and go with what is in them."""

    good_after_time: str = ""
    good_till_date: str = ""
    oca_type: int = 0
    all_or_none: bool = False
    e_trade_only: bool = False
    firm_quote_only: bool = False
    hedge_type: str = ""
    algo_strategy: str = ""
    what_if: bool = False
    conditions: int = 0
    trail_stop_price: Decimal | None = None
    trailing_percent: Decimal | None = None
    limit_offset: Decimal | None = None

    @classmethod
    def read(cls, fields: FieldReader, order_type: str) -> _Tail:
        tail = cls()
        fields.skip(2)  # an empty field of old, discretionaryAmt
        tail.good_after_time, tail.good_till_date = fields.text(), fields.text()
        fields.skip(8)  # faGroup … exemptCode
        tail.oca_type = fields.integer()
        fields.skip(2)  # rule80A, settlingFirm
        tail.all_or_none = fields.flag()
        fields.skip(2)  # minQty, percentOffset
        tail.e_trade_only, tail.firm_quote_only = fields.flag(), fields.flag()
        fields.skip(10)  # nbboPriceCap … volatilityType
        if fields.text():  # deltaNeutralOrderType
            fields.skip(1 + 8)
        else:
            fields.skip(1)
        fields.skip(2)  # continuousUpdate, referencePriceType
        tail.trail_stop_price, tail.trailing_percent = fields.decimal(), fields.decimal()
        fields.skip(2)  # scaleInitLevelSize, scaleSubsLevelSize
        increment = fields.decimal()
        if increment is not None and increment > 0:
            fields.skip(7)
        fields.skip(3)  # scaleTable, activeStartTime, activeStopTime
        tail.hedge_type = fields.text()
        if tail.hedge_type:
            fields.skip(1)
        fields.skip(4)  # optOutSmartRouting, clearingAccount, clearingIntent, notHeld
        if fields.flag():  # delta-neutral contract
            fields.skip(3)
        tail.algo_strategy = fields.text()
        if tail.algo_strategy:
            fields.skip(2 * fields.integer())
        fields.skip(1)  # algoId
        tail.what_if = fields.flag()
        fields.skip(4)  # orderMiscOptions, solicited, randomizeSize, randomizePrice
        if order_type == "PEG BENCH":
            fields.skip(5)
        tail.conditions = fields.integer()
        if not tail.conditions:
            fields.skip(2)  # adjustedOrderType, triggerPrice
            tail.limit_offset = fields.decimal()
        return tail


@dataclass(frozen=True, slots=True)
class ExecutionFilter:
    """Which executions a client asks for; empty means *any*."""

    client_id: int
    account: str
    time: str
    symbol: str
    sec_type: str
    exchange: str
    side: str

    @classmethod
    def read(cls, fields: FieldReader) -> ExecutionFilter:
        """Read the seven fields of a filter."""
        return cls(
            client_id=fields.integer(),
            account=fields.text(),
            time=fields.text().strip(),
            symbol=fields.text().strip().upper(),
            sec_type=fields.text().strip().upper(),
            exchange=fields.text().strip().upper(),
            side=fields.text().strip().upper(),
        )


@dataclass(frozen=True, slots=True)
class HistoryQuery:
    """A request for historical bars."""

    req_id: int
    contract: ContractQuery
    end: str
    bar_size: str
    duration: str
    use_rth: bool
    what: str
    format_date: int
    keep_up_to_date: bool

    @classmethod
    def read(cls, fields: FieldReader) -> HistoryQuery:
        """Read a reqHistoricalData: the bar size stands before the duration."""
        req_id, contract = fields.integer(), ContractQuery.read(fields)
        fields.skip(1)  # includeExpired
        return cls(
            req_id=req_id,
            contract=contract,
            end=fields.text().strip(),
            bar_size=fields.text().strip(),
            duration=fields.text().strip(),
            use_rth=fields.flag(),
            what=fields.text().strip().upper(),
            format_date=fields.integer(),
            keep_up_to_date=fields.flag(),
        )
