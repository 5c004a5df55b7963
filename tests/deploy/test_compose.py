"""The containers, held to the rules of the house. No engine runs here: none was ever started."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

from config.entries import entry_of
from config.settings import Settings
from console.install.releases import FILES, ROOMS
from tests.deploy.watching import DEPLOY
from tests.simulators.gateway_process import gateway_process
from tests.tree.home import free_port

ROOT = DEPLOY.parent
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
_PINNED = re.compile(r"[\w./-]+:\d+\.\d+[\w.-]*")
_SECRET_WORDS = re.compile(r"PASSWORD|TOKEN|SECRET|_KEY")
each_service = pytest.mark.parametrize("name", SERVICES)


@each_service
def test_nothing_is_reachable_but_from_this_machine(name: str) -> None:
    service = SERVICES[name]
    assert "network_mode" not in service and service["networks"] == ["inside"]
    for published in service["ports"]:
        assert published.startswith("127.0.0.1:"), published
        inner = int(published.rsplit(":", 1)[1])
        assert inner not in range(4001, 4005), "the gateway's API is for Kelpie alone"
    assert not service.get("privileged")


@each_service
def test_images_are_pinned_and_services_come_back_are_watched_and_have_time_to_end(
    name: str,
) -> None:
    service = SERVICES[name]
    assert _PINNED.fullmatch(service["image"]), service["image"]
    assert service["restart"] == "unless-stopped"
    assert service["healthcheck"]["retries"] >= 3
    assert int(service["stop_grace_period"].removesuffix("s")) >= 20
    assert service["logging"]["options"] == {"max-size": "10m", "max-file": "5"}


@each_service
def test_secrets_come_by_file_alone(name: str) -> None:
    service = SERVICES[name]
    for variable, value in service["environment"].items():
        if _SECRET_WORDS.search(variable):
            assert variable.endswith("_FILE"), variable
            assert value.removeprefix("/run/secrets/") in service["secrets"]
    for secret in service["secrets"]:
        assert COMPOSE["secrets"][secret] == {"file": f"./secrets/{secret}"}
    assert "/deploy/secrets/" in (ROOT / ".gitignore").read_text().splitlines()


def test_what_is_said_of_kelpie_is_a_setting_and_fits_together(tmp_path: Path) -> None:
    said = {
        name: str(value).replace("${KELPIE_IB_PORT:-4004}", "4004")
        for name, value in SERVICES["kelpie"]["environment"].items()
    }
    for name in ("HOOK_TOKEN_FILE", "HOOK_READ_TOKEN_FILE"):
        path = tmp_path / name
        path.write_text(name.ljust(40, "x"))
        path.chmod(0o600)
        said[name] = str(path)
    known = {name.upper(): entry_of(field) for name, field in Settings.model_fields.items()}
    for name in said:
        setting = name.removesuffix("_FILE")
        assert setting in known and (setting == name or known[setting].secret), name
    paper = {"MODE": "paper", "IB_ACCOUNT_ID": "DU1234567"}
    settings = Settings.load(paper | said, env_file=None)
    assert (settings.ib_host, settings.ib_port) == ("ib-gateway", 4004)
    live = {"MODE": "live", "IB_ACCOUNT_ID": "U1234567"} | said | {"IB_PORT": "4003"}
    assert Settings.load(live, env_file=None).ib_paper is False


def test_the_gateway_restarts_when_the_house_expects_it() -> None:
    said = SERVICES["ib-gateway"]["environment"]
    assert said["TIME_ZONE"] == Settings.load({}, env_file=None).ib_time_zone
    at = datetime.strptime(said["AUTO_RESTART_TIME"], "%I:%M %p")
    assert f"IB_RESTART_TIME={at:%H:%M}" in (DEPLOY / "compose.yaml").read_text()
    assert said["READ_ONLY_API"] == "no"


# -- is the gateway well? ------------------------------------------------------------------


def asks_the_gateway(port: int, mode: str = "paper", limit: str = "10") -> int:
    """The health check of the gateway's container, word for word, at another port."""
    _, timeout, _, *words = SERVICES["ib-gateway"]["healthcheck"]["test"]
    script = words[-1].replace("$$", "$").replace("4002" if mode == "paper" else "4001", str(port))
    done = subprocess.run(
        [timeout, limit, *words[:-1], script],
        env={"PATH": "/usr/bin:/bin", "TRADING_MODE": mode},
        capture_output=True,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize("mode", ["paper", "live"])
def test_a_gateway_that_speaks_is_well_and_nothing_is_asked_of_it(
    mode: str, tmp_path: Path
) -> None:
    with gateway_process(tmp_path) as gateway:
        assert asks_the_gateway(gateway.port, mode) == 0
        assert asks_the_gateway(gateway.port, mode) == 0
    wire = (tmp_path / "wire.jsonl").read_text()
    assert wire.count('"event":"accepted"') == 2
    assert '"event":"connected"' not in wire, "no client number is taken"
    assert '"d":"in"' not in wire, "and no message is sent"


def test_a_gateway_that_is_not_there_or_says_nothing_is_not_well() -> None:
    assert asks_the_gateway(free_port()) != 0
    with socket.create_server(("127.0.0.1", 0)) as mute:
        assert asks_the_gateway(mute.getsockname()[1], limit="1") != 0


# -- is Kelpie well? -----------------------------------------------------------------------


@contextmanager
def answering(status: int) -> Iterator[int]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == "/health/live"
            self.send_response(status)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False)])
def test_kelpie_is_well_when_it_says_so(status: int, well: bool) -> None:
    _, _, *words = SERVICES["kelpie"]["healthcheck"]["test"]
    with answering(status) as port:
        words[-1] = words[-1].replace("8765", str(port))
        done = subprocess.run([sys.executable, *words], capture_output=True, check=False)
    assert (done.returncode == 0) is well
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    assert SERVICES["kelpie"]["healthcheck"]["test"][-1] in dockerfile, "one check, told twice"


# -- what the image is made of -------------------------------------------------------------


def test_the_image_is_pinned_and_run_by_nobody_in_particular() -> None:
    lines = (DEPLOY / "Dockerfile").read_text().splitlines()
    bases = [line.split()[1] for line in lines if line.startswith("FROM ")]
    assert len(set(bases)) == 1 and _PINNED.fullmatch(bases[0])
    assert [line for line in lines if line.startswith("USER ")] == ["USER kelpie"]
    version = SERVICES["kelpie"]["image"].partition(":")[2]
    assert f'version = "{version}"' in (ROOT / "pyproject.toml").read_text()


def test_nothing_gets_into_the_image_but_what_is_installed() -> None:
    lines = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    assert {rule[1:] for rule in rules if rule.startswith("!")} == {*ROOMS, *FILES}
    assert {"deploy/secrets", "deploy/.env", "deploy/*.env"} <= set(rules)
