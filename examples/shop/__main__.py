"""Starts the shop: `PORT=8080 python -m shop`, until SIGTERM.

Why here: the process that stands for a container of the shop on the local AWS.
Imported by nothing.
"""

import os
import signal
import sys

from .server import HOST, ShopServer
from .settings import Fault, SettingsError, parse_settings


def main() -> int:
    """Serve; the exit code: 0 after SIGTERM, 1 ordered crash or port taken, 2 bad environment."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        settings = parse_settings(os.environ)
    except SettingsError as error:
        sys.stderr.write(f"shop: {error}\n")
        return 2
    try:
        server = ShopServer(settings)
    except OSError as error:
        sys.stderr.write(f"shop: cannot listen on {HOST}:{settings.port}: {error.strerror}\n")
        return 1
    with server:
        url = f"http://{HOST}:{server.server_address[1]}"
        sys.stderr.write(f"shop: version {settings.version} listens on {url}\n")
        if Fault.CRASH in settings.faults:
            sys.stderr.write("shop: crashes, as SHOP_FAULT orders\n")
            return 1
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
