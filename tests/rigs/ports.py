"""Ports for servers that must be told theirs before they start: the demonstration's."""

from stationd.demo.city.ports import free_port

__all__ = ["free_port"]
