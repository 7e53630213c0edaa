"""Bytes that arrive over a connection, kept until they are asked for.

Imported by `testgate.runner.messages` and by those that hold connections.
"""

from collections.abc import Callable

CHUNK_BYTES = 65_536


class MessageError(Exception):
    """What arrives is no message of HTTP/1.1, or one that two readers could understand differently;
    the text says why, without its subject."""


class EndedEarlyError(MessageError):
    """The connection ended within a message."""


class Incoming:
    """What `receive` brings: as `socket.recv`, at most so many bytes, and none at the end."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._kept = bytearray()

    @property
    def is_empty(self) -> bool:
        """Whether all that has been received was asked for."""
        return not self._kept

    def has_ended(self) -> bool:
        """Wait for the next message; True if the connection ends instead. Ends of lines before it
        are nobody's (RFC 9112, 2.2)."""
        while not self._kept or self._kept[0] in b"\r\n":
            self._kept = self._kept.lstrip(b"\r\n")
            if not self._kept:
                piece = self._receive(CHUNK_BYTES)
                if not piece:
                    return True
                self._kept += piece
        return False

    def line(self, most_bytes: int) -> str:
        """The next line in Latin-1, without its end, which is CRLF or LF (RFC 9112, 2.2).

        Raises MessageError if it is longer than that, EndedEarlyError if the connection ends first.
        """
        searched = 0
        while (end := self._kept.find(b"\n", searched)) < 0:
            searched = len(self._kept)
            if searched > most_bytes:
                break
            piece = self._receive(CHUNK_BYTES)
            if not piece:
                raise EndedEarlyError("ended early")
            self._kept += piece
        if not 0 <= end <= most_bytes:
            raise MessageError(f"has a line of more than {most_bytes} bytes")
        line = self._kept[:end].removesuffix(b"\r").decode("latin-1")
        del self._kept[: end + 1]
        return line

    def some(self, most_bytes: int = CHUNK_BYTES) -> bytes:
        """What has arrived, at least one byte; none if the connection has ended."""
        if not self._kept:
            return self._receive(min(most_bytes, CHUNK_BYTES))
        piece = bytes(self._kept[:most_bytes])
        del self._kept[:most_bytes]
        return piece
