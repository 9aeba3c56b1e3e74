"""What is tracked, and what a new market list or a new choice changes about it."""

import pytest

from crossbook._core import Instrument
from crossbook.plumbing.settings import Fees
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


def test_a_change_of_terms_is_said_in_words() -> None:
    """What was and what is."""
    wanted = tracking("AB")
    change = wanted.relist([instrument("A", contract_size=10.0), instrument("B")])
    assert change.altered == ["A/USDT:USDT: contract_size 1.0 -> 10.0"]


def test_a_market_that_a_list_leaves_out_with_a_reason_is_given_up_at_once() -> None:
    """Halted or settling; it comes back with the list that has it again, also where symbols were named."""
    for choice in (EVERYTHING, Choice([], ["A", "B"]), Choice(["A/USDT:USDT", "B/USDT:USDT"], [])):
        wanted = tracking("AB", choice)
        change = wanted.relist(listed("B"), {"AUSDT"})
        wanted.take(change)
        assert names(change) == ("A", "")
        assert relist(wanted, "AB") == ("", "A")


def test_a_venue_that_halts_all_its_markets_is_believed() -> None:
    """Each is named with a reason: that is no list that has lost its markets."""
    wanted = tracking("ABC")
    change = wanted.relist([], {"AUSDT", "BUSDT", "CUSDT"})
    assert names(change) == ("ABC", "")


def test_a_choice_grows_with_what_it_names() -> None:
    """By asset, by symbol or all."""
    assert relist(tracking("AB", Choice([], ["A", "C"])), "ABCD") == ("", "C")
    assert relist(tracking("AB", Choice(["A/USDT:USDT"], [])), "ABCD") == ("", "")
    assert relist(tracking("AB", Choice(["D/USDT:USDT"], [])), "ABCD") == ("", "D")


def test_markets_of_other_asset_classes_are_as_if_not_listed() -> None:
    """Coins by default, others by setting."""
    share = Instrument(
        venue="v",
        symbol="META/USDT:USDT",
        native_symbol="METAUSDT",
        asset="share:META",
        asset_class=2,
        quote_currency="USDT",
        settle_currency="USDT",
    )
    for classes, tracked in ((["coin"], ["A"]), (["share"], ["share:META"]), (["coin", "share"], ["A", "share:META"])):
        wanted = Wanted(EVERYTHING, classes)
        wanted.begin([instrument("A"), share])
        assert [one.asset for one in wanted.instruments.values()] == tracked


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


def test_our_own_fees_are_in_place_of_what_the_venue_lists() -> None:
    """Only those that are set; and a list that comes again changes nothing."""
    wanted = Wanted(EVERYTHING, fees=Fees(taker_percent=0.03))
    wanted.begin(listed("AB"))
    assert {one.taker_fee_percent for one in wanted.instruments.values()} == {0.03}
    assert {one.maker_fee_percent for one in wanted.instruments.values()} == {listed("A")[0].maker_fee_percent}
    assert not wanted.relist(listed("AB"))
