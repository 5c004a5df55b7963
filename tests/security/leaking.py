"""Kelpie with a strategist that crashes again and again, with every secret in its words.

`python -m tests.security.leaking`: the real process, tree and logs; what crashes is one actor, as
one would whose library had put a key into the text of its error.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import replace

from loguru import logger

import supervisor
from actors import names
from actors.chosen import strategist_options
from actors.messages import Alert
from actors.seat import Seat
from actors.strategist import Strategist
from actors.system import ActorSystem
from config.settings import Settings
from console.process import TreeOptions


class Leaking(Strategist):
    """Says every secret that it knows in each way that there is, then crashes with all of them."""

    def __init__(self, system: ActorSystem, seat: Seat) -> None:
        super().__init__(system, seat, options=strategist_options(Settings.load()))

    def on_start(self) -> None:
        """Leave the start alone."""
        super().on_start()
        self.after(0.3, "leak")

    def on_timer(self, name: str) -> None:
        """Leak."""
        if name != "leak":
            super().on_timer(name)
            return
        secrets = Settings.load().secrets()
        for secret in secrets:
            self.log.warning("a key: {}", secret)
            logger.bind(event="leak", key=secret, seat="leaking").error("with {}", secret)
            logging.getLogger("some.library").error("POST %s: refused", secret)
        # That it is parked waits for the day, by Sydney's clock; this is told at any hour.
        words = f"trading.strategist was refused with {' '.join(secrets)}."
        now = self.clock.now()
        alert = Alert(names.IB, "error", "FLATTEN_LEFT", words, "", now, told=1, stands=False)
        self.tell(names.ALERTS, alert)
        raise RuntimeError(f"refused with {' '.join(secrets)}")


def leaking(options: TreeOptions) -> TreeOptions:
    """Sit it on the strategist's seat."""
    return replace(options, strategist=Leaking)


if __name__ == "__main__":
    sys.exit(supervisor.run(sys.argv[1:], adjust=leaking))
