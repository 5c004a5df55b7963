"""Live through seeded days until one shows a violation; run on a copy of the tree, as a program.

`hunt.py '{"seeds": [1, 2], "plan": {"faults": 3}}'` prints `{"seed": 2, "violation": "…"}`, or
`{"seed": null, "violation": null}` when all of them are clean.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path

from loguru import logger

from rehearsal.world import Plan, World


def main() -> None:
    """Hunt."""
    wanted = json.loads(sys.argv[1])
    plan = wanted["plan"]
    plan["only"] = tuple(plan.get("only", ()))
    logger.remove()
    for seed in wanted["seeds"]:
        folder = Path(tempfile.mkdtemp(prefix="kelpie-hunt-"))
        try:
            outcome = World(seed, folder, Plan(**{"brisk": True, **plan})).run()
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if outcome.violations:
            print(json.dumps({"seed": seed, "violation": outcome.violations[0]}))
            return
    print(json.dumps({"seed": None, "violation": None}))


if __name__ == "__main__":
    main()
