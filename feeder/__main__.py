"""``feeder …`` and ``python -m feeder …``."""

from __future__ import annotations

import os
import sys


def main() -> int:
    """The console script ``feeder``; returns the exit code."""
    if sys.argv[1:2] == ["publish"] and "_FEEDER_COMPLETE" not in os.environ:
        from feeder import fastpath

        return fastpath.main(sys.argv[2:])
    from feeder.cli import main as commands
    from feeder.cli import streams

    streams.fill()
    return commands.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
