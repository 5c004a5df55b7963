"""The answers so far over what `.env` says, held against the settings' own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from config.entries import Fault, SettingsError, entry_of
from config.settings import Settings
from console.init.env_file import Existing

#: What tells of a gateway and an account: in demo all of it belongs to the embedded one.
OF_A_GATEWAY = ("IB_HOST", "IB_PORT", "IB_ACCOUNT_ID", "IB_PAPER", "IB_BASE_CURRENCY")


@dataclass(slots=True)
class Choices:
    """Texts by the names of settings, as they would stand in `.env`."""

    before: Existing
    environment: Mapping[str, str]
    """The settings that the environment names; it wins over the file."""
    asked: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, before: Existing, environ: Mapping[str, str]) -> Choices:
        """Start from what is set."""
        names = {name.upper() for name in Settings.model_fields}
        names |= {f"{name}_FILE" for name in names}
        given = {name.upper(): text for name, text in environ.items() if text}
        return cls(before, {name: text for name, text in given.items() if name in names})

    def current(self, name: str) -> str:
        """What is set now, by an answer, the environment or the file; empty where nothing is."""
        for said in (self.asked, self.environment, self.before.values):
            if name in said:
                return said[name]
        return ""

    def take(self, **answers: str) -> None:
        """These are the answers."""
        self.asked |= answers

    def forget(self, *names: str) -> None:
        """What stood in the file does not count any more."""
        values = {name: text for name, text in self.before.values.items() if name not in names}
        self.before = replace(self.before, values=values)

    def fault(self, **answers: str) -> str:
        """Why one of these answers is wrong, as a sentence with what is allowed; or empty."""
        wrong = [fault for fault in self._faults(answers) if fault.name in answers]
        return " ".join(map(_sentence, wrong))

    def meant(self, name: str, text: str) -> str:
        """What somebody meant who gave this wrong answer, where the settings can tell."""
        entry = entry_of(Settings.model_fields[name.lower()])
        wrong = [fault for fault in self._faults({name: text}) if fault.name == name]
        return next((each.example for each in wrong if each.example != entry.example), "")

    def wrong_before(self) -> tuple[Fault, ...]:
        """What was wrong already in the file, what belongs to an account left out."""
        try:
            Settings.load(self._before(), env_file=None)
        except SettingsError as error:
            return tuple(fault for fault in error.faults if fault.name in self.before.values)
        return ()

    def settings(self, **more: str) -> Settings:
        """The settings as they would be.

        Raises:
            SettingsError: something is wrong or missing yet.
        """
        return Settings.load({**self._before(), **self.asked, **more}, env_file=None)

    def effective(self) -> Settings:
        """The same with what the environment says over it: as Kelpie would be here.

        Raises:
            SettingsError: something is wrong or missing yet.
        """
        return self.settings(**self.environment)

    def shadowed(self) -> dict[str, str]:
        """The answers that the environment overrules, with what it says."""
        return {
            name: self.environment[name]
            for name, text in self.asked.items()
            if self.environment.get(name, text) != text
        }

    def in_a_file(self, name: str) -> bool:
        """This secret lies in a file of its own, which is named where the settings are."""
        pointer = f"{name}_FILE"
        return pointer in self.before.beside or pointer in self.environment

    def _before(self) -> dict[str, str]:
        return {**self.before.beside, **self.before.values}

    def _faults(self, answers: Mapping[str, str]) -> tuple[Fault, ...]:
        try:
            self.settings(**answers)
        except SettingsError as error:
            return error.faults
        return ()


def _sentence(fault: Fault) -> str:
    reason = fault.reason[:1].upper() + fault.reason[1:]
    return f"{reason}. Allowed: {fault.allowed}. Example: {fault.example}."
