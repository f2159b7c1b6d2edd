"""What pip-audit found, in a few lines; 1 when a library is vulnerable: ``vulnerable.py AUDIT.json``."""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(audit: str) -> int:
    """Tell vulnerable libraries from those that could not be looked up."""
    text = Path(audit).read_text(encoding="utf-8")
    libraries = json.loads(text)["dependencies"] if text.strip() else []
    known = [one for one in libraries if "vulns" in one]
    vulnerable = [one for one in known if one["vulns"]]
    for one in vulnerable:
        print(f"{one['name']} {one['version']}: {', '.join(found['id'] for found in one['vulns'])}")
    print(f"pip-audit: {len(known)} libraries looked up, {len(vulnerable)} vulnerable, ", end="")
    print(f"{len(libraries) - len(known)} not in the database that this machine reaches")
    return bool(vulnerable)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
