"""The demonstration's station: its options, and the configuration file that they make."""

import json
from dataclasses import dataclass
from pathlib import Path

SECONDS_A_CARD = 12.0
"""What a fast card printer takes; ``speed`` divides it."""

FAULTS = {"spoil": 0.03, "jam": 0.02, "unknown": 0.02, "abort": 0.03}
"""How often each goes wrong with a card when faults are wanted."""

REPAIR_S = 60.0

ANY_TIME = (
    '["simulator"]\nopen = "00:00"\nclose = "24:00"\nweekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"]'
)
"""Messages go nowhere in a demonstration, and at any time."""
OWN = "1671-07"
"""The demonstration's station, unless another is asked for."""

READER = "pemindai-1"
"""The simulated reader of codes and cards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the command line asked for. ``port`` 0 takes a free one; ``scenario`` names what is played, or a file."""

    folder: Path
    port: int = 8631
    printers: int = 2
    speed: float = 3.0
    has_faults: bool = False
    blanks: int = 500
    scenario: str = ""
    station: str = OWN

    @property
    def seconds(self) -> float:
        """What a printer takes for a card."""
        return SECONDS_A_CARD / self.speed

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.folder / "stationd.toml"

    @property
    def cards(self) -> Path:
        """Where the printed cards land, a folder a printer."""
        return self.folder / "cards"

    @property
    def tokens(self) -> Path:
        """The file with a token for each role."""
        return self.folder / "tokens.json"


def configuration(options: DemoOptions) -> str:
    """The text of the configuration file."""
    folder = options.folder
    name = "Contoh" if options.station == OWN else "Umpama"
    parts = [
        "# The demonstration's station. Change it and start again with --dir to keep what you changed it to.",
        (
            f'[station]\nid = "{options.station}"\nname = "Kecamatan {name} (demo)"\n'
            f"state_dir = {json.dumps(str(folder / 'state'))}"
        ),
        '[clock]\ntrust = "always"',
        f"[notices]\nways = {ANY_TIME}",
        f'[http]\nlisten = ["127.0.0.1:{options.port}", {json.dumps(f"unix:{folder}/api.sock")}]',
    ]
    for number in range(1, options.printers + 1):
        lines = [
            f'[[printer]]\nname = "kartu-{number}"\ndriver = "simulator"',
            f"seconds = {options.seconds:.3f}",
            f"folder = {json.dumps(str(options.cards / f'kartu-{number}'))}",
        ]
        if options.has_faults:
            faults = ", ".join(f"{name} = {chance}" for name, chance in FAULTS.items())
            lines += [f"faults = {{ {faults} }}", f"repair = {REPAIR_S / options.speed:.1f}"]
        parts.append("\n".join(lines))
    parts.append(f'[[reader]]\nname = "{READER}"\ndriver = "simulator"')
    return "\n\n".join(parts) + "\n"
