-- Accounts. Of every secret only a hash is kept: SHA-256 of what has 256 random bits, argon2id of passwords.
CREATE TABLE account_users (
    name text PRIMARY KEY,
    role smallint NOT NULL,
    password_hash text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE account_keys (
    id text PRIMARY KEY,
    secret_hash bytea NOT NULL,
    display_name text NOT NULL,
    role smallint NOT NULL,
    venues text[] NOT NULL,
    methods text[] NOT NULL,
    networks text[] NOT NULL,
    creator text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    expire_time timestamptz,
    last_use_time timestamptz,
    revoke_time timestamptz
);

CREATE TABLE account_sessions (
    id text PRIMARY KEY,
    principal text NOT NULL,
    role smallint NOT NULL,
    address text NOT NULL,
    create_time timestamptz NOT NULL DEFAULT now(),
    refresh_time timestamptz NOT NULL DEFAULT now(),
    expire_time timestamptz NOT NULL,
    revoke_time timestamptz
);
CREATE INDEX ON account_sessions (principal);

-- Each refresh token of a session, used once: when it was says whether a second use is a race of two tabs or a theft.
CREATE TABLE account_refresh_tokens (
    token_hash bytea PRIMARY KEY,
    session_id text NOT NULL REFERENCES account_sessions (id) ON DELETE CASCADE,
    use_time timestamptz
);
CREATE INDEX ON account_refresh_tokens (session_id);

-- Codes of printed links that were used; each is good once.
CREATE TABLE account_used_codes (
    code_hash bytea PRIMARY KEY,
    use_time timestamptz NOT NULL DEFAULT now()
);

-- What was done by whom. Rows come and stay: no role of Crossbook changes or removes one.
CREATE TABLE account_audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    time timestamptz NOT NULL DEFAULT now(),
    principal text NOT NULL,
    role smallint NOT NULL,
    address text NOT NULL,
    method text NOT NULL,
    resource text NOT NULL,
    outcome text NOT NULL,
    request_id text NOT NULL,
    request text NOT NULL
);
CREATE INDEX ON account_audit (principal, id);

CREATE FUNCTION account_audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is only ever added to';
END
$$;
CREATE TRIGGER account_audit_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON account_audit
    FOR EACH STATEMENT EXECUTE FUNCTION account_audit_stays();
