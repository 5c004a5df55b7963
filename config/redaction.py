"""What no log may show: secrets, and account numbers.

Applied to the final text of every sink, so that it does not matter by which way it got there.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable

# An account number that stands by itself, also after an escaped character of JSON. A price never
# looks so, and an id of 26 characters has others around it.
_ACCOUNT = re.compile(
    r"(?:(?<![A-Za-z0-9])|(?<=\\[nrtbf])|(?<=\\u[0-9a-f]{4}))"
    r"(DUQ|DU|DF|DI|U|F|I)(\d{2,})(\d{3})(?![A-Za-z0-9])"
)
# Whatever that finds has this in it, which is looked for in a tenth of the time: most lines of a
# log have neither, and each is looked through.
_LIKE_AN_ACCOUNT = re.compile(r"[QUFI]\d{5}")
_HIDDEN = "***"


class Redaction:
    """Takes known secrets and everything like an account number out of a text."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        """Take the secrets known at the start."""
        self._secrets: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Hide this from now on, also as it is spelt in JSON and HTML; any thread may call it."""
        if not secret:
            return
        quoted = html.escape(secret)
        self._secrets |= {
            secret,
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            html.escape(secret, quote=False),
            quoted,
            # As templates spell them.
            quoted.replace("&quot;", "&#34;").replace("&#x27;", "&#39;"),
        }
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def __call__(self, text: str) -> str:
        """Give the text as it may be shown: `DU1234567` becomes `DU***567`."""
        text = self.hide(text)
        if _LIKE_AN_ACCOUNT.search(text) is None:
            return text
        return _ACCOUNT.sub(rf"\1{_HIDDEN}\3", text)

    def hide(self, text: str) -> str:
        """Give the text without the secrets, for those who may read the account's number."""
        if self._pattern is not None and any(secret in text for secret in self._secrets):
            return self._pattern.sub(_HIDDEN, text)
        return text
