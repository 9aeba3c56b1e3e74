"""Worlds of lives whose hazards are known: what a model of them can be worth, and what it is.

Thirty pairs; the hazard is log-linear in what is seen, with one interaction that a linear model does not have, Weibull
with shape 0.75; volatility is an AR(1) series; four features are noise; a regime may break in the middle.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from crossbook._core import LIFE_HORIZONS_NS, EndedLives, LifeEvaluations

Floats = npt.NDArray[np.float64]

PAIRS = 30
SHAPE = 0.75
HORIZONS = np.array(LIFE_HORIZONS_NS) / 1e9
WALK = {"block": 1_000, "window": 4_000, "least": 500, "embargo_ns": 60_000_000_000, "ridge": 1.0}


@dataclass
class World:
    """Features by row; true survivals by row and horizon; when each life ended, and until when it was watched."""

    features: Floats
    survival: Floats
    ends: Floats
    watched: Floats
    pairs: npt.NDArray[np.int64]
    edges: Floats

    def lives(self) -> EndedLives:
        """As a process saw them: one every 4 s."""
        seen = np.minimum(self.ends, self.watched)
        return EndedLives(
            [
                (
                    self.features[at].tolist(),
                    at * 4_000_000_000,
                    at * 4_000_000_000 + int(seen[at] * 1e9),
                    bool(self.watched[at] < self.ends[at]),
                    int(self.pairs[at]),
                    int(self.pairs[at]) % 5,
                    float(self.edges[at]),
                    [float(self.edges[at])] * len(HORIZONS),
                )
                for at in range(len(self.ends))
            ]
        )

    def skills(self, walked: LifeEvaluations, since: int = 0, until: int | None = None) -> Floats:
        """By horizon: 0 is the base rate's, 1 that of who knows the hazards. Of the true ends, watched or not."""
        numbers = np.array(walked.lives)
        chosen = (numbers >= since) & (numbers < (until or len(self.ends)))
        of = numbers[chosen]
        alive = (self.ends[of, None] > HORIZONS).astype(float)
        model, base = np.array(walked.model)[chosen], np.array(walked.pool)[chosen]
        brier = [((predicted - alive) ** 2).mean(axis=0) for predicted in (base, model, self.survival[of])]
        found: Floats = (brier[0] - brier[1]) / np.maximum(brier[0] - brier[2], 1e-9)
        return found


def world(
    seed: int, count: int = 14_000, *, breaks: bool = False, is_null: bool = False, censored: float = 0.0
) -> World:
    """`breaks`: after 60 % other things matter. `is_null`: nothing does. `censored`: such a share of watches ends."""
    chance = np.random.default_rng(seed)
    pairs = chance.integers(0, PAIRS, count)
    traits = chance.normal(size=PAIRS)[pairs]
    volatility = np.zeros(count)
    for at in range(1, count):
        volatility[at] = 0.98 * volatility[at - 1] + 0.2 * chance.normal()
    edge, size, age = chance.normal(size=(3, count))
    features = np.column_stack([edge, traits, volatility, size, age, chance.normal(size=(count, 4))])
    rate = 1.6 * np.exp(-0.9 * edge + 0.7 * traits + 0.6 * volatility + 0.3 * age + 0.15 * edge * volatility)
    if breaks:
        after = slice(int(0.6 * count), None)
        rate[after] = (2.2 * np.exp(-0.5 * edge + 0.7 * traits + 0.3 * volatility + 0.3 * age + 0.4 * size))[after]
    if is_null:
        rate = np.full(count, 1.6)
    ends = chance.weibull(SHAPE, count) / rate
    watched = np.full(count, np.inf)
    if censored:
        watched = chance.exponential(np.median(ends) * 1.5 / censored, count)
    survival = np.exp(-((rate[:, None] * HORIZONS) ** SHAPE))
    return World(features, survival, ends, watched, pairs, np.exp(0.5 * edge) * 0.12)
