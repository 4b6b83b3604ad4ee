"""The simulated printer: the driver that needs no machine, for demonstrations, benches and tests.

Its cards land as files in a folder, exactly the documents that were sent. Options (keys of its ``[[printer]]`` table):
see :class:`stationd.adapters.printers.simulator.options.Options`.
"""

from stationd.adapters.printers.simulator.driver import SimulatedPrinter, build
from stationd.adapters.printers.simulator.mechanism import Mechanism

__all__ = ["Mechanism", "SimulatedPrinter", "build"]
