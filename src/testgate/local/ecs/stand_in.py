"""The process of an image that nobody mapped: answers every request with what it stands in for.

Run as a script, never imported; with nothing but the standard library. TESTGATE_STAND_IN is the
JSON document that it shows, PORT_<containerPort> are the ports that it listens on; without one it
waits to be stopped.
"""

import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """Any method, any path: status 200 and the document."""

    protocol_version = "HTTP/1.1"
    body = b"{}\n"

    def answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(self.body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = answer

    def log_message(self, format: str, *args: object) -> None:
        sys.stdout.write(f"{self.command} {self.path}\n")


def main() -> None:
    document = json.loads(os.environ["TESTGATE_STAND_IN"])
    document["processId"] = os.getpid()  # tells two tasks of one definition apart
    Handler.body = (json.dumps(document, indent=2) + "\n").encode()
    ports = [int(value) for name, value in os.environ.items() if name.startswith("PORT_")]
    sys.stdout.write(f"{document['standIn']} Ports: {ports}\n")
    for port in ports:
        server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
