"""Makes models of lives from those that have ended, lets only those speak that proved themselves, and tells the scan.

A round takes the newest lives, predicts each block of them from what had ended before it, and judges the model by
that. Fitting and judging run in a thread; the core lets Python go on meanwhile.
"""

import asyncio
import hashlib
import secrets
from collections.abc import Sequence

import structlog

from crossbook._core import LIFE_FEATURE_SCHEMA, LIFE_HORIZONS_NS, EndedLives, LifeModel
from crossbook.arbitrage.live import LiveScan
from crossbook.arbitrage.store.models import LifeRow, Made, ModelStore, Registered
from crossbook.plumbing.errors import UnavailableError

WINDOW = 4_000  # lives that a model is fitted to
MOST_LIVES = 8_000  # that a round looks at: those, and those whose predictions are judged
BLOCK = 500
LEAST_NEW = 500  # lives without which there is no new round
LEAST_LIVES = 1_000
EMBARGO_NS = 60_000_000_000
RIDGE = 1.0
RECENT = 500  # lives that drift is looked for in
DRIFTED = 0.2
POLL_SECONDS = 10.0
US_NS = 1_000
SCHEMA = LIFE_FEATURE_SCHEMA - (1 << 64) if LIFE_FEATURE_SCHEMA >= 1 << 63 else LIFE_FEATURE_SCHEMA

log = structlog.get_logger()


class LifeTrainer:
    """One of any number of replicas: whoever is first registers, and all take what is live."""

    def __init__(self, store: ModelStore, live: LiveScan) -> None:
        self._store = store
        self._live = live
        self._told: tuple[str, str] | None = None  # (model, reason) as the scan knows it

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                await self.train()
                await self.take()
            except UnavailableError as error:
                log.warning("life_models_unreadable", reason=str(error))
            await asyncio.sleep(POLL_SECONDS)

    async def train(self) -> bool:
        """A round, where there are enough new lives for one; whether there was. Raises UnavailableError."""
        newest = await self._store.newest()
        rows = await self._store.lives(SCHEMA, MOST_LIVES)
        if len(rows) < LEAST_LIVES or sum(row.number > (newest[0] if newest else 0) for row in rows) < LEAST_NEW:
            self._tell(None, f"n = {len(rows)} of {LEAST_LIVES}" if len(rows) < LEAST_LIVES else "")
            return False
        made = await asyncio.to_thread(make, rows, self._live.scanner.log_id)
        is_ours = await self._store.register(made)
        if is_ours:
            log.info("life_model_made", id=made.id, lives=made.lives, reason=made.reason, **made.scores)
        return is_ours

    async def take(self) -> None:
        """Tells the scan what is live, or why nothing is. Raises UnavailableError."""
        found = await self._store.in_force()
        if found is not None and (wrong := fault(found)):
            log.error("life_model_refused", id=found.id, reason=wrong)
            found = None
        newest = await self._store.newest()
        if found is not None:
            self._tell(found, "")
        elif newest is not None:
            self._tell(None, newest[1])

    def _tell(self, found: Registered | None, reason: str) -> None:
        told = (found.id if found else "", reason)
        if told == self._told or (found is None and not reason):
            return
        self._told = told
        self._live.set_life_model(found, reason)


def make(rows: Sequence[LifeRow], created_by: str) -> Made:
    """A model of the newest lives, and what it would have been worth."""
    lives = ended(rows)
    walked = lives.walk_forward(block=BLOCK, window=WINDOW, least=BLOCK, embargo_ns=EMBARGO_NS, ridge=RIDGE)
    verdict = lives.judge(walked)
    drift = lives.drift(RECENT)
    scores = {
        "judged": verdict.judged,
        "skill": verdict.skill,
        "skill_low": verdict.skill_low,
        "skill_high": verdict.skill_high,
        "slope": verdict.slope,
        "drifted_features": sum(index > DRIFTED for index in drift),
        "calibration_errors": [score.calibration_error for score in lives.score(walked)],
    }
    model = LifeModel.fit(lives, WINDOW, RIDGE, LIFE_FEATURE_SCHEMA)
    newest = max(row.number for row in rows)
    return Made(
        id=secrets.token_hex(8),
        feature_schema=SCHEMA,
        lives=len(rows),
        newest_life=newest,
        model=model.encode(),
        used=verdict.used,
        scores=scores,
        reason=verdict.reason,
        created_by=created_by,
    )


def ended(rows: Sequence[LifeRow]) -> EndedLives:
    """As the core takes them; the net at a horizon is the path's last point until it."""
    pairs: dict[str, int] = {}
    assets: dict[str, int] = {}
    return EndedLives(
        [
            (
                row.features,
                row.publish_ns,
                row.close_ns,
                row.is_censored,
                pairs.setdefault(row.pair, len(pairs)),
                assets.setdefault(row.asset, len(assets)),
                row.opening_net_percent,
                [_net_at(row, horizon_ns // US_NS) for horizon_ns in LIFE_HORIZONS_NS],
            )
            for row in rows
        ]
    )


def fault(found: Registered) -> str:
    """Why a registered model is not used: its bytes are not those that were registered, or its features are others."""
    if hashlib.sha256(found.model).hexdigest() != found.sha256:
        return "its bytes are not those that were registered"
    return "" if found.feature_schema == SCHEMA else "it is for other features"


def _net_at(row: LifeRow, after_us: int) -> float:
    net = row.opening_net_percent
    for point_us, value in zip(row.path_us, row.path_net_percent, strict=True):
        if point_us > after_us:
            break
        net = value
    return net
