"""`crossbook up`: the whole system on one machine, from its servers to the view, and all of it stopped cleanly.

One way through: plan, start what receives, start what sends, show until the end, settle, stop what sends, take down
what a replay compares with, stop the rest, conclude.
"""

import asyncio
import contextlib
import sys
import time
from dataclasses import dataclass

import httpx
import structlog

from crossbook.local.options import UpOptions
from crossbook.local.processes.addresses import held
from crossbook.local.processes.supervisor import ChildFailedError, Supervisor
from crossbook.local.run.launch import Launch
from crossbook.local.run.plan import Plan, plan_run
from crossbook.local.run.runfile import RunFile, shards_listed
from crossbook.local.servers.embedded import owned
from crossbook.local.services import services_of
from crossbook.local.show import summary
from crossbook.local.show.lines import line, print_lines
from crossbook.local.show.notices import Notices
from crossbook.local.show.observer import Observer
from crossbook.local.show.presenter import present, say
from crossbook.local.show.truth import NO_TRUTH, score_run
from crossbook.local.show.view import show
from crossbook.plumbing.access.folder import open_secrets, prepare_access
from crossbook.plumbing.access.party import take_part
from crossbook.plumbing.errors import CrossbookError
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.recording import RecordingError
from crossbook.plumbing.tasks import set_within
from crossbook.replay.captured import capture, save

_SETTLE_SECONDS = 6.0
_POLL_SECONDS = 0.2
log = structlog.get_logger()


@dataclass(slots=True)
class Run:
    """What a run has come to. started_ns and duration_s stay 0 in one that ended before anything was sent."""

    supervisor: Supervisor
    observer: Observer
    notices: Notices
    started_ns: int = 0
    duration_s: float = 0.0
    failure: CrossbookError | None = None


async def up(options: UpOptions, lifetime: Lifetime) -> None:
    """Runs until the duration is over or the lifetime says stop; raises CrossbookError when something cannot run."""
    plan = plan_run(options)
    take_part(plan.settings)
    say(plan.headline)
    for venue, reason in options.left_out.items():
        say(f"{venue} is left out: {reason}")
    with owned(options.data_dir), held(plan.addresses):
        run = await _live(plan, lifetime)
    _conclude(plan, run)


async def _live(plan: Plan, lifetime: Lifetime) -> Run:
    """From nothing to nothing."""
    notices = Notices(has_view=plan.options.is_view_wanted and sys.stdout.isatty())
    run_file = RunFile(plan.data_dir / "run.json", plan.options.mode, plan.targets, plan.pages)
    supervisor = Supervisor(
        plan.data_dir / "logs",
        is_echoing=not notices.has_view,
        on_notice=notices.add,
        on_change=lambda: run_file.write(supervisor.processes, notices.add),
    )
    run = Run(supervisor, Observer(plan.targets, lambda name: supervisor.processes[name].restarts), notices)
    shards = plan.ports.shards(plan.host)
    with run_file.removed_at_end(), shards_listed(plan.data_dir / "shards.json", shards):
        if plan.places.access_dir is not None:
            prepare_access(plan.places.access_dir)
        async with supervisor:
            launch = Launch(plan, supervisor)
            if await lifetime.wait_or_stop(launch.receivers()):
                async with run.observer.running():
                    await lifetime.wait_or_stop(_track(plan, launch, run))
                    await _settle(plan, run)
                    await _stop_sources(plan, run)
                    await _capture(plan, launch, run)
            await supervisor.stop_all()
    return run


async def _track(plan: Plan, launch: Launch, run: Run) -> None:
    """What sends is started, and shown until the time is over or a process cannot go on."""
    run.started_ns, started = time.time_ns(), time.monotonic()
    try:
        await launch.sources()
        link = _link(plan)
        say(f"open {link}")
        duration_s = plan.options.duration_seconds
        left_s = None if duration_s is None else started + duration_s - time.monotonic()
        await _present(plan, run, left_s, link)
    finally:
        run.duration_s = time.monotonic() - started


async def _present(plan: Plan, run: Run, left_s: float | None, link: str) -> None:
    view = (
        [show(run.observer, plan.headline, f"open {link} · {plan.footer}", run.notices.shown)]
        if run.notices.has_view
        else []
    )
    async with asyncio.TaskGroup() as group:
        drawing = group.create_task(present([*view, print_lines(run.observer)]))
        await set_within(run.supervisor.failed, left_s)
        drawing.cancel()


def _link(plan: Plan) -> str:
    """Lets one browser in, once; whoever finds no access folder finds the pages as a stranger."""
    pages = next(iter(plan.pages.values()), "")
    folder = plan.places.access_dir
    return f"{pages}/#code={open_secrets(folder).code()}" if folder else pages


async def _settle(plan: Plan, run: Run) -> None:
    """Lets what was found be closed and delivered, so that the figures are final where they are kept."""
    if not plan.are_figures_kept:
        return
    is_simulated = not plan.options.is_live
    if is_simulated:
        async with httpx.AsyncClient(trust_env=False) as client:
            with contextlib.suppress(httpx.HTTPError):
                await client.post(f"http://{plan.targets['simulator']}/control/stop", timeout=2.0)
    deadline = time.monotonic() + _SETTLE_SECONDS
    while time.monotonic() < deadline:
        await run.observer.poll()
        if not (is_simulated and run.observer.arbitrage.open_now) and not run.observer.alert_stats.pending:
            return
        await asyncio.sleep(_POLL_SECONDS)


async def _stop_sources(plan: Plan, run: Run) -> None:
    """While others still count what the last quotes come to: every figure that is kept is of the same, finished run."""
    sources = [one.name for one in services_of(is_live=plan.options.is_live) if one.is_source]
    for endpoint in [endpoint for service in sources for endpoint in plan.ports.of(service)]:
        if endpoint.name in run.supervisor.processes:
            run.observer.leave(endpoint.name)
            await run.supervisor.stop(endpoint.name)
    if plan.are_figures_kept:
        await run.observer.until_still(_SETTLE_SECONDS, _POLL_SECONDS)


async def _capture(plan: Plan, launch: Launch, run: Run) -> None:
    """What a replay compares with. That it cannot be had, or kept, is the run's failure, told when it is over."""
    if plan.places.record_dir is None or not run.started_ns:
        return
    alerts, venues = plan.targets["alerts"], plan.options.venues
    window_seconds = plan.settings.aggregator.window_seconds
    try:
        save(await capture(launch.postgres_dsn, alerts, venues, window_seconds, run.started_ns), plan.places.record_dir)
    except OSError as error:
        run.failure = RecordingError(f"the recording in {plan.places.record_dir} is not complete: {error.strerror}")
    except Exception as error:
        log.warning("capture_failed", exc_info=True)
        run.failure = RecordingError(
            f"the recording in {plan.places.record_dir} is not complete: what it is compared with could not be read"
            f" ({type(error).__name__})"
        )


def _conclude(plan: Plan, run: Run) -> None:
    """Says how it went and writes the summary; raises CrossbookError when something did not end well."""
    if run.duration_s:
        say(f"ended after {run.duration_s:.0f} s: {line(run.observer)}")
    if plan.options.summary:
        report = summary.summarise(
            run.observer,
            run.supervisor.processes,
            duration_s=run.duration_s,
            mode=plan.options.mode,
            left_out=plan.options.left_out,
            ground_truth=_score(plan, run),
        )
        summary.write(plan.options.summary, report)
    if failure := run.supervisor.failure or run.failure:
        raise failure
    for name, process in run.supervisor.processes.items():
        if process.final_exit_code:
            raise ChildFailedError(
                f"{name} ended with exit code {process.final_exit_code}; see {process.child.log_path}"
            )


def _score(plan: Plan, run: Run) -> dict[str, int]:
    if plan.options.mode != "simulated":
        return NO_TRUTH
    return score_run(plan.places.truth_file, run.observer.sightings.values(), plan.options)
