"""The files that a city installs, where this machine has them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from stationd.domain.errors import Refused

CONFIGS: Final = (Path(__file__).parents[3] / "config" / "city", Path("/usr/share/doc/stationd/examples/city"))
"""In a checkout, and as the Debian package brings them."""


def city_files(configs: Sequence[Path] = CONFIGS) -> Path:
    """The first folder that has them. Raises ``Refused``."""
    config = next((folder for folder in configs if (folder / "rules").is_dir()), None)
    if config is None:
        raise Refused("city-files-missing", f"cannot start the city: no rules in {configs[0]}")
    return config
