"""A service for tests: answers every path with its VERSION, /health with its HEALTH status."""

import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    wbufsize = -1

    def do_GET(self):
        healthy = int(os.environ.get("HEALTH", "200"))
        self.send_response(healthy if self.path == "/health" else 200)
        self.end_headers()
        self.wfile.write(os.environ.get("VERSION", "none").encode())

    def log_message(self, format, *args):
        pass


if os.environ.get("EXIT"):
    sys.stderr.write("giving up\n")
    sys.exit(int(os.environ["EXIT"]))
sys.stdout.write(f"listening {sorted(os.environ)}\n")
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
