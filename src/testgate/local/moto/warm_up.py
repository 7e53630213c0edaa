"""Installs the bridges in the background, then imports what first calls would wait for.

moto's interpreter and its CloudFormation take about a second to import; a server listens long
before. Imported by `testgate.local.server` alone.
"""

import importlib
import threading


class WarmUp:
    """Work of one server's start; moto is not reached before the bridges stand."""

    def __init__(self) -> None:
        self._closing = threading.Event()
        self._installed = threading.Event()
        self._failure: Exception | None = None
        self._thread: threading.Thread | None = None

    def start(self, endpoint_url: str) -> None:
        """Begin; executions will call other services at `endpoint_url`."""
        self._closing.clear()
        self._installed.clear()
        self._thread = threading.Thread(
            target=self._run, args=(endpoint_url,), name="testgate-warm-up", daemon=True
        )
        self._thread.start()

    def wait_for_bridges(self) -> None:
        """Return when the bridges stand.

        Raises:
            RuntimeError: they could not be installed; its cause says why.
        """
        self._installed.wait()
        if self._failure is not None:
            raise RuntimeError("the bridges to moto could not be installed") from self._failure

    def close(self) -> None:
        """Leave out what is not begun, and wait for the rest."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def bridges_stand(self) -> bool:
        return self._installed.is_set() and self._failure is None

    def _run(self, endpoint_url: str) -> None:
        try:
            installation = importlib.import_module("testgate.local.moto.installation")
            installation.install(endpoint_url)
        except Exception as exc:  # noqa: BLE001 - raised again for every caller that waits
            self._failure = exc
            return
        finally:
            self._installed.set()
        if not self._closing.is_set():
            installation.warm_up()
