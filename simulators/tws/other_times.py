"""Level 1 of another moment: what delayed and frozen data show.

It is worked out from history, which agrees with what was quoted.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from simulators.broker_interface import Broker
from simulators.model import (
    Instrument,
    Phase,
    TopOfBook,
)

_DAY = 86_400
_SLICE = 300
#: History knows no sizes of quotes; this many lots stand for them.
_USUAL_LOTS = 100


def top_at(broker: Broker, instrument: Instrument, moment: datetime, *, frozen: bool) -> TopOfBook:
    """The top of the book at a moment; `frozen`: the last one there was, if it was closed then."""
    con_id = instrument.con_id
    shares = instrument.sec_type != "CASH"
    last_bid, last_ask = (
        broker.bars(con_id, side, moment, _SLICE, _SLICE)[-1:] for side in ("BID", "ASK")
    )
    was_open = bool(last_bid) and last_bid[0].start + timedelta(seconds=_SLICE) >= moment
    shown = bool(last_bid) and (was_open or frozen)
    days = broker.bars(con_id, "TRADES" if shares else "MIDPOINT", moment, 2 * _DAY, _DAY)
    today = days[-1] if days else None
    size = _USUAL_LOTS * instrument.lot
    return TopOfBook(
        time=moment,
        phase=Phase.OPEN if was_open else Phase.CLOSED,
        bid=last_bid[0].close if shown else None,
        ask=last_ask[0].close if shown else None,
        bid_size=size if shown else Decimal(0),
        ask_size=size if shown else Decimal(0),
        last=today.close if today and shares else None,
        last_size=size if today and shares else Decimal(0),
        volume=(today.volume or Decimal(0)) if today else Decimal(0),
        open=today.open if today and shares else None,
        high=today.high if today else None,
        low=today.low if today else None,
        previous_close=days[-2].close if len(days) > 1 else None,
        halted=False,
    )
