"""The city's engine, NATS JetStream: the only place that knows it; it needs the extra ``city``."""

import importlib.util


def is_installed() -> bool:
    """Whether the extra is there."""
    return importlib.util.find_spec("nats") is not None
