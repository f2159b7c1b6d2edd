"""``python -m siting`` and the command ``siting``: signals are heard before anything else is loaded."""

import sys

from siting.terminal.interrupt import listen
from siting.terminal.machine import of_the_machine


def main() -> None:
    """Entry point of the ``siting`` command."""
    listen()
    try:
        from siting.cli import main as run

        run()
    except Exception as error:
        told = of_the_machine(error)
        if told is None:
            raise
        sys.exit(f"error: {told}")  # which is exit code 1


if __name__ == "__main__":
    main()
