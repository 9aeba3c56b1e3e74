-- The views of 0005 with the class of what each market is about, at the end: a view can only grow there.

CREATE OR REPLACE VIEW closed_windows AS
SELECT
    w.venue, w.symbol, w.window_start, w.avg_bid, w.min_bid, w.max_bid, w.avg_ask, w.min_ask, w.max_ask, w.avg_spread,
    w.time_weighted_bid, w.time_weighted_ask, w.tick_count, w.live_ns, w.window_ns, w.is_complete,
    w.last_bid, w.last_bid_size, w.last_ask, w.last_ask_size, w.last_state, w.last_exchange_ns, w.last_receive_ns,
    w.live_ns::float8 / w.window_ns AS coverage,
    w.window_start + w.window_ns / 1000 * interval '1 microsecond' AS window_end,
    m.native_symbol, coalesce(m.asset, '') AS asset, m.asset_scale, m.quote_currency, m.settle_currency, m.contract_size,
    m.tick_size, m.lot_size, m.taker_fee_percent, m.maker_fee_percent, m.asset_class
FROM snapshots w LEFT JOIN markets m USING (venue, symbol);

CREATE OR REPLACE VIEW closed_minutes AS
SELECT
    w.venue, w.symbol, w.minute_start, w.avg_bid, w.min_bid, w.max_bid, w.avg_ask, w.min_ask, w.max_ask, w.avg_spread,
    w.time_weighted_bid, w.time_weighted_ask, w.tick_count, w.live_ns,
    60000000000::bigint AS window_ns,
    w.is_complete AND w.window_ns = 60000000000 AS is_complete,
    w.live_ns::float8 / 60000000000 AS coverage,
    w.minute_start + interval '1 minute' AS minute_end,
    w.windows,
    m.native_symbol, coalesce(m.asset, '') AS asset, m.asset_scale, m.quote_currency, m.settle_currency, m.contract_size,
    m.tick_size, m.lot_size, m.taker_fee_percent, m.maker_fee_percent, m.asset_class
FROM minutes w LEFT JOIN markets m USING (venue, symbol);
