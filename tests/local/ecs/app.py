"""A service for tests: answers every path with its VERSION, /health with its HEALTH status.

On bare sockets, because it is started some hundred times and http.server takes long to import.
"""

import os
import socket
import sys


def main() -> None:
    if os.environ.get("EXIT"):
        sys.stderr.write("giving up\n")
        sys.exit(int(os.environ["EXIT"]))
    sys.stdout.write(f"listening {sorted(os.environ)}\n")
    with socket.create_server(("127.0.0.1", int(os.environ["PORT"])), backlog=50) as server:
        while True:
            connection, _ = server.accept()
            with connection:
                answer(connection)


def answer(connection: socket.socket) -> None:
    request = b""
    while b"\r\n\r\n" not in request:
        chunk = connection.recv(4096)
        if not chunk:
            return
        request += chunk
    status = os.environ.get("HEALTH", "200") if b" /health " in request else "200"
    body = os.environ.get("VERSION", "none").encode()
    head = f"HTTP/1.1 {status} -\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    connection.sendall(head.encode() + body)


if __name__ == "__main__":
    main()
