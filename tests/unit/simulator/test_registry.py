"""Faces are found by their modules."""

import pytest

from crossbook.plumbing.errors import SettingsError
from crossbook.simulator.registry import FACES, TRAITS, traits_of


def test_each_face_plays_the_venue_of_its_traits() -> None:
    """Neither without the other."""
    assert list(FACES) == list(TRAITS)
    assert len(TRAITS) > 10


def test_none_named_is_all_and_a_name_counts_once() -> None:
    """In the order in which they are named."""
    first, second, *_ = TRAITS
    assert [traits.venue for traits in traits_of([])] == list(TRAITS)
    assert [traits.venue for traits in traits_of([second, first, second])] == [second, first]


def test_an_unknown_venue_is_a_setting_to_correct() -> None:
    """With those that there are."""
    with pytest.raises(SettingsError, match=r"setting simulator\.venues: no such venue 'nowhere', known: "):
        traits_of(["nowhere"])
