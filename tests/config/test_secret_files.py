"""Secrets in files of their own: every way to give one, and every way to give it wrongly."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.entries import Origin, SettingsError, entry_of
from config.settings import Settings

_SECRET = "s3cret-" + "x" * 40
_ENTRIES = {name: entry_of(field) for name, field in Settings.model_fields.items()}
_SECRETS = {name: _SECRET for name, entry in _ENTRIES.items() if entry.secret} | {
    "alert_urls": f"ntfys://ntfy.sh/{_SECRET}",
    "watcher_url": f"https://hc-ping.com/{_SECRET}",
}


def file_of(path: Path, content: str = _SECRET + "\n", mode: int = 0o600) -> str:
    path.write_text(content)
    path.chmod(mode)
    return str(path)


def value(settings: Settings, name: str) -> str:
    secret = getattr(settings, name)
    assert secret is not None
    text = secret.get_secret_value()
    assert isinstance(text, str)
    return text


def origin(settings: Settings, name: str) -> Origin:
    return next(row.origin for row in settings.describe() if row.name == name.upper())


def fault(environ: dict[str, str], env_file: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        Settings.load(environ, env_file=env_file)
    said = "\n".join(map(str, caught.value.faults))
    assert _SECRET not in said
    return said


@pytest.mark.parametrize("name", _SECRETS)
def test_every_secret_may_lie_in_a_file(name: str, tmp_path: Path) -> None:
    secret = _SECRETS[name]
    given = {f"{name.upper()}_FILE": file_of(tmp_path / "secret", f"{secret}\n")}
    settings = Settings.load(given, env_file=None)
    assert value(settings, name) == secret
    assert origin(settings, name) is Origin.FILE
    assert secret in settings.secrets(), "and no log will ever show it"
    assert secret not in repr(settings) + str(settings.describe())


@pytest.mark.parametrize("name", ["kelpie_HOOK_TOKEN", "HOOK_TOKEN"])
def test_a_credential_of_the_service_is_taken_where_nothing_else_is_given(
    name: str, tmp_path: Path
) -> None:
    file_of(tmp_path / name, mode=0o440)
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}
    settings = Settings.load(environ, env_file=None)
    assert value(settings, "hook_token") == _SECRET
    assert settings.hook_read_token is None
    given = Settings.load(environ | {"HOOK_TOKEN": "y" * 40}, env_file=None)
    assert value(given, "hook_token") == "y" * 40


def test_the_environment_wins_over_the_settings_file(tmp_path: Path) -> None:
    settings_file = tmp_path / "kelpie.env"
    settings_file.write_text(f"HOOK_TOKEN_FILE={file_of(tmp_path / 'secret')}\n")
    assert value(Settings.load({}, env_file=settings_file), "hook_token") == _SECRET
    direct = Settings.load({"HOOK_TOKEN": "y" * 40}, env_file=settings_file)
    assert value(direct, "hook_token") == "y" * 40
    settings_file.write_text(f"HOOK_TOKEN={'y' * 40}\n")
    pointed = Settings.load({"HOOK_TOKEN_FILE": str(tmp_path / "secret")}, env_file=settings_file)
    assert value(pointed, "hook_token") == _SECRET


def test_each_wrong_file_is_named_and_nothing_of_it_is_shown(tmp_path: Path) -> None:
    name = "HOOK_TOKEN_FILE"
    missing = fault({name: str(tmp_path / "nowhere")})
    assert missing.startswith(f"{name}: the file cannot be read (No such file or directory)")
    assert f"Example: {name}=/etc/kelpie/secrets/HOOK_TOKEN" in missing
    assert "is empty" in fault({name: file_of(tmp_path / "empty", " \n")})
    assert "larger than 65536" in fault({name: file_of(tmp_path / "large", "x" * 70_000)})
    assert "chmod 600" in fault({name: file_of(tmp_path / "open", mode=0o644)})
    assert "Is a directory" in fault({name: str(tmp_path)})
    (tmp_path / "binary").write_bytes(b"\xff\xfe")
    assert "holds no text" in fault({name: str(tmp_path / "binary")})
    both = {name: file_of(tmp_path / "secret"), "HOOK_TOKEN": "y" * 40}
    assert "HOOK_TOKEN is given as well" in fault(both)


def test_what_a_file_holds_is_checked_as_anything_else_is(tmp_path: Path) -> None:
    short = file_of(tmp_path / "short", "too short")
    said = fault({"HOOK_TOKEN_FILE": short, "HOOK_READ_TOKEN_FILE": "/nowhere", "MODE": "casino"})
    assert [line.partition(":")[0] for line in said.splitlines()] == [
        "MODE",
        "HOOK_TOKEN",
        "HOOK_READ_TOKEN_FILE",
    ]
    assert "too short to be safe" in said and "(hidden, 9 characters)" in said


def test_another_settings_file_is_named_by_the_environment_and_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "kelpie.env"
    path.write_text("HOOK_PORT=1234\n")
    monkeypatch.setenv("KELPIE_SETTINGS", str(path))
    assert Settings.load().hook_port == 1234
    assert Settings.load({}, env_file=None).hook_port == 8765
    path.unlink()
    with pytest.raises(SettingsError, match="KELPIE_SETTINGS: the file cannot be read"):
        Settings.load()
