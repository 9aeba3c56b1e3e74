"""The longer statements of the alerts service's tables; store.py runs them, and says what they are for."""

RULE_COLUMNS = "id, rule, etag, created_at, updated_at"

EARLIER_ALERT = """
SELECT cause, extract(epoch FROM clock_timestamp() - fired_at)::float8
FROM alerts
WHERE rule = %(rule)s AND (
    cause = %(cause)s
    OR asset = %(asset)s AND buy_venue = %(buy)s AND sell_venue = %(sell)s
       AND fired_at > clock_timestamp() - %(cooldown)s
)
ORDER BY cause = %(cause)s DESC, fired_at DESC
LIMIT 1
"""

INSERT_ALERT = """
INSERT INTO alerts (id, rule, cause, asset, buy_venue, sell_venue, opportunity)
VALUES (%(id)s, %(rule)s, %(cause)s, %(asset)s, %(buy)s, %(sell)s, %(opportunity)s)
RETURNING fired_at
"""

LIST_ALERTS = """
SELECT id, rule, opportunity, fired_at
FROM alerts
WHERE (%(rule)s::text IS NULL OR rule = %(rule)s)
  AND (%(assets)s::text[] IS NULL OR asset = ANY(%(assets)s))
  AND (%(venues)s::text[] IS NULL OR buy_venue = ANY(%(venues)s) OR sell_venue = ANY(%(venues)s))
  AND (%(from)s::timestamptz IS NULL OR fired_at >= %(from)s)
  AND (%(to)s::timestamptz IS NULL OR fired_at < %(to)s)
  AND (%(before)s::timestamptz IS NULL OR (fired_at, id) < (%(before)s, %(before_id)s))
ORDER BY fired_at DESC, id DESC
LIMIT %(limit)s
"""

FORGET_ALERTS = """
DELETE FROM alerts WHERE id = ANY(ARRAY(
    SELECT id FROM alerts AS alert
    WHERE fired_at < clock_timestamp() - %(age)s
      AND fired_at < (SELECT fired_at FROM alerts ORDER BY fired_at DESC LIMIT 1 OFFSET %(kept)s - 1)
      AND NOT EXISTS (SELECT 1 FROM deliveries WHERE alert_id = alert.id AND state = 1)
    ORDER BY fired_at LIMIT %(limit)s))
"""

LIST_DELIVERIES = """
SELECT alert_id, channel_id, state, attempts, last_error, delivered_at
FROM deliveries WHERE alert_id = ANY(%s) ORDER BY alert_id, position
"""

CLAIM_DELIVERIES = """
WITH due AS (
    SELECT alert_id, channel_id FROM deliveries
    WHERE state = 1 AND due_at <= now()
    ORDER BY due_at LIMIT %(limit)s
    FOR UPDATE SKIP LOCKED
)
UPDATE deliveries AS delivery
SET attempts = attempts + 1, tries_left = tries_left - 1, due_at = now() + %(lease)s, claim = %(claim)s
FROM due JOIN alerts AS alert ON alert.id = due.alert_id
WHERE delivery.alert_id = due.alert_id AND delivery.channel_id = due.channel_id
RETURNING alert.id, alert.rule, alert.opportunity, alert.fired_at,
          delivery.channel_id, delivery.channel, delivery.attempts, delivery.tries_left, delivery.claim
"""

FINISH_DELIVERY = """
UPDATE deliveries
SET state = %(state)s, last_error = %(error)s, claim = NULL, due_at = clock_timestamp() + %(delay)s,
    tries_left = tries_left + %(given_back)s,
    delivered_at = CASE WHEN %(state)s = 2 THEN clock_timestamp() END,
    channel = CASE WHEN %(state)s = 2 THEN NULL ELSE channel END
WHERE alert_id = %(alert)s AND channel_id = %(channel)s AND claim = %(claim)s
"""

RELEASE_DELIVERY = """
UPDATE deliveries SET claim = NULL, due_at = clock_timestamp(), tries_left = tries_left + 1
WHERE alert_id = %s AND channel_id = %s AND claim = %s
"""

REDRIVE = """
UPDATE deliveries SET state = 1, due_at = clock_timestamp(), tries_left = %(tries)s
WHERE state = 3 AND (%(alert)s::text IS NULL OR alert_id = %(alert)s)
"""

SAVE_POSITIONS = """
INSERT INTO alert_positions (name, value)
SELECT name, value FROM unnest(%s::text[], %s::text[]) AS saved (name, value) ORDER BY name
ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""
