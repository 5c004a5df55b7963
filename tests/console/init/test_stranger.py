"""A stranger with a fresh clone: from `init` to a watched paper account, and what they had to type.

The programs are the real ones, at a terminal of their own, in a copy of what a clone would hold;
the gateway is simulated and its wire log is the judge.
"""

from __future__ import annotations

import shutil
import stat
import subprocess
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from simulators.books import read_books
from simulators.tws.wire_history import read_wire_log
from tests.console.init.ntfy import ntfy
from tests.console.init.person import at_terminal
from tests.plain_http import TRUSTS_NOBODY
from tests.simulators.gateway_process import gateway_process
from tests.tree.home import ROOT, free_port
from tests.tree.waiting import SOON, until

MOST_ANSWERS = 15

#: Enter is an answer too.
ANSWERS_OF_INIT = ("", "", "", "", "", "", "")


def clone(folder: Path) -> Path:
    """What `git clone` would give: the files that are in the repository, and no others."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", ":!tests", ":!docs"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    return folder


def looked_at_from_a_phone(printed: str) -> str:
    """Open the link, take the device's key, and read the first page."""
    url = next(line for line in printed.splitlines() if "/pair?link=" in line).strip()
    parts = urlsplit(url)
    origin = f"{parts.scheme}://{parts.netloc}"
    with httpx.Client(
        base_url=origin, timeout=SOON, trust_env=False, verify=TRUSTS_NOBODY
    ) as browser:
        assert browser.get(url).status_code == 200
        form = {"link": parse_qs(parts.query)["link"][0]}
        same = {"origin": origin, "sec-fetch-site": "same-origin"}
        paired = browser.post("/pair", data=form, headers=same)
        assert paired.status_code == 303, paired.text
        cookie = paired.headers["set-cookie"].partition(";")[0]

        def first_page() -> str:
            """Where a part is slow it says so, and is asked for again."""
            first = browser.get("/", headers={"cookie": cookie})
            assert first.status_code == 200, first.text
            return "" if "has not answered for" in first.text else first.text

        return until(first_page, "the first page, with all its parts")


def is_well(home: Path, program: Path, environ: dict[str, str]) -> bool:
    """What `kelpie status` says; a part that is slow just then wants another look."""
    with at_terminal(home, program, "status", **environ) as status:
        well = status.ended() == 0
        assert well or "Not answered in time" in " ".join(status.screen.split()), status.screen
        return well


@pytest.mark.timeout(180)  # four programs are started, on a machine that may be busy
def test_from_a_fresh_clone_to_a_watched_paper_account(tmp_path: Path) -> None:
    home = clone(tmp_path / "kelpie")
    program, sim = home / "supervisor.py", tmp_path / "gateway"
    sim.mkdir()
    # What a stranger need not know of: other tests listen on this machine too, and it may be the
    # hour of an announced restart.
    environ = {"HOOK_PORT": str(free_port()), "IB_WINDOWS": "none"}
    with gateway_process(sim, "--market", "still") as there, ntfy() as phone:
        with at_terminal(home, program, "init", "--ports", str(there.port), **environ) as init:
            for number, answer in enumerate(ANSWERS_OF_INIT, 1):
                init.wait_for(rf"{number} of 10 ")
                init.wait_for(r"> $")
                init.answer(answer)
            init.wait_for(r"8 of 10 ")
            init.wait_for(r"> $")
            init.answer(phone.url)
            init.wait_for(r"9 of 10 ")
            init.answer(phone.digits())
            init.wait_for(r"10 of 10 ")
            init.wait_for(r"> $")
            init.answer("")
            assert init.ended() == 0, init.screen
            answers = init.answers
        assert stat.S_IMODE((home / ".env").stat().st_mode) == 0o600
        assert "What happens next (Sydney time)" in init.screen
        wire = read_wire_log(sim / "wire.jsonl")
        assert not wire.orders_per_ref()
        assert not wire.from_client(4)
        assert read_books(sim).orders == ()

        with at_terminal(home, program, "run", **environ) as run:
            run.wait_for(r"CONNECTED to ib, server version 176, account DU\*\*\*001")
            run.wait_for(r"AGREED ")
            run.wait_for(r"LOOK ")
            until(lambda: is_well(home, program, environ), "`kelpie status` says so", 60.0)
            with at_terminal(home, program, "phone", **environ) as phone_link:
                assert phone_link.ended() == 0, phone_link.screen
            page = looked_at_from_a_phone(phone_link.screen)
            assert "paper" in page.lower()
            assert "A$1,000,000.00" in page
            run.press("\x03")
            assert run.ended() == 0, run.screen
    assert answers < MOST_ANSWERS
