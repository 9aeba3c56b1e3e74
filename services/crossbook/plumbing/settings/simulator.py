"""Settings of crossbook simulator."""

from pathlib import Path

from pydantic import Field

from crossbook.plumbing.settings.types import Names, NotNegative, Port, Positive, Section


class SimulatorSettings(Section):
    """crossbook simulator. Empty venues mean all; rate multiplies updates.

    play is a capture of a venue, to be served in the world's place; speed 0 is as fast as possible.

    dislocated_venue is in every planted episode, against all others; empty draws them.

    duration_seconds, when known, keeps planted episodes out of the last moments. stablecoins are listed beside the
    assets on venues that have such markets, and give live rates between currencies. ledger_file tells every change of
    every book, for whoever judges the system from outside; it grows without bound, as does books_file, which has the
    levels behind the best, too.
    """

    port: Port = 8700
    seed: int = 1
    venues: Names = []
    assets: int = Field(default=20, ge=1)
    stablecoins: Names = []
    rate: Positive = 1
    episode_interval_seconds: Positive = 4
    quiet_seconds: NotNegative = 10
    dislocated_venue: str = ""
    duration_seconds: Positive | None = None
    truth_file: Path | None = None
    ledger_file: Path | None = None
    books_file: Path | None = None
    faults: str = ""
    play: Path | None = None
    speed: NotNegative = 1
