-- Ids, keyed digests and counted misses. Nothing here needs an extension; PostgreSQL 15 and up.

-- A UUID of version 7 made of a given moment: sets of rows get time-ordered keys without a round trip each.
CREATE OR REPLACE FUNCTION core_uuid7(p_at timestamptz) RETURNS uuid
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT encode(
        set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
                    PLACING substring(int8send((extract(epoch FROM p_at) * 1000)::bigint) FROM 3)
                    FROM 1 FOR 6),
            52, 1), 53, 1),
        'hex')::uuid
$$;

-- The n-th UUID of a set: its first half is that of `core_uuid7`, made once; the second is counted from a number by
-- chance. A UUID by chance for each row costs more than the row, and rows written together should lie together.
CREATE OR REPLACE FUNCTION core_uuid7_of(p_half bytea, p_from bigint, p_n bigint) RETURNS uuid
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT encode(p_half || int8send(p_from + p_n), 'hex')::uuid
$$;

-- HMAC-SHA256, cut to 16 bytes, from the two padded keys that `core.blind` makes: the same digest as in Python. STABLE as
-- convert_to is: only so it is put in place of its call, and no call costs a third of an import.
CREATE OR REPLACE FUNCTION core_blind(p_inner bytea, p_outer bytea, p_text text) RETURNS bytea
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT substring(sha256(p_outer || sha256(p_inner || convert_to(p_text, 'UTF8'))) FROM 1 FOR 16)
$$;

-- Twelve characters of chance and a check character, as `core.ids.new_pay_code`; a test compares the two.
CREATE OR REPLACE FUNCTION core_pay_code(p_chance bigint) RETURNS text
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    v_code text := '';
    v_sum int := 0;
    v_digit int;
BEGIN
    FOR place IN 0..11 LOOP
        v_digit := (p_chance >> (5 * place)) & 31;
        v_code := v_code || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + v_digit, 1);
        v_sum := v_sum + (place + 2) * v_digit;
    END LOOP;
    RETURN v_code || substr('0123456789ABCDEFGHJKMNPQRSTVWXYZ', 1 + v_sum % 31, 1);
END $$;

-- Sixty bits out of a random UUID, none of them the version or the variant.
CREATE OR REPLACE FUNCTION core_chance() RETURNS bigint
LANGUAGE sql VOLATILE PARALLEL SAFE AS $$
    SELECT ('x0' || substr(replace(gen_random_uuid()::text, '-', ''), 18, 15))::bit(64)::bigint
$$;

-- Count one in a window. Returns the count after it.
CREATE OR REPLACE FUNCTION core_count(p_bucket bytea, p_window timestamptz, p_by int) RETURNS int
LANGUAGE sql VOLATILE AS $$
    INSERT INTO core_throttle (bucket, window_start, count) VALUES (p_bucket, p_window, p_by)
    ON CONFLICT (bucket, window_start) DO UPDATE SET count = core_throttle.count + p_by
    RETURNING count
$$;
