"""A station without the extra `stationd[city]`: none of it needs the link's libraries, and a link is refused in words.

The libraries are hidden from processes of their own; they are the same as in an environment of `requirements.lock`.
"""

import json
import subprocess
import sys

EXTRAS = ("nats", "psycopg", "gammu", "escpos", "smartcard", "matplotlib")
HIDDEN = f"import sys\nfor name in {EXTRAS}: sys.modules[name] = None\n"
IMPORTS = """
import importlib, json, pkgutil, stationd
missing = {}
for module in pkgutil.walk_packages(stationd.__path__, "stationd.", onerror=lambda _: None):
    if not module.name.endswith("__main__"):
        try: importlib.import_module(module.name)
        except ImportError as error: missing[module.name] = error.name
print(json.dumps(missing))
"""
COMMAND = "from stationd.cli import main\nsys.exit(main(sys.argv[1:]))\n"
NEEDS_NATS = ("stationd.adapters.nats.", "stationd.city.")


def ran(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", HIDDEN + code, *map(str, arguments)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def test_only_the_link_s_own_modules_need_its_libraries():
    missing = json.loads(ran(IMPORTS).stdout)
    assert {name for name, wants in missing.items() if wants.startswith("nats")} != set()
    assert [
        name for name, wants in missing.items() if wants.startswith("nats") and not name.startswith(NEEDS_NATS)
    ] == []


def test_a_link_without_its_libraries_is_refused_by_check_and_run_with_what_to_install(tmp_path):
    config = tmp_path / "stationd.toml"
    key = "A" * 43
    config.write_text(
        f'[station]\nid = "1671-07"\nname = "Kecamatan Contoh"\nstate_dir = "{tmp_path}/state"\n'
        f'[http]\nlisten = ["unix:{tmp_path}/api.sock"]\n'
        f'[city]\nkeys = ["{key}"]\nseal_to = "{key}"\nservers = ["nats://127.0.0.1:1"]\n'
    )
    checked = ran(COMMAND, "check", "--config", config)
    assert (checked.returncode, "stationd[city]" in checked.stdout) == (1, True), checked
    started = ran(COMMAND, "run", "--config", config)
    assert started.returncode == 1
    assert "the extra stationd[city] is not installed" in started.stderr, started
    assert "Traceback" not in started.stderr
