"""A line between two ends that can be cut, go silent, and be mended: the demonstration's."""

from stationd.demo.city.link.line import Line

__all__ = ["Line"]
