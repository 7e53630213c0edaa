"""`testgate demo`: real deployments on the local AWS, gated before one's eyes."""

from typing import Annotated

import typer


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave the local AWS up afterwards, until Ctrl-C.")
    ] = False,
) -> None:
    """Gate deployments of a small shop on this machine: created, promoted, refused in many ways.

    Exits 0 only if each deployment ended as it must.

    Examples:

      testgate demo

      testgate demo --keep   (then, elsewhere: testgate why shop/shop --endpoint-url …)
    """
    from testgate.cli.showing import show_demo  # the local AWS takes a second to import

    if not show_demo(keep=keep):
        raise typer.Exit(1)
