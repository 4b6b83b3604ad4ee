"""Writes what comes from the code: in the documents machines, keys of configuration, metrics; and the dashboards.

``python docs/generate.py`` writes them, in documents between their markers; ``--check`` only says which are out of
date (exit 1).
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS.parent), str(DOCS)]

import dashboards  # noqa: E402
import metric_families  # noqa: E402

from stationd.city.settings import CITY_TABLES  # noqa: E402
from stationd.config_keys import TABLES  # noqa: E402  the checkout's own code, wherever this is called from
from stationd.config_matchers import DEVICE  # noqa: E402
from stationd.config_schema import REQUIRED, Key, Table  # noqa: E402
from stationd.domain import custody  # noqa: E402
from stationd.domain import notice_machine as notices  # noqa: E402
from stationd.domain.authority import Role  # noqa: E402
from stationd.domain.job import JobState  # noqa: E402
from stationd.domain.job_machine import BEGINNINGS, FINAL, TABLE, JobEvent  # noqa: E402
from stationd.domain.telling import TOPICS, Share  # noqa: E402


def job_machine() -> str:
    """The job machine as a Mermaid diagram and as a table, in the order of the code's table."""
    edges = {state: [f"    [*] --> {state}: {JobEvent.ACCEPTED}"] for state in JobState if state in BEGINNINGS}
    diagram = [line for lines in edges.values() for line in lines]
    labels: dict[tuple[JobState, JobState], list[str]] = {}
    for (state, event), row in TABLE.items():
        labels.setdefault((state, row.to), []).append(event)
        if row.when_used_up is not None:
            labels.setdefault((state, row.when_used_up), []).append(f"{event}, tries used up")
    diagram += [f"    {one} --> {other}: {' / '.join(events)}" for (one, other), events in labels.items()]
    diagram += [f"    {state} --> [*]" for state in JobState if state in FINAL]
    rows = [
        f"| {state} | {event} | {row.to} | {row.when_used_up or ''} | {(row.blank or '').replace('_', ' ')} |"
        for (state, event), row in TABLE.items()
    ]
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            *diagram,
            "```",
            "",
            "| state | event | next | next when the tries are used up | the blank |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )


def custody_machine() -> str:
    """The custody of cards as a Mermaid diagram, in the order of the code's table."""
    labels: dict[tuple[str, str], list[str]] = {}
    for (state, event), after in custody.TABLE.items():
        labels.setdefault((state, after), []).append(event)
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            *(f"    [*] --> {state}" for state in custody.Custody if state in custody.BEGINNINGS),
            *(f"    {one} --> {other}: {' / '.join(events)}" for (one, other), events in labels.items()),
            *(f"    {state} --> [*]: {custody.CustodyEvent.TAKEN_BACK}" for state in custody.REVOCABLE),
            *(f"    {state} --> [*]" for state in custody.Custody if state in custody.FINAL),
            "```",
        ]
    )


def notice_machine() -> str:
    """One notice as a Mermaid diagram, in the order of the code's table."""
    labels: dict[tuple[str, str], list[str]] = {}
    for (state, event), after in notices.TABLE.items():
        labels.setdefault((state, after), []).append(event)
    return "\n".join(
        [
            "```mermaid",
            "stateDiagram-v2",
            f"    [*] --> {notices.NoticeState.INTENDED}",
            *(f"    {one} --> {other}: {' / '.join(events)}" for (one, other), events in labels.items()),
            "```",
        ]
    )


def configuration() -> str:
    """Every table of the configuration file with its keys, what is allowed, and the defaults."""
    return "\n".join(line for table in TABLES for line in _table(table)).rstrip()


def city_configuration() -> str:
    """The same of the city's own configuration file."""
    return "\n".join(line for table in CITY_TABLES for line in _table(table)).rstrip()


def matchers() -> str:
    """The keys of a matcher in ``devices.d``."""
    return "\n".join(_table(DEVICE)).rstrip()


def telling() -> str:
    """Who is told what of which events."""
    rows = [
        f"| `{topic}` | {' | '.join(_share(row.get(role)) for role in Role)} |" for topic, row in sorted(TOPICS.items())
    ]
    return "\n".join([f"| topic | {' | '.join(Role)} |", f"| --- |{' --- |' * len(Role)}", *rows])


def _share(share: Share | None) -> str:
    if share is None:
        return "nothing"
    fields = "all" if share.fields is None else ", ".join(sorted(share.fields)) or "that it happened"
    return fields if share.has_subject else f"{fields} (not of what)"


def _table(table: Table) -> list[str]:
    lines = [f"## `{table.heading}`", "", table.help, "", "| key | allowed | default | meaning |"]
    lines += ["| --- | --- | --- | --- |"]
    for key in table.keys:
        allowed = f"an array, each {key.rule.allowed}" if key.rule.is_list else key.rule.allowed
        meaning = key.help if key.is_in_effect else f"{key.help} *Checked, but not in effect yet.*"
        lines.append(f"| `{key.name}` | {_cell(allowed)} | {_cell(_default(key))} | {_cell(meaning)} |")
    return [*lines, ""]


def _default(key: Key) -> str:
    if key.default is REQUIRED:
        return "must be given"
    if key.note:
        return key.note
    return f"`{json.dumps(_plain(key.default), ensure_ascii=False)}`"


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PARTS: dict[str, tuple[str, Callable[[], str]]] = {
    "job machine": ("architecture.md", job_machine),
    "custody": ("custody.md", custody_machine),
    "notices": ("notices.md", notice_machine),
    "configuration": ("configuration.md", configuration),
    "city configuration": ("city-operations.md", city_configuration),
    "matchers": ("devices.md", matchers),
    "telling": ("api.md", telling),
    "metrics": ("metrics.md", metric_families.table),
}
"""Each generated part: the document it stands in, and what writes it."""


def with_part(text: str, name: str, part: str) -> str:
    """A document with the named part between its markers replaced. Raises ``ValueError`` when a marker is missing."""
    begin, end = f"<!-- generated: {name} -->", f"<!-- end: {name} -->"
    before, found_begin, rest = text.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found_begin or not found_end:
        raise ValueError(f"cannot write {name}: the markers {begin} … {end} are missing")
    return f"{before}{begin}\n\n{part}\n\n{end}{after}"


def stale_dashboards(*, is_to_be_written: bool) -> list[str]:
    """Which files of dashboards are not what the code makes, or are made by it no more; they are written when asked."""
    folder = DOCS.parent / "config" / "city" / "grafana"
    wanted = dashboards.files()
    found = {
        str(path.relative_to(folder)): path.read_text(encoding="utf-8")
        for language in dashboards.LANGUAGES
        for path in (folder / language).glob("*.json")
    }
    stale = sorted(name for name in wanted.keys() | found.keys() if wanted.get(name) != found.get(name))
    for name in stale if is_to_be_written else ():
        path = folder / name
        if name in wanted:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(wanted[name], encoding="utf-8")
        else:
            path.unlink()
    return [f"dashboard {name}" for name in stale]


def main(argv: list[str] | None = None) -> int:
    """0 when every part is, or now is, current; 1 when ``--check`` found one that is not."""
    parser = argparse.ArgumentParser(description="Writes the generated parts of the documentation.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a part is out of date")
    args = parser.parse_args(argv)
    stale = []
    for name, (document, write) in PARTS.items():
        path = DOCS / document
        text = path.read_text(encoding="utf-8")
        current = with_part(text, name, write())
        if current == text:
            continue
        stale.append(f"{document}: {name}")
        if not args.check:
            path.write_text(current, encoding="utf-8")
    stale += stale_dashboards(is_to_be_written=not args.check)
    for what in stale:
        print(f"{'out of date (make docs writes it)' if args.check else 'written'}: {what}")
    return 1 if args.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
