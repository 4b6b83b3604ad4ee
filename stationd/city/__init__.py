"""The city's side of the link: its books, its orders, its reconciliation and its rights. A program of its own.

It shares the domain and the messages with the station (:mod:`stationd.domain.city_link`,
:mod:`stationd.adapters.city_messages`) and nothing else; no part of the station imports it. `docs/city-link.md` is the
contract between the two, `docs/city-operations.md` says how to run it.
"""
