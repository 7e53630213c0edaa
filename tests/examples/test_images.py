"""The example image map starts the shop for images named shop, from wherever they are pulled."""

import sys

import pytest

from testgate.local.ecs.images import ImageMap
from tests.examples.conftest import ROOT


@pytest.mark.parametrize(
    "image",
    [
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/shop:v2",
        "public.ecr.aws/acme/shop@sha256:" + "0" * 64,
    ],
)
def test_shop_images_start_the_shop(image: str):
    command = ImageMap.load(ROOT / "examples" / "images.toml").command_for(image)
    assert command is not None
    assert command.arguments(8080) == [sys.executable, "-m", "shop"]
    assert (command.cwd / "shop" / "__main__.py").is_file()


def test_other_images_are_not_mapped():
    images = ImageMap.load(ROOT / "examples" / "images.toml")
    assert images.command_for("123456789012.dkr.ecr.us-east-1.amazonaws.com/workshop:v2") is None
