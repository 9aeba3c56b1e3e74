"""What of a run is looked at: chosen venues and assets, and a text that is typed while it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from crossbook.pb.v1 import arbitrage_pb2


@dataclass(slots=True)
class Narrowing:
    """Empty is everything. The text is part of a venue's or an asset's name, whatever its case."""

    venues: Sequence[str] = ()
    assets: Sequence[str] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """What is looked at, for the screen; empty for everything."""
        parts = [", ".join(self.venues), ", ".join(self.assets), f"/{self.text}" if self.text else ""]
        return " · ".join(part for part in parts if part)

    def has_venue(self, venue: str) -> bool:
        """A text that is no venue's leaves the venues alone: it is an asset's."""
        return not self.venues or venue in self.venues

    def has_opportunity(self, found: arbitrage_pb2.Opportunity) -> bool:
        """Whether both legs are of the venues, and the text is in one of its names."""
        legs = (found.buy.venue, found.sell.venue)
        if self.assets and found.asset not in self.assets:
            return False
        if self.venues and not set(legs) <= set(self.venues):
            return False
        return not self.text or any(self.text.lower() in name.lower() for name in (found.asset, *legs))
