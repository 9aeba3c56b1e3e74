"""What is tracked, and what a new market list or a new choice changes about it."""

import pytest

from crossbook._core import Instrument
from crossbook.tracker.venue.wanted import Change, Choice, SuspiciousListingError, Wanted

EVERYTHING = Choice([], [])


def instrument(asset: str, contract_size: float = 1.0) -> Instrument:
    return Instrument(
        venue="v",
        symbol=f"{asset}/USDT:USDT",
        native_symbol=f"{asset}USDT",
        asset=asset,
        quote_currency="USDT",
        settle_currency="USDT",
        contract_size=contract_size,
    )


def listed(assets: str) -> list[Instrument]:
    return [instrument(asset) for asset in assets]


def names(change: Change) -> tuple[str, str]:
    """Assets stopped and started, a letter each."""
    return "".join(symbol[0] for symbol in change.stopped), "".join(one.asset for one in change.started)


def tracking(assets: str, choice: Choice = EVERYTHING) -> Wanted:
    wanted = Wanted(choice)
    wanted.begin(listed(assets))
    return wanted


def relist(wanted: Wanted, assets: str) -> tuple[str, str]:
    change = wanted.relist(listed(assets))
    wanted.take(change)
    return names(change)


def test_the_same_list_changes_nothing() -> None:
    """However often it comes."""
    wanted = tracking("ABC")
    assert [relist(wanted, "CBA") for _ in range(3)] == [("", "")] * 3


def test_a_new_listing_starts_alone() -> None:
    """The difference is what is started."""
    wanted = tracking("ABC")
    assert relist(wanted, "ABCD") == ("", "D")
    assert relist(wanted, "ABCD") == ("", "")


def test_a_market_is_given_up_when_two_lists_in_a_row_miss_it() -> None:
    """One that is back in between is not."""
    wanted = tracking("ABC")
    assert [relist(wanted, one) for one in ("AB", "ABC", "AB", "AB", "AB")] == [("", "")] * 3 + [("C", ""), ("", "")]
    assert relist(wanted, "ABC") == ("", "C"), "listed again, it is tracked again"


@pytest.mark.parametrize("assets", ["", "A", "AB"])
def test_a_list_that_is_empty_or_much_shorter_is_not_believed(assets: str) -> None:
    """Nothing changes, and it does not count as a miss either."""
    wanted = tracking("ABCDE")
    for _ in range(3):
        with pytest.raises(SuspiciousListingError):
            wanted.relist(listed(assets))
    assert relist(wanted, "ABCD") == ("", "")
    assert len(wanted.instruments) == 5


def test_a_market_whose_terms_change_is_begun_afresh() -> None:
    """Another contract size would make its sizes wrong."""
    wanted = tracking("AB")
    change = wanted.relist([instrument("A", contract_size=10.0), instrument("B")])
    assert names(change) == ("A", "A")
    assert change.started[0].contract_size == 10.0


def test_only_an_open_choice_grows() -> None:
    """By asset or all; a list of symbols is just that."""
    assert relist(tracking("AB", Choice([], ["A", "C"])), "ABCD") == ("", "C")
    assert relist(tracking("AB", Choice(["A/USDT:USDT"], [])), "ABCD") == ("", "")


def test_what_somebody_stopped_stays_stopped() -> None:
    """Until somebody starts it again; after all were stopped, no list starts any."""
    wanted = tracking("ABC")
    wanted.stopped_by_hand(["C/USDT:USDT"], are_all=False)
    assert relist(wanted, "ABC") == ("", "")
    wanted.started_by_hand([instrument("C")], is_whole_choice=False)
    assert sorted(one.asset for one in wanted.instruments.values()) == ["A", "B", "C"]
    wanted.stopped_by_hand(list(wanted.instruments), are_all=True)
    assert relist(wanted, "ABCD") == ("", "")
    wanted.started_by_hand(listed("ABC"), is_whole_choice=True)
    assert relist(wanted, "ABCD") == ("", "D")


def test_another_choice_touches_the_difference_only() -> None:
    """What both name goes on, and so does what somebody started by hand."""
    wanted = tracking("ABCDE", Choice([], ["A", "B"]))
    wanted.started_by_hand([instrument("E")], is_whole_choice=False)
    change = wanted.choose(Choice([], ["B", "C"]))
    wanted.take(change)
    assert names(change) == ("A", "C")
    assert sorted(one.asset for one in wanted.instruments.values()) == ["B", "C", "E"]
