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

from config.alerting import split_urls
from config.entries import (
    Fault,
    Origin,
    Row,
    SettingsError,
    as_text,
    entry_of,
    faults_of,
    shown,
)
from config.secret_files import CREDENTIALS, SecretsInFiles

SETTINGS_FILE = "KELPIE_SETTINGS"
"""The variable that names another file than `.env`: an installed Kelpie has it in /etc."""


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

        Names that are no setting are passed over; an empty value counts as not given. A secret
        may lie in a file of its own (`config.secret_files`).

        Raises:
            SettingsError: with every wrong entry, in the order of the settings.
        """
        given = os.environ if environ is None else environ
        if env_file is not None and (named := given.get(SETTINGS_FILE)):
            env_file = _there(Path(named))
        environment = EnvSettingsSource(cls)
        environment.env_vars = _given(given)
        chosen = environment()
        filed = DotEnvSettingsSource(cls, env_file=env_file)() if env_file else {}
        secret = [name for name, field in cls.model_fields.items() if entry_of(field).secret]
        found = SecretsInFiles(secret, environment.env_vars, filed)
        missing = [name for name in secret if not (name in chosen or name in filed)]
        found.look_in(
            given.get(CREDENTIALS), [each for each in missing if each not in found.values]
        )
        try:
            settings = cls(**(filed | found.values | chosen))
        except ValidationError as error:
            faults = {fault.name.lower(): fault for fault in faults_of(error, cls.model_fields)}
            raise _all_wrong(cls, faults | found.faults) from None
        if found.faults:
            raise _all_wrong(cls, found.faults)
        settings._origins.update(dict.fromkeys(filed, Origin.DOTENV))
        settings._origins.update(dict.fromkeys(found.values, Origin.FILE))
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

    def is_given(self, name: str) -> bool:
        """The owner has said it; it does not stand as it came."""
        return name in self._origins

    def secrets(self) -> tuple[str, ...]:
        """Give what no log may ever show."""
        fields = (getattr(self, name) for name in type(self).model_fields)
        whole = [value.get_secret_value() for value in fields if isinstance(value, SecretStr)]
        # Where one setting holds several, each of them is one.
        return tuple(dict.fromkeys(part for each in whole for part in (each, *split_urls(each))))

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


def _there(path: Path) -> Path:
    """Nobody who names a file wants the defaults instead."""
    try:
        path.open().close()
    except OSError as error:
        reason = f"the file cannot be read ({error.strerror})"
        example = "/etc/kelpie/kelpie.env"
        fault = Fault(SETTINGS_FILE, repr(str(path)), reason, "a file of settings", example)
        raise SettingsError([fault]) from None
    return path


def _all_wrong(settings: type[BaseSettings], faults: Mapping[str, Fault]) -> SettingsError:
    return SettingsError([faults[name] for name in settings.model_fields if name in faults])
