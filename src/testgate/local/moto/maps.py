"""Map and Parallel states: failures keep their names, many items do not exhaust the stack.

Imported by the installation of the bridges alone.
"""

from collections.abc import Callable
from typing import Any

from moto.stepfunctions.parser.api import ExecutionFailedEventDetails, HistoryEventType
from moto.stepfunctions.parser.asl.component.common.error_name.custom_error_name import (
    CustomErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.error_name import ErrorName
from moto.stepfunctions.parser.asl.component.common.error_name.failure_event import (
    FailureEvent,
    FailureEventException,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name import (
    StatesErrorName,
)
from moto.stepfunctions.parser.asl.component.common.error_name.states_error_name_type import (
    StatesErrorNameType,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import (
    distributed_iteration_component,
    iteration_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.itemprocessor import (
    distributed_item_processor_worker,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branches_decl
from moto.stepfunctions.parser.asl.eval.event.event_detail import EventDetails

_Component = distributed_iteration_component.DistributedIterationComponent
_moto_map_run = _Component._map_run


def install() -> None:
    """Correct moto's workers of Map and Parallel; repeating is harmless."""
    iteration_worker.CustomErrorName = _error_name
    branches_decl.CustomErrorName = _error_name
    iteration_worker.IterationWorker._eval_pool = _work_inline
    distributed_item_processor_worker.DistributedItemProcessorWorker._eval_pool = _work_distributed
    _Component._map_run = _map_run


def _error_name(error_name: str | None) -> ErrorName:
    """The name under which a Map or Parallel fails: that of the item or branch.

    AWS: whatever it is. moto accepts none that begins with `States.` and turns them all into
    `States.Runtime`, which nothing may catch.
    """
    if error_name is None or not error_name.startswith("States."):
        return CustomErrorName(error_name=error_name)
    try:
        return StatesErrorName(typ=StatesErrorNameType.from_name(error_name))
    except ValueError:
        return ErrorName(error_name=error_name)


def _work_inline(worker: Any, job: Any, worker_frame: Any) -> None:
    """Work on one item after the other. moto does it by recursion: a thousand items end it."""
    last_frame = None
    while job is not None:
        last_frame = worker_frame.open_inner_frame()
        worker._eval_job(env=last_frame, job=job)
        worker_frame.close_frame(last_frame)
        following = _following(worker, job)
        if following is None:
            break
        worker._job_pool.close_job(job)
        job = following
    _end(worker, job, worker_frame, last_frame, worker._env.close_frame)


def _work_distributed(worker: Any, job: Any, worker_frame: Any) -> None:
    while job is not None:
        job_frame = worker_frame.open_inner_frame()
        worker._eval_job(env=job_frame, job=job)
        worker_frame.delete_frame(job_frame)
        following = _following(worker, job)
        if following is None:
            break
        worker._job_pool.close_job(job)
        job = following
    _end(worker, job, worker_frame, None, worker._env.delete_frame)


def _following(worker: Any, job: Any) -> Any:
    """The next item; None after a failure, a stop, or the last one."""
    if isinstance(job.job_output, Exception) or worker.stopped():
        return None
    return worker._job_pool.next_job()


def _end(
    worker: Any, job: Any, worker_frame: Any, last_frame: Any, leave: Callable[[Any], None]
) -> None:
    # The frame goes before the job is closed: who waits for the jobs reads its environment next.
    if job is not None and last_frame is not None and not isinstance(job.job_output, Exception):
        history = last_frame.event_history_context
        worker_frame.event_history_context.source_event_id = history.last_published_event_id
    leave(worker_frame)
    if job is not None:
        worker._job_pool.close_job(job)


def _map_run(component: Any, env: Any, eval_input: Any) -> None:
    """Run the items of a distributed Map.

    AWS (documented): it fails with `States.ExceedToleratedFailureThreshold` as soon as more items
    failed than its tolerances allow, which is none by default. moto succeeds, with null results.
    """
    _moto_map_run(component, env, eval_input)
    counter = eval_input.map_run_record.item_counter
    failed = counter.failed.get() + counter.timed_out.get()
    count = eval_input.tolerated_failure_count or 0
    percentage = eval_input.tolerated_failure_percentage or 0
    share = 100 * failed / max(1, counter.total.get())
    # A tolerance of 0 beside one that is given stands for "not given".
    by_count = failed > count and (count or not percentage)
    by_share = share > percentage and (percentage or not count)
    if by_count or by_share:
        raise FailureEventException(_threshold_exceeded(env))


def _threshold_exceeded(env: Any) -> FailureEvent:
    kind = StatesErrorNameType.StatesExceedToleratedFailureThreshold
    details = ExecutionFailedEventDetails(
        error=kind.to_name(), cause="The specified tolerated failure threshold was exceeded"
    )
    return FailureEvent(
        env=env,
        error_name=StatesErrorName(typ=kind),
        event_type=HistoryEventType.MapStateFailed,
        event_details=EventDetails(executionFailedEventDetails=details),
    )
