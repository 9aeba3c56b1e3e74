"""The simulator without its sockets: world, faces, faults and truth, moved on by being told the time."""

from typing import Any

import structlog

from crossbook.plumbing.settings import SimulatorSettings
from crossbook.simulator.faces.base import Face
from crossbook.simulator.play.faults import parse_faults
from crossbook.simulator.play.injector import Injector
from crossbook.simulator.registry import build_faces, traits_of
from crossbook.simulator.world.books import BookFile
from crossbook.simulator.world.ledger import Ledger
from crossbook.simulator.world.listing import assets_of_world, stablecoins_named
from crossbook.simulator.world.plan import Episode, EpisodePlan
from crossbook.simulator.world.truth import TruthFile
from crossbook.simulator.world.world import TICK_NS, Instrument, World, fees_of

# After a stall the world catches up at most so far; what is older is skipped in one go.
MAX_BEHIND_TICKS = 100

log = structlog.get_logger()


class Simulator:
    """Everything that is simulated, in one place; a face that plays a recording takes its venue out of the world."""

    def __init__(self, settings: SimulatorSettings, now_ns: int, recorded: Face | None = None) -> None:
        traits = [t for t in traits_of(settings.venues) if recorded is None or t.venue != recorded.venue]
        assets = assets_of_world(settings.assets)
        names = [asset.name for asset in assets]
        plan = EpisodePlan(
            settings.seed,
            names,
            fees_of(traits),
            interval_seconds=settings.episode_interval_seconds,
            quiet_seconds=settings.quiet_seconds,
            duration_seconds=settings.duration_seconds,
            dislocated_venue=settings.dislocated_venue,
        )
        self.world = World(
            settings.seed, [*assets, *stablecoins_named(settings.stablecoins)], traits, plan, rate=settings.rate
        )
        self.faces = build_faces(self.world.instruments)
        if recorded is not None:
            self.faces[recorded.venue] = recorded
        self.assets = sorted({i.asset for face in self.faces.values() for i in face.instruments.values()})
        self.start_ns = now_ns
        self._next_tick_ns = now_ns
        self._now_ns = now_ns
        faults = parse_faults(settings.faults, self.faces, self.assets)
        self.truth = TruthFile(settings.truth_file)
        self.ledger = Ledger(settings.ledger_file)
        self.books = BookFile(settings.books_file, self.world.instruments)
        relays = {t.venue: t.relays for t in traits if t.relays is not None}
        self.truth.started(settings.seed, list(self.faces), names, relays, now_ns)
        self.injector = Injector(self.faces, self.truth)
        self.injector.add(faults, now_ns)

    @property
    def next_tick_ns(self) -> int:
        """When advance has something to do."""
        return self._next_tick_ns

    def advance(self, now_ns: int) -> None:
        """Lets pass what ticks are due, and flushes what they made the faces say."""
        self._now_ns = now_ns
        self.injector.advance(now_ns)
        behind = (now_ns - self._next_tick_ns) // TICK_NS
        if behind > MAX_BEHIND_TICKS:
            log.warning("simulator_behind", skipped_ms=behind * TICK_NS // 1_000_000)
            self._next_tick_ns += behind * TICK_NS
        if self._next_tick_ns <= now_ns:
            self._tick()
        self.flush(now_ns)

    def flush(self, now_ns: int) -> None:
        """Writes what waits in the sessions, of venues that are not mute."""
        for venue, face in self.faces.items():
            if not self.injector.is_mute(venue):
                for session in face.sessions:
                    session.flush(now_ns, face.delay_ns)

    def order_faults(self, spec: str, now_ns: int) -> list[str]:
        """Faults at run time, their start counted from now; raises FaultSpecError."""
        return self.injector.add(parse_faults(spec, self.faces, self.assets), now_ns)

    def stop(self, now_ns: int) -> None:
        """No more episodes or faults; those that run end now, the episodes marked as ended early."""
        self._end_episodes(self.world.end_episodes(), now_ns, ended_early=True)
        self.injector.stop(now_ns)

    def close(self, now_ns: int) -> None:
        """The last lines of the truth."""
        self.stop(now_ns)
        self.truth.stopped(now_ns)
        self.truth.close()
        self.ledger.close()
        self.books.close()

    def state(self) -> dict[str, Any]:
        """What GET /control/state shows."""
        return {
            "now_ns": self._now_ns,
            "start_ns": self.start_ns,
            "tick": self.world.tick,
            "venues": {venue: _face_state(self, venue) for venue in self.faces},
            "episodes": {
                "started": self.truth.episodes_started,
                "ended": self.truth.episodes_ended,
                "active": sorted(self.world.active),
            },
            "faults": self.injector.state(),
        }

    def _tick(self) -> None:
        self._next_tick_ns += TICK_NS
        started, ended = self.world.step(self._on_update)
        self._end_episodes(ended, self._now_ns, ended_early=False)
        for episode in started:
            log.info("episode_started", id=episode.id, asset=episode.asset, cheap=episode.cheap, rich=episode.rich)
            self.truth.episode_started(episode, self._now_ns)

    def _on_update(self, instrument: Instrument, is_depth_due: bool) -> None:
        face = self.faces[instrument.venue]
        self.ledger.changed(instrument, len(face.sessions), self._now_ns)
        self.books.changed(instrument, self._now_ns)
        face.publish_update(instrument, is_depth_due, self._now_ns)

    def _end_episodes(self, episodes: list[Episode], now_ns: int, *, ended_early: bool) -> None:
        for episode in episodes:
            self.truth.episode_ended(episode, now_ns, ended_early=ended_early)


def _face_state(simulator: Simulator, venue: str) -> dict[str, int]:
    face = simulator.faces[venue]
    return {
        "instruments": len(face.instruments),
        "sessions": len(face.sessions),
        "subscriptions": sum(len(session.topics) for session in face.sessions),
        "frames": sum(session.frames_sent for session in face.sessions),
    }
