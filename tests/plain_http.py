"""Plain HTTP to this machine, for tests.

Unless told otherwise, a new client reads all certificate authorities of the world: a tenth of a
second of a loaded core, with every other thread of this process standing still, trees included.
"""

from __future__ import annotations

import ssl

TRUSTS_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""As `verify` of a client that speaks no TLS."""
