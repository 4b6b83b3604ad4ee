"""Figures as lines of text and, for whoever compares runs, as JSON."""

import json
import os
import platform
from pathlib import Path


class Figures:
    """Collects rows and prints each as it comes."""

    def __init__(self) -> None:
        self.rows: list[dict[str, str]] = []

    def heading(self, text: str) -> None:
        """Print a heading."""
        print(f"\n{text}", flush=True)

    def row(self, name: str, **values: str) -> None:
        """Print and keep one row."""
        self.rows.append({"name": name, **values})
        shown = "   ".join(f"{key.replace('_', ' ')} {value}" for key, value in values.items())
        print(f"  {name:42} {shown}", flush=True)

    def write(self, path: Path) -> None:
        """Write all rows with the machine they were taken on."""
        machine = {"python": platform.python_version(), "machine": platform.machine(), "cores": os.cpu_count()}
        path.write_text(json.dumps({"machine": machine, "rows": self.rows}, indent=2) + "\n", encoding="utf-8")
