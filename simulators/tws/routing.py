"""How requests find the desk that answers them."""

from __future__ import annotations

from collections.abc import Callable

from simulators.tws.fields import FieldReader
from simulators.tws.protocol import Request
from simulators.tws.session import Session

#: Acts on one request of a session; the fields begin after the message number.
Handler = Callable[[Session, FieldReader], None]
Handlers = dict[Request, Handler]
