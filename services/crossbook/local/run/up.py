"""`crossbook up`: the whole system on one machine, from its servers to the view, and all of it stopped cleanly."""

import asyncio
import contextlib
import sys
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import httpx

from crossbook.local.options import UpOptions
from crossbook.local.processes.supervisor import ChildFailedError, Supervisor
from crossbook.local.run.environments import Places
from crossbook.local.run.launch import Launch
from crossbook.local.run.ports import Ports, check_ports, choose_ports
from crossbook.local.run.runfile import RunFile, shards_listed
from crossbook.local.servers.embedded import owned
from crossbook.local.show import summary
from crossbook.local.show.lines import line, print_lines
from crossbook.local.show.observer import Observer
from crossbook.local.show.presenter import present, say
from crossbook.local.show.truth import NO_TRUTH, score_run
from crossbook.local.show.view import show
from crossbook.plumbing.exposure import check_exposure
from crossbook.plumbing.process import Lifetime
from crossbook.plumbing.settings import Settings, load_settings
from crossbook.replay.captured import capture, save

_SETTLE_SECONDS = 6.0


async def up(options: UpOptions, lifetime: Lifetime) -> None:
    """Runs until the duration is over or the lifetime says stop; raises CrossbookError when something cannot run."""
    aggregator = {} if options.window_seconds is None else {"window_seconds": options.window_seconds}
    settings = load_settings(aggregator=aggregator)
    check_exposure(settings)
    ports = choose_ports(settings, options.processes_for_trackers(), options.port_base, options.shards)
    check_ports(settings.host, [*ports.services(), *([] if options.is_live else [ports.simulator])])
    run = Run(options, settings, ports, lifetime)
    say(run.headline)
    for venue, reason in options.left_out.items():
        say(f"{venue} is left out: {reason}")
    with owned(options.data_dir):
        await run.live()
    run.conclude()


class Run:
    """One run of everything."""

    def __init__(self, options: UpOptions, settings: Settings, ports: Ports, lifetime: Lifetime) -> None:
        self._options = options
        self._lifetime = lifetime
        self._host = settings.host
        self._ports = ports
        self._notices: list[str] = []
        self._has_view = options.is_view_wanted and sys.stdout.isatty()
        self._duration_s = 0.0
        self._window_seconds = settings.aggregator.window_seconds
        self._shards_file = options.data_dir.resolve() / "shards.json"
        self._places = Places(
            truth_file=options.data_dir.resolve() / "truth.jsonl",
            record_dir=options.record_dir.resolve() if options.record_dir else None,
            shards_file=self._shards_file,
        )
        addresses = {endpoint.name: endpoint.target(settings.host) for endpoint in (*ports.services(), ports.simulator)}
        self._run_file = RunFile(options.data_dir / "run.json", options.mode, addresses)
        self._supervisor = Supervisor(
            options.data_dir / "logs",
            is_echoing=not self._has_view,
            on_notice=self._notice,
            on_change=self._write_run_file,
        )
        self._launch = Launch(options, settings, ports, self._places, self._supervisor)
        targets = {endpoint.name: endpoint.target(settings.host) for endpoint in ports.services()}
        self._observer = Observer(targets, lambda name: self._supervisor.processes[name].restarts)

    @property
    def headline(self) -> str:
        venues = ", ".join(self._options.venues)
        match self._options.mode:
            case "live":
                return f"Crossbook is LIVE: real venues {venues}"
            case "replay":
                return f"Crossbook is SIMULATED: {venues}, with {self._options.replay} replayed"
            case _:
                return f"Crossbook is SIMULATED: {venues}, seed {self._options.seed}"

    async def live(self) -> None:
        """From nothing to nothing."""
        async with self._supervisor:
            shards = self._ports.shards(self._host)
            with self._run_file.removed_at_end(), shards_listed(self._shards_file, shards):
                if await self._unless_stopped(self._start()):
                    await self._track()
                await self._supervisor.stop_all()

    async def _track(self) -> None:
        async with self._observer.running():
            if await self._unless_stopped(self._launch.simulator()):
                started, started_ns = time.monotonic(), time.time_ns()
                if await self._unless_stopped(self._launch.trackers()):
                    await self._present(started)
                self._duration_s = time.monotonic() - started
            if self._options.summary or self._places.record_dir:
                await self._settle()
            if self._places.record_dir and self._duration_s:
                await self._capture(self._places.record_dir, started_ns)

    def conclude(self) -> None:
        """Says how it went and writes the summary; raises ChildFailedError when a process did not end well."""
        if self._duration_s:
            say(f"ended after {self._duration_s:.0f} s: {line(self._observer)}")
        if self._options.summary:
            truth = self._score()
            report = summary.summarise(
                self._observer,
                self._supervisor.processes,
                duration_s=self._duration_s,
                mode=self._options.mode,
                left_out=self._options.left_out,
                ground_truth=truth,
            )
            summary.write(self._options.summary, report)
        if self._supervisor.failure:
            raise self._supervisor.failure
        for name, process in self._supervisor.processes.items():
            if process.final_exit_code:
                raise ChildFailedError(
                    f"{name} ended with exit code {process.final_exit_code}; see {process.child.log_path}"
                )

    def _score(self) -> dict[str, int]:
        if self._options.mode != "simulated":
            return NO_TRUTH
        return score_run(self._places.truth_file, self._observer.sightings.values(), self._options)

    async def _start(self) -> None:
        await self._launch.servers()
        await self._launch.services()

    async def _unless_stopped(self, work: Coroutine[Any, Any, None]) -> bool:
        """Whether the work was done before the lifetime said stop."""

        async def done() -> bool:
            await work
            return True

        return bool(await self._lifetime.wait_or_stop(done()))

    async def _present(self, started: float) -> None:
        """Shows the run until its time is over, somebody stops it, or a process cannot go on."""
        duration_s = self._options.duration_seconds
        left_s = None if duration_s is None else started + duration_s - time.monotonic()
        view = [show(self._observer, self.headline, self._footer(), self._notices)] if self._has_view else []
        async with asyncio.TaskGroup() as group:
            drawing = group.create_task(present([*view, print_lines(self._observer)]))
            ending = group.create_task(self._supervisor.failed.wait())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(left_s):
                    await self._lifetime.wait_or_stop(ending)
            drawing.cancel()
            ending.cancel()

    async def _settle(self) -> None:
        """Lets what was found be closed and delivered, so that the summary's figures are final."""
        if not self._options.is_live:
            async with httpx.AsyncClient(trust_env=False) as client:
                with contextlib.suppress(httpx.HTTPError):
                    await client.post(f"http://{self._ports.simulator.target(self._host)}/control/stop", timeout=2.0)
        deadline = time.monotonic() + _SETTLE_SECONDS
        while True:
            await self._observer.poll()
            is_open = self._observer.arbitrage.open_now and not self._options.is_live
            if not (is_open or self._observer.alert_stats.pending) or time.monotonic() > deadline:
                return
            await asyncio.sleep(0.2)

    async def _capture(self, record_dir: Path, started_ns: int) -> None:
        alerts = self._ports.alerts.target(self._host)
        dsn = self._launch.postgres_dsn
        save(await capture(dsn, alerts, self._options.venues, self._window_seconds, started_ns), record_dir)

    def _write_run_file(self) -> None:
        self._run_file.write(self._supervisor.processes)

    def _notice(self, text: str) -> None:
        self._notices[:] = [text]
        if not self._has_view:
            say(text)

    def _footer(self) -> str:
        trackers = " ".join(str(endpoint.port) for endpoint in self._ports.trackers)
        others = (*self._ports.aggregators.values(), self._ports.arbitrage, self._ports.alerts)
        addresses = " ".join(f"{endpoint.name} {endpoint.port}" for endpoint in others)
        return f"Ctrl-C stops · tracker {trackers} {addresses}"
