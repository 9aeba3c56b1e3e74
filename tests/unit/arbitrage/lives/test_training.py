"""Models from rows of lives: which may speak, what is recorded of them, and which registered ones are used."""

import hashlib

import numpy as np

from crossbook.arbitrage.lives.training import SCHEMA, ended, fault, make
from crossbook.arbitrage.store.models import LifeRow, Registered
from tests.support.arbitrage.life_world import world


def rows_of(seed: int, count: int, *, is_null: bool = False) -> list[LifeRow]:
    """Of a world whose hazards are known, or in which nothing is to be known."""
    one = world(seed, count, is_null=is_null)
    return [
        LifeRow(
            number=at,
            features=one.features[at].tolist(),
            publish_ns=at * 4_000_000_000,
            close_ns=at * 4_000_000_000 + int(one.ends[at] * 1e9),
            is_censored=False,
            pair=f"A{one.pairs[at] % 5} {one.pairs[at]}",
            asset=f"A{one.pairs[at] % 5}",
            opening_net_percent=0.2,
            path_us=[0, 200_000],
            path_net_percent=[0.2, 0.1],
        )
        for at in range(count)
    ]


def test_a_model_that_proved_itself_may_speak_and_one_of_nothing_says_why_not() -> None:
    """With its scores, and the newest life that it knows."""
    good, null = make(rows_of(1, 5_000), "me"), make(rows_of(1, 5_000, is_null=True), "me")
    assert (good.reason, good.lives, good.newest_life, good.created_by) == ("", 5_000, 4_999, "me")
    assert isinstance(good.scores["skill_low"], float)
    assert good.scores["skill_low"] > 0
    assert null.reason.startswith("no better than the means")
    assert len(set(good.used)) == 1


def test_the_net_at_a_horizon_is_that_of_the_path() -> None:
    """So what is left of it is half after 200 ms."""
    from crossbook._core import LifeModel

    model = LifeModel.fit(ended(rows_of(1, 3_000)), 3_000, 1.0, 1)
    kept = [share for _, share in model.outlook([0.0] * 9, 0)]
    assert np.allclose(kept[:3], 1.0)
    assert np.allclose(kept[3:], 0.5, atol=0.05)


def test_other_bytes_or_other_features_are_not_used() -> None:
    """A registered model is what was registered."""
    sound = Registered("1", b"model", hashlib.sha256(b"model").hexdigest(), [True] * 8, SCHEMA)
    assert fault(sound) == ""
    assert "bytes" in fault(sound._replace(model=b"other"))
    assert "features" in fault(sound._replace(feature_schema=SCHEMA + 1))
