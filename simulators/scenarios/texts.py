"""What TWS says with the codes that scenarios send, where the text is known."""

from __future__ import annotations

_TEXTS = {
    103: "Duplicate order id",
    110: "The price does not conform to the minimum price variation for this contract.",
    162: "Historical Market Data Service error message:Historical data request pacing violation",
    201: "Order rejected - reason:",
    202: "Order Canceled - reason:",
    300: "Can't find EId with tickerId:{id}",
    321: "Error validating request.-'bF' : cause - The API interface is currently in Read-Only "
    "mode.",
    354: "Requested market data is not subscribed.Delayed market data is not available.",
    399: "Order Message:\nWarning: Your order will not be placed at the exchange until the market "
    "opens.",
    404: "Order held while securities are located.",
    1100: "Connectivity between IBKR and Trader Workstation has been lost.",
    1101: "Connectivity between IBKR and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IBKR and Trader Workstation has been restored - data maintained.",
    1300: "TWS socket port has been reset and this connection is being dropped.",
    2100: "API client has been unsubscribed from account data.",
    2103: "Market data farm connection is broken:afarm",
    2104: "Market data farm connection is OK:afarm",
    2105: "HMDS data farm connection is broken:hkhmds",
    2106: "HMDS data farm connection is OK:hkhmds",
    2107: "HMDS data farm connection is inactive but should be available upon demand.hkhmds",
    2108: "Market data farm connection is inactive but should be available upon demand.afarm",
    2109: "Order Event Warning:Attribute 'Outside Regular Trading Hours' is ignored based on the "
    "order type and destination. PlaceOrder is now being processed.",
    2110: "Connectivity between Trader Workstation and server is broken. It will be restored "
    "automatically.",
    2119: "Market data farm is connecting:afarm",
    2137: "This order will cross the market.",
    2157: "Sec-def data farm connection is broken:secdefhk",
    2158: "Sec-def data farm connection is OK:secdefhk",
    10089: "Requested market data requires additional subscription for API. See link in 'Market "
    "Data Connections' dialog for more details.Delayed market data is available.",
    10090: "Part of requested market data is not subscribed. Subscription-independent ticks are "
    "still active.Delayed market data is available.",
    10091: "Part of requested market data requires additional subscription for API.",
    10147: "OrderId {id} that needs to be cancelled is not found.",
    10148: "OrderId {id} that needs to be cancelled cannot be cancelled, state: Filled.",
    10167: "Requested market data is not subscribed. Displaying delayed market data.",
    10168: "Requested market data is not subscribed. Delayed market data is not enabled.",
    10197: "No market data during competing live session",
    10349: "Order TIF was set to DAY based on order preset.",
}


def text_of(code: int, req_id: int) -> str:
    """The text of a code, with the id that it is about where the text names it."""
    text = _TEXTS.get(code, f"Message {code} of the scenario.")
    return text.replace("{id}", str(req_id))
