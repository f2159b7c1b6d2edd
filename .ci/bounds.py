"""Requirements that setup.cfg lists, one a line: ``bounds.py minimum|newest|extras``.

``minimum`` and ``newest`` are of the program and its tests, at their lower bounds or free above them;
``extras`` are of the program with all that a user can add.
"""

from __future__ import annotations

import configparser
import re
import sys
from pathlib import Path


def main(which: str) -> None:
    """Print them; a library without a lower bound is an error."""
    parser = configparser.ConfigParser()
    parser.read(Path(__file__).parent.parent / "setup.cfg", encoding="utf-8")
    extras = parser["options.extras_require"]
    wanted = ("osm", "geo", "geonames", "report", "excel") if which == "extras" else ("test",)
    listed = parser["options"]["install_requires"] + "".join(extras[name] for name in wanted)
    for line in filter(None, map(str.strip, listed.split("\n"))):
        found = re.fullmatch(r"([A-Za-z0-9_-]+)>=([0-9.]+)(,<.*)?", line)
        if not found:
            raise SystemExit(f"no lower bound: {line}")
        print(f"{found[1]}=={found[2]}" if which == "minimum" else line)


if __name__ == "__main__":
    main(sys.argv[1])
