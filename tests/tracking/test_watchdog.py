"""A hang in native code ends the process, with the stacks in its log."""

from __future__ import annotations

import subprocess
import sys

HUNG_S = 0.5
PROGRAM = f"""
import asyncio, ctypes, sys
from tests.tracking.fakes import Drifting
from tests.tracking.test_engine import Heard, engine_with, leg, start
from tracking.engine import local
from tracking.watchdog import watch

class Hanging(Drifting):
    def step(self, frame):
        # The one keeps the interpreter's lock meanwhile, the other doesn't.
        (ctypes.PyDLL if "locked" in sys.argv else ctypes.CDLL)(None).sleep(60)

async def main():
    watching = asyncio.create_task(watch(engine := engine_with(Hanging), hung_s={HUNG_S}))
    await asyncio.sleep(0)
    engine.start(start("one", leg()), Heard())
    if "stopped" in sys.argv:
        local.ABANDONED_AFTER_S = 0.05
        await asyncio.sleep(0.2)
        engine.stop("one")
    await watching

if "fine" in sys.argv:
    Hanging = Drifting
    async def main():
        engine = engine_with(Drifting)
        engine.start(start("one", leg()), Heard())
        try:
            await asyncio.wait_for(watch(engine, hung_s={HUNG_S}), {3 * HUNG_S})
        except TimeoutError:
            print("lives")
asyncio.run(main())
"""


CODES = {"locked": 1, "unlocked": 70, "stopped": 70, "fine": 0}


def test_an_agent_that_hangs_ends_and_says_where_and_one_that_gets_on_lives() -> None:
    pipe = subprocess.PIPE
    each = {how: subprocess.Popen([sys.executable, "-c", PROGRAM, how], stdout=pipe, stderr=pipe) for how in CODES}
    said = {how: process.communicate(timeout=50) for how, process in each.items()}
    assert {how: process.returncode for how, process in each.items()} == CODES, said
    assert [how for how, (_, log) in said.items() if b"in step" in log] == ["locked", "unlocked", "stopped"]
    assert said["fine"][0] == b"lives\n"
