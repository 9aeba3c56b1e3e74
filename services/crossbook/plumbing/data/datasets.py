"""What can be exported: views of the public schema, and whose they are."""

from dataclasses import dataclass

SCHEMA = "crossbook_v1"


@dataclass(frozen=True, slots=True)
class Dataset:
    """A view. Its first column is its time; with `keys` its rows have one order."""

    name: str
    service: str
    time: str
    keys: tuple[str, ...]


DATASETS = {
    dataset.name: dataset
    for dataset in (
        Dataset("windows", "aggregator", "window_start", ("venue", "symbol")),
        Dataset("minutes", "aggregator", "minute_start", ("venue", "symbol")),
        Dataset("quotes", "aggregator", "at", ("venue", "symbol")),
        Dataset("opportunities", "arbitrage", "opened_at", ("id",)),
        Dataset("alerts", "alerts", "fired_at", ("id",)),
    )
}


def datasets_of(service: str) -> dict[str, Dataset]:
    """Those that a service exports."""
    return {name: dataset for name, dataset in DATASETS.items() if dataset.service == service}
