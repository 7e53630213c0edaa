"""Answers any path with what it was sent, and /version with SHOP_VERSION; on each port it gets.

`/become/<version>` makes it say another version from then on.
"""

import json
import os
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Echo(BaseHTTPRequestHandler):
    """Path, headers and the container's port."""

    server: "Server"

    def do_GET(self):
        if "/become/" in self.path:
            os.environ["SHOP_VERSION"] = self.path.rpartition("/")[2]
        version = os.environ.get("SHOP_VERSION", "")
        told = (
            {"version": version}
            if self.path.endswith("/version")
            else {
                "path": self.path,
                "headers": {name.lower(): value for name, value in self.headers.items()},
                "port": self.server.container_port,
            }
        )
        body = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Version", version)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        pass


class Server(ThreadingHTTPServer):
    """One port of the container."""

    def __init__(self, container_port, port):
        super().__init__(("127.0.0.1", port), Echo)
        self.container_port = container_port


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    ports = {
        int(name.removeprefix("PORT_")): int(port)
        for name, port in os.environ.items()
        if name.startswith("PORT_")
    }
    servers = [Server(container_port, port) for container_port, port in ports.items()]
    for server in servers[1:]:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    servers[0].serve_forever()


if __name__ == "__main__":
    main()
