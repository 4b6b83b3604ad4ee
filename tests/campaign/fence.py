"""``python -m tests.campaign.fence``: all worlds with three fences, and each guard of the rule taken out in turn.

A guard that can be taken out without a test noticing is either superfluous or untested; every line must say *noticed*.
"""

import subprocess
import sys
import time
from pathlib import Path

from tests.unit.test_fence_world import second_card

RULE = Path(__file__).parents[2] / "stationd" / "domain" / "fence.py"
TESTS = ("tests/unit/test_fence_world.py", "tests/unit/test_fence.py")
_ITS = "(order.station, order.fence) == (station, fence)"
_HELD = "if held.fence == fence and held.stage is Stage.RECEIVED and fence >= held.floor:"
GUARDS = (
    ("an order with leave is offered again", "not in {Hold.FREE, Hold.OFFERED}:", "is Hold.SETTLED:"),
    ("a settled order is offered again", "not in {Hold.FREE, Hold.OFFERED}:", "in {Hold.GRANTED, Hold.RECALLED}:"),
    ("an offer does not raise the fence", "Assignment(order.fence + 1, station", "Assignment(order.fence, station"),
    ("leave to whoever asks", f"if {_ITS} and", "if order.fence == fence and"),
    ("leave to any fence", f"if {_ITS} and", "if order.station == station and"),
    ("leave to an order that was asked back", "in {Hold.OFFERED, Hold.GRANTED}:", "is not Hold.SETTLED:"),
    ("leave to a settled order", "in {Hold.OFFERED, Hold.GRANTED}:", "is not Hold.RECALLED:"),
    (
        "the answer to a void question voids nothing",
        "return order, Act.RECALL, fence + 1",
        "return order, Act.RECALL, fence",
    ),
    ("leave is not remembered", "return replace(order, hold=Hold.GRANTED), Act.LEAVE", "return order, Act.LEAVE"),
    (
        "an order with leave is free at once",
        "    if order.hold is Hold.OFFERED:\n        return Assignment(order.fence)",
        "    if order.hold in {Hold.OFFERED, Hold.GRANTED}:\n        return Assignment(order.fence)",
    ),
    ("a recall does not void what was given", "    return order.fence + 1\n", "    return order.fence\n"),
    (
        "anybody gives an order back",
        "if order.station == station and order.fence < below and",
        "if order.fence < below and",
    ),
    (
        "an old fence is given back for the new one",
        "order.station == station and order.fence < below and",
        "order.station == station and",
    ),
    (
        "a settled order is given back",
        "order.hold in {Hold.OFFERED, Hold.GRANTED, Hold.RECALLED}:",
        "order.hold is not Hold.FREE:",
    ),
    (
        "anybody settles an order",
        f"    if {_ITS}:\n        return replace(order, hold=Hold.SETTLED)",
        "    if order.fence == fence:\n        return replace(order, hold=Hold.SETTLED)",
    ),
    (
        "a card does not settle its order",
        f"    if {_ITS}:\n        return replace(order, hold=Hold.SETTLED)",
        f"    if {_ITS}:\n        return order",
    ),
    (
        "an order with leave is written off unasked",
        "if order.hold is Hold.RECALLED else order\n\n\n# ",
        "if order.hold in {Hold.RECALLED, Hold.GRANTED} else order\n\n\n# ",
    ),
    (
        "a station begins what was recalled",
        "self.stage is Stage.GRANTED and self.fence >= self.floor",
        "self.stage is Stage.GRANTED",
    ),
    (
        "a station begins without leave",
        "self.stage is Stage.GRANTED and self.fence >= self.floor",
        "self.stage in {Stage.GRANTED, Stage.RECEIVED} and self.fence >= self.floor",
    ),
    ("an offer below the floor is taken", "if fence < held.floor or fence < held.fence:", "if fence < held.fence:"),
    ("an offer below the last is taken", "if fence < held.floor or fence < held.fence:", "if fence < held.floor:"),
    ("a repeated offer is taken anew", "    if fence == held.fence:\n        return held, Arrival.REPEATED\n", ""),
    (
        "another fence is taken beside leave",
        "    if held.stage is Stage.GRANTED:\n        return held, Arrival.BUSY\n",
        "",
    ),
    ("leave for another fence counts", _HELD, "if held.stage is Stage.RECEIVED and fence >= held.floor:"),
    ("leave counts at any stage", _HELD, "if held.fence == fence and fence >= held.floor:"),
    ("leave counts below the floor", _HELD, "if held.fence == fence and held.stage is Stage.RECEIVED:"),
    ("what was refused here stays granted", "return replace(held, stage=Stage.REFUSED)", "return held"),
    ("a recall raises no floor", "replace(held, floor=max(held.floor, floor))", "replace(held)"),
    ("an old recall lowers the floor", "floor=max(held.floor, floor)", "floor=floor"),
    ("an old recall takes the new fence back", "    if held.fence >= floor:", "    if held.fence > 10**9:"),
    ("a card under way is given back", "    if has_begun:\n        return held, Answer.KEPT\n", ""),
    ("what was given back stays received", "held = replace(held, stage=Stage.RETURNED)\n", "held = replace(held)\n"),
    (
        "a counter's job gives no leave to its station",
        "replace(order, hold=Hold.GRANTED) if order.hold is Hold.OFFERED else order",
        "order",
    ),
    (
        "another keeps what a counter has begun",
        "else order\n    return recalled(order)\n\n\ndef made_at",
        "else order\n    return order\n\n\ndef made_at",
    ),
    (
        "a counter's card ends no offer",
        "order.hold in {Hold.FREE, Hold.OFFERED}:\n        return Assignment(order.fence, station",
        "order.hold is Hold.FREE:\n        return Assignment(order.fence, station",
    ),
)
"""What goes wrong, the guard, and what stands in its place."""

_RUN = """
import sys, types, pathlib, pytest
import stationd.domain
source = pathlib.Path(sys.argv[1]).read_text()
module = types.ModuleType("stationd.domain.fence")
module.__file__ = sys.argv[1]
sys.modules["stationd.domain.fence"] = stationd.domain.fence = module
exec(compile(source.replace(sys.argv[2], sys.argv[3], 1), sys.argv[1], "exec"), module.__dict__)
sys.exit(pytest.main(["-q", "-x", "--no-header", "-p", "no:cacheprovider", "--tb=no", "-p", "no:xdist", *sys.argv[4:]]))
"""


def main() -> int:
    """Print a line each; 0 when no world has two cards and every guard was missed."""
    began = time.monotonic()
    found, count = second_card(3)
    print(f"{count} worlds of two stations and three fences, {time.monotonic() - began:.1f} s: second card {found}")
    source, unnoticed = RULE.read_text(encoding="utf-8"), 0
    for what, guard, instead in GUARDS:
        assert guard in source, what
        command = [sys.executable, "-c", _RUN, str(RULE), guard, instead, *TESTS]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=RULE.parents[2])
        first = next((line for line in done.stdout.splitlines() if line.startswith("FAILED")), "").partition("::")[2]
        unnoticed += done.returncode != 1
        print(f"{'noticed' if done.returncode == 1 else 'UNNOTICED'}: {what}: {first.partition(' ')[0]}", flush=True)
    print(f"{len(GUARDS)} guards, unnoticed {unnoticed}")
    return 0 if found is None and not unnoticed else 1


if __name__ == "__main__":
    sys.exit(main())
