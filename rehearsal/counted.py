"""A mailbox that knows how many facts it owes its reader."""

from __future__ import annotations

from actors.lanes import Lane
from actors.mailbox import Envelope, Mailbox, Put


class CountedMailbox(Mailbox):
    """`owed` counts what went in and has not come out; it must be what waits there."""

    def __init__(self) -> None:
        super().__init__()
        self.owed = 0

    def put(self, envelope: Envelope) -> Put:
        """Count it, if it is taken."""
        put = super().put(envelope)
        self.owed += envelope.lane is Lane.FACT and put is Put.TAKEN
        return put

    def put_back(self, envelope: Envelope) -> None:
        """It is owed again."""
        super().put_back(envelope)
        self.owed += envelope.lane is Lane.FACT

    def set_aside(self, envelope: Envelope) -> None:
        """It is owed still."""
        super().set_aside(envelope)
        self.owed += envelope.lane is Lane.FACT

    def take(self, reader: object) -> Envelope | None:
        """It was delivered."""
        envelope = super().take(reader)
        self.owed -= envelope is not None and envelope.lane is Lane.FACT
        return envelope

    def close(self) -> list[Envelope]:
        """Whoever closes it is given what is owed."""
        left = super().close()
        self.owed -= sum(envelope.lane is Lane.FACT for envelope in left)
        return left
