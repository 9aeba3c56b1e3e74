-- What Crossbook keeps, for whoever reads its Postgres: the views of this schema are its public shape, in docs/schema.md and in exports.
-- The tables behind them may change; these change by getting columns at the end, or a schema of the next number.
CREATE SCHEMA crossbook_v1;

CREATE VIEW crossbook_v1.windows AS
SELECT
    window_start, window_end, venue, symbol, asset, quote_currency, avg_bid, min_bid, max_bid, avg_ask, min_ask, max_ask, avg_spread,
    time_weighted_bid, time_weighted_ask, tick_count, coverage, is_complete
FROM public.closed_windows;

CREATE VIEW crossbook_v1.minutes AS
SELECT
    minute_start, minute_end, venue, symbol, asset, quote_currency, avg_bid, min_bid, max_bid, avg_ask, min_ask, max_ask, avg_spread,
    time_weighted_bid, time_weighted_ask, tick_count, coverage, is_complete, windows
FROM public.closed_minutes;

CREATE VIEW crossbook_v1.quotes AS
SELECT
    window_end AS at, venue, symbol, asset, quote_currency, last_bid AS bid, last_bid_size AS bid_size, last_ask AS ask,
    last_ask_size AS ask_size,
    CASE last_state WHEN 1 THEN 'LIVE' WHEN 2 THEN 'RESYNCING' WHEN 3 THEN 'STALE' WHEN 4 THEN 'CLOSED' ELSE 'UNKNOWN' END AS state,
    last_receive_ns AS receive_ns, nullif(last_exchange_ns, 0) AS exchange_ns
FROM public.closed_windows;

CREATE VIEW crossbook_v1.opportunities AS
SELECT
    to_timestamp(open_ns / 1000000000) + open_ns % 1000000000 / 1000 * interval '1 microsecond' AS opened_at, id, asset,
    buy_venue, buy_symbol, sell_venue, sell_symbol, quote_currency, open_ns, publish_ns, close_ns, close_reason, is_censored,
    opening_gross_percent, opening_net_percent, peak_net_percent, peak_ns, last_net_percent, opening_size, opening_notional,
    peak_notional, path_us, path_net_percent, path_notional
FROM public.opportunity_lives;

CREATE VIEW crossbook_v1.alerts AS
SELECT
    fired_at, id, rule, asset, buy_venue, sell_venue, (opportunity #>> '{costs,gross_percent}')::double precision AS gross_percent,
    (opportunity #>> '{costs,net_percent}')::double precision AS net_percent,
    (opportunity ->> 'executable_notional')::double precision AS executable_notional, cause, closed_at
FROM public.alerts;
