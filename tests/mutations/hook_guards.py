"""The guards of the hooks beside the test gate: admission, approval and metrics.

Read with the others from `guards`.
"""

from tests.mutations.guard import Guard

CORE = "src/testgate/core/"
HOOK = "src/testgate/hook/"
IMAGES = "tests/core/test_images.py"
ADMISSION = "tests/core/test_admission.py"
APPROVAL = "tests/core/test_approval.py"
METRICS = "tests/core/test_metrics.py"
INQUIRY = "tests/core/test_inquiry.py"
POLICY_HOOKS = "tests/hook/test_policy_hooks.py"
METRICS_HOOK = "tests/hook/test_metrics_hook.py"

HOOK_GUARDS = (
    Guard(
        name="admission: a star stays within its label",
        prevents="another registry whose name contains an allowed one's",
        file=CORE + "images.py",
        old="            len(own) == len(other)\n            and all(is_like(label, glob)",
        new="            is_like(image.registry, self.host) and all(True",
        test=f"{IMAGES}::test_a_star_stays_within_its_label_or_segment",
    ),
    Guard(
        name="admission: only allowed images",
        prevents="an image of an unknown registry or repository",
        file=CORE + "admission.py",
        old="if not any(pattern.allows(name) for pattern in patterns):",
        new="if False:",
        test=f"{ADMISSION}::test_by_default_nothing_else_is",
    ),
    Guard(
        name="admission: no forbidden tag",
        prevents="latest, written or implied",
        file=CORE + "admission.py",
        old="if any(is_like(tag, glob) for glob in config.forbidden_tags):",
        new="if False:",
        test=f"{ADMISSION}::test_each_rule_of_names_refuses_with_its_own_name",
    ),
    Guard(
        name="admission: pinned by digest",
        prevents="a tag that moves after it was admitted",
        file=CORE + "admission.py",
        old="if config.require_digest and name.digest is None:",
        new="if False:",
        test=f"{ADMISSION}::test_each_rule_of_names_refuses_with_its_own_name",
    ),
    Guard(
        name="admission: ECS runs what the task definition says",
        prevents="an image that ECS resolved to another",
        file=CORE + "admission.py",
        old="if (name.registry, name.repository) != (resolved.registry, resolved.repository):",
        new="if False:",
        test=f"{ADMISSION}::test_what_ecs_runs_must_be_what_the_task_definition_says",
    ),
    Guard(
        name="admission: a cap needs a scan",
        prevents="an image without a scan that passes under MAX_SEVERITY",
        file=CORE + "admission_config.py",
        old='read.setdefault("require_scan", read.get("max_severity") is not None)',
        new="pass",
        test=f"{ADMISSION}::test_an_image_without_a_scan_does_not_pass_under_a_cap",
    ),
    Guard(
        name="admission: unrated findings count",
        prevents="findings of a severity that is new",
        file=CORE + "admission.py",
        old="UNRATED = Severity.HIGH",
        new="UNRATED = Severity.INFORMATIONAL",
        test=f"{ADMISSION}::test_findings_above_the_cap_refuse",
    ),
    Guard(
        name="admission: every profile has signed",
        prevents="an image of which one signing failed",
        file=CORE + "admission.py",
        old="if signature.problem is None and statuses == {_SIGNED}:",
        new="if signature.problem is None and _SIGNED in statuses:",
        test=f"{ADMISSION}::test_a_required_signature_is_complete_for_every_profile",
    ),
    Guard(
        name="admission: some container",
        prevents="a pass of nothing",
        file=CORE + "admission.py",
        old="    if not images:\n",
        new="    if False:\n",
        test=f"{ADMISSION}::test_a_revision_without_containers_is_not_admitted",
    ),
    Guard(
        name="admission: sidecars too",
        prevents="a container that ECS has not resolved yet",
        file=HOOK + "admission.py",
        old="for name in dict.fromkeys((*defined, *revision.images))",
        new="for name in revision.images",
        test="tests/hook/test_admission_hook.py::"
        "test_containers_that_ecs_has_not_resolved_yet_are_judged_too",
    ),
    Guard(
        name="approval: younger than the deployment",
        prevents="an approval that lay there before",
        file=CORE + "approval.py",
        old="return config.allow_early or not _is_early(facts, approval)",
        new="return True",
        test=f"{APPROVAL}::test_only_an_approval_younger_than_the_deployment_counts",
    ),
    Guard(
        name="approval: in time",
        prevents="an approval past the deadline",
        file=CORE + "approval.py",
        old="    if approval.uploaded_at > facts.deadline:\n        return False\n",
        new="",
        test=f"{APPROVAL}::test_an_approval_past_the_deadline_does_not_count",
    ),
    Guard(
        name="approval: a rejection refuses",
        prevents="an approval that outvotes a rejection",
        file=CORE + "approval.py",
        old="    if facts.rejection is not None:\n",
        new="    if facts.rejection is not None and facts.approval is None:\n",
        test=f"{APPROVAL}::test_a_rejection_refuses_whenever_it_came_and_whatever_else_is_there",
    ),
    Guard(
        name="approval: waits not for ever",
        prevents="a deployment that hangs on an approval",
        file=CORE + "approval.py",
        old="if left_s > 0 and config.mode is Mode.ENFORCE:",
        new="if True:",
        test=f"{APPROVAL}::test_nothing_but_a_timely_young_unrejected_approval_allows",
    ),
    Guard(
        name="metrics: enough may not go wrong",
        prevents="more failed checks than are allowed",
        file=CORE + "metrics.py",
        old="if counts[Result.BAD] > config.failures_allowed:",
        new="if False:",
        test=f"{METRICS}::test_one_bad_check_more_than_allowed_refuses_with_the_arithmetic",
    ),
    Guard(
        name="metrics: no data is not good data",
        prevents="a pass of a metric that nobody writes",
        file=CORE + "metrics.py",
        old="if counts[Result.MISSING] > config.missing_allowed:",
        new="if False:",
        test=f"{METRICS}::test_missing_data_is_not_good_data",
    ),
    Guard(
        name="metrics: every check is made",
        prevents="a pass before the last window is over",
        file=CORE + "metrics.py",
        old="    if len(checks) < config.checks:\n",
        new="    if False:\n",
        test=f"{METRICS}::test_only_enough_good_windows_allow_whatever_else_happens",
    ),
    Guard(
        name="metrics: a window is over",
        prevents="a check of data that is still to come",
        file=CORE + "metrics.py",
        old="past_s = (now - begin).total_seconds() - config.lag_s",
        new="past_s = (now - begin).total_seconds() + config.interval_s",
        test=f"{METRICS}::test_a_check_is_due_once_its_window_and_the_lag_are_over",
    ),
    Guard(
        name="metrics: only data since the question",
        prevents="windows from before the traffic came",
        file=CORE + "metrics.py",
        old="math.ceil(since_s / interval_s) * interval_s",
        new="math.floor(since_s / interval_s) * interval_s",
        test=f"{METRICS}::test_no_window_begins_before_the_question_or_off_cloudwatchs_grid",
    ),
    Guard(
        name="metrics: something must be good",
        prevents="FAILURES_ALLOWED and MISSING_ALLOWED that allow everything",
        file=CORE + "metrics_config.py",
        old="if config.failures_allowed + config.missing_allowed >= config.checks:",
        new="if False:",
        test=f"{METRICS}::test_bad_configuration_is_refused_by_name",
    ),
    Guard(
        name="metrics: silence is no proof",
        prevents="metrics that all count missing data as good",
        file=CORE + "metrics_config.py",
        old="    if config.metrics and silent and not config.alarms:\n",
        new="    if False:\n",
        test=f"{METRICS}::test_bad_configuration_is_refused_by_name",
    ),
    Guard(
        name="metrics: an alarm's past is not guessed",
        prevents="an alarm that is OK now and was not when the check was due",
        file=CORE + "metrics.py",
        old="    if late and (facts.since is None or facts.since > due):\n",
        new="    if False:\n",
        test=f"{METRICS}::test_an_alarms_state_tells_of_a_check_that_is_not_long_past",
    ),
    Guard(
        name="metrics: the worse of two looks counts",
        prevents="a second call that saw an alarm recover",
        file=HOOK + "metrics.py",
        old="            result = worst_result(stored[number])\n",
        new="            result = min(stored[number], key=list(Result).index)\n",
        test=f"{METRICS_HOOK}::test_of_two_looks_at_one_check_the_worse_counts",
    ),
    Guard(
        name="hooks: the revision is the one asked of",
        prevents="an answer over another revision",
        file=CORE + "inquiry.py",
        old="if deployment.target_revision != inquiry.revision:",
        new="if False:",
        test=f"{INQUIRY}::test_a_deployment_of_another_revision_is_not_decided_for",
    ),
    Guard(
        name="hooks: skip on create, and only then",
        prevents="a service that is rarely deployed and looks like a new one",
        file=CORE + "inquiry.py",
        old="if on_create is not OnCreate.SKIP or has_source or succeeded_before:",
        new="if on_create is not OnCreate.SKIP or has_source:",
        test=f"{INQUIRY}::test_only_a_create_is_skipped_that_has_neither_source_nor_success_before",
    ),
    Guard(
        name="hooks: a first asking of this very question",
        prevents="a note of another deployment that moves a deadline",
        file=CORE + "inquiry.py",
        old='if raw.get("question") != inquiry.digest:',
        new="if False:",
        test=f"{INQUIRY}::test_a_note_of_anything_else_is_refused",
    ),
    Guard(
        name="hooks: each step of traffic is asked anew",
        prevents="a step that passes with the checks of the one before",
        file=HOOK + "inquiring.py",
        old="            weights=event.production_weights,\n",
        new="",
        test=f"{POLICY_HOOKS}::test_steps_of_traffic_are_questions_of_their_own",
    ),
    Guard(
        name="hooks: patience ends without a count",
        prevents="asking a dead AWS for ever when ECS loses our count",
        file=HOOK + "inquiring.py",
        old="            if not self._is_too_late(inquiry, config):\n                raise\n",
        new="            raise\n",
        test=f"{POLICY_HOOKS}::"
        "test_trouble_ends_with_the_hooks_own_patience_though_its_count_is_lost",
    ),
)
