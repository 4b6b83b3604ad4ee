"""Other queues on the same machine, doing what the station does: take a job durably, hand it to a worker, finish it.

Each runs as a process of its own (``python -m tests.bench.peers.NAME``), with its server started by hand in a scratch
folder on a unix socket. What they need is installed apart from the project's own environment: ``make bench-peers``.
"""
