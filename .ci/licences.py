"""Licences of what is installed beside this script's interpreter; 1 when one is not known to go with MIT."""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions

PERMITTED = re.compile(
    r"MIT|BSD|0BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|Zlib|CC0|HPND",
    re.IGNORECASE,
)
COPYLEFT = re.compile(r"(?<![A-Z])A?GPL|GNU (Affero )?General Public", re.IGNORECASE)
TEXTS = {"kiwisolver": "BSD-3-Clause", "jinja2": "BSD-3-Clause"}
"""Libraries whose description holds a licence's text without its name."""


def licence(one: Distribution) -> str:
    """Name of a licence: an SPDX expression, classifiers, or the first line of a text."""
    about = one.metadata
    classes = [
        line.rsplit("::", 1)[-1].strip() for line in about.get_all("Classifier", []) if "License ::" in line
    ]
    first = (about.get("License") or "").strip().split("\n")[0]
    named = about.get("License-Expression") or ", ".join(classes) or first
    return named or TEXTS.get(about["Name"].lower(), "")


def main() -> int:
    """Print a line per library."""
    wrong = 0
    for one in sorted(distributions(), key=lambda one: one.metadata["Name"].lower()):
        name = licence(one)
        refused = not PERMITTED.search(name) or bool(COPYLEFT.search(name))
        wrong += refused
        remark = "   <- look at it" if refused else ""
        print(f"{one.metadata['Name']} {one.version}: {name or 'unknown'}{remark}")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
