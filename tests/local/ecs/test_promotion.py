"""A deployment that nobody refuses: green takes over and blue goes."""

from tests.local.ecs.conftest import Hooks, Place, hook

_STAGES = [
    "PRE_SCALE_UP",
    "SCALE_UP",
    "POST_SCALE_UP",
    "TEST_TRAFFIC_SHIFT",
    "POST_TEST_TRAFFIC_SHIFT",
    "PRE_PRODUCTION_TRAFFIC_SHIFT",
    "PRODUCTION_TRAFFIC_SHIFT",
    "POST_PRODUCTION_TRAFFIC_SHIFT",
    "BAKE_TIME",
    "CLEAN_UP",
]


def test_create_brings_both_ports_to_the_first_revision(place: Place):
    deployment = place.ended(place.create("blue"))
    assert deployment["status"] == "SUCCESSFUL"
    assert (place.production(), place.test()) == ("blue", "blue")
    assert deployment["sourceServiceRevisions"] == []


def test_production_moves_only_after_the_hook_succeeded(place: Place, hooks: Hooks):
    place.created("blue")
    seen = []
    gate = hooks.answers({"hookStatus": "SUCCEEDED"})
    place.at(
        "HOOK_CALLED",
        "POST_TEST_TRAFFIC_SHIFT",
        lambda _: seen.append((place.production(), place.test())),
    )
    deployment = place.ended(place.update("green", hook(gate)))
    assert seen == [("blue", "green")]
    assert (place.production(), place.test()) == ("green", "green")
    assert deployment["status"] == "SUCCESSFUL"


def test_traffic_has_shifted_when_the_hooks_of_a_shift_stage_are_called(place: Place, hooks: Hooks):
    place.created("blue")
    seen: dict[str | None, tuple[str, str]] = {}
    shifts = ("TEST_TRAFFIC_SHIFT", "PRODUCTION_TRAFFIC_SHIFT")
    for stage in ("POST_SCALE_UP", *shifts):
        place.at(
            "HOOK_CALLED",
            stage,
            lambda t: seen.setdefault(t.stage, (place.production(), place.test())),
        )
    arn = hooks.answers(*[{"hookStatus": "SUCCEEDED"}] * 3)
    place.ended(place.update("green", hook(arn, "POST_SCALE_UP", *shifts)))
    assert seen == {
        "POST_SCALE_UP": ("blue", "blue"),
        "TEST_TRAFFIC_SHIFT": ("blue", "green"),
        "PRODUCTION_TRAFFIC_SHIFT": ("green", "green"),
    }


def test_stages_are_entered_in_the_documented_order(place: Place):
    place.created()
    place.transitions.clear()
    place.ended(place.update("green"))
    entered = [t.stage for t in place.transitions if t.kind == "STAGE_ENTERED"]
    assert entered == _STAGES
