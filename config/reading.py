"""How the settings are read, and told again: from the environment and from `.env`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import PrivateAttr, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    DotEnvSettingsSource,
    EnvSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from config.entries import Origin, Row, SettingsError, as_text, entry_of, faults_of, shown


class ReadSettings(BaseSettings):
    """Typed fields, each with its `Entry`, and where each value came from."""

    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", env_ignore_empty=True, validate_default=True
    )
    _origins: dict[str, Origin] = PrivateAttr(default_factory=dict)

    @classmethod
    def load(
        cls, environ: Mapping[str, str] | None = None, env_file: Path | None = Path(".env")
    ) -> Self:
        """Read the settings from `environ` (the process's own by default) and a file.

        Names that are no setting are passed over; an empty value counts as not given.

        Raises:
            SettingsError: with every wrong entry, in the order of the settings.
        """
        environment = EnvSettingsSource(cls)
        environment.env_vars = _given(os.environ if environ is None else environ)
        chosen = environment()
        filed = DotEnvSettingsSource(cls, env_file=env_file)() if env_file else {}
        try:
            settings = cls(**(filed | chosen))
        except ValidationError as error:
            raise SettingsError(faults_of(error, cls.model_fields)) from None
        settings._origins.update(dict.fromkeys(filed, Origin.DOTENV))
        settings._origins.update(dict.fromkeys(chosen, Origin.ENVIRONMENT))
        return settings

    def describe(self) -> list[Row]:
        """Tell every setting as it is now, in their order, without secrets."""
        rows = []
        for name, field in type(self).model_fields.items():
            entry, text = entry_of(field), as_text(getattr(self, name))
            origin = self._origins.get(name, Origin.DEFAULT)
            rows.append(Row(name.upper(), shown(text, entry), entry, origin))
        return rows

    def secrets(self) -> tuple[str, ...]:
        """Give what no log may ever show."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        return tuple(value.get_secret_value() for value in fields if isinstance(value, SecretStr))

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_named: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing but what `load` has read, so that each value's origin is known."""
        return (init_settings,)


def _given(environ: Mapping[str, str]) -> dict[str, str | None]:
    return {name.lower(): value for name, value in environ.items() if value != ""}
