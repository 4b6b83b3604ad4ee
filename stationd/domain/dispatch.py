"""The order of service: where a job stands in the line.

Classes in order, and within a class by acceptance. So that nobody starves, a job of a lower class is overtaken by at
most ``ageing`` later acceptances: its place in the line is that of a first-class job accepted ``ageing`` acceptances
later. Counting acceptances instead of hours keeps the order independent of every clock.
"""

_CLASSES = 4
"""Room for the classes of service within one acceptance, so that no two jobs share a rank."""


def rank_of(seq: int, service_class: int, *, ageing: int) -> int:
    """The place of the ``seq``-th accepted job in the line; lower is served earlier, and no two are equal."""
    return (seq + (ageing if service_class else 0)) * _CLASSES + service_class
