"""The text of `.env.example`, made from the settings: `python -m config.example`."""

from __future__ import annotations

from config.entries import as_text, entry_of
from config.settings import Settings


def render() -> str:
    """Write every setting with its sentence, unit and limits, each at its default, disabled."""
    demo = Settings.load({}, env_file=None)
    parts = [
        "# The settings of Kelpie. Copy this file to .env and take the # from what you change.\n"
        "# The environment wins over .env. Keep .env to yourself: it may hold secrets.\n"
    ]
    for name, field in Settings.model_fields.items():
        entry = entry_of(field)
        unit = f" In {entry.unit}." if entry.unit else ""
        by_file = f"{name.upper()}_FILE=/etc/kelpie/secrets/{name.upper()}"
        parts.append(
            f"# {entry.sentence}{unit}\n"
            f"# Allowed: {entry.allowed}. Example: {entry.example}\n"
            + (f"# Or in a file of its own: {by_file}\n" if entry.secret else "")
            + f"#{name.upper()}={as_text(getattr(demo, name))}\n"
        )
    return "\n".join(parts)


if __name__ == "__main__":
    print(render(), end="")
