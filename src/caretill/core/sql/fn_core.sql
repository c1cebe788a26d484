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

-- Count one in a window. Returns the count after it. Never below none: what is given back after its window has passed
-- must not make room in the next.
CREATE OR REPLACE FUNCTION core_count(p_bucket bytea, p_window timestamptz, p_by int) RETURNS int
LANGUAGE sql VOLATILE AS $$
    INSERT INTO core_throttle (bucket, window_start, count) VALUES (p_bucket, p_window, greatest(p_by, 0))
    ON CONFLICT (bucket, window_start) DO UPDATE SET count = greatest(core_throttle.count + p_by, 0)
    RETURNING count
$$;

-- Take a place in each bucket, of which p_most may be taken in its window, or in none of them. Returns 0, or which of
-- them (from 1, in the order given) was the first that is full. Many at once get as many places as there are.
-- p_key (or NULL) says whose place it is: as long as it is held under that key, the same one enters at no cost. Who
-- enters under a key is counted there, so that the place is free again when as many have left.
CREATE OR REPLACE FUNCTION core_enter(
    p_key bytea, p_key_window timestamptz, p_buckets bytea[], p_windows timestamptz[], p_most int[]
) RETURNS int
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    each record;
    v_full int := 0;
BEGIN
    IF p_key IS NOT NULL AND core_count(p_key, p_key_window, 1) > 1 THEN
        RETURN 0;
    END IF;
    -- Always in this order, or two that want the same places would wait for each other.
    FOR each IN
        SELECT u.bucket, u.window_start, u.most, u.place
        FROM unnest(p_buckets, p_windows, p_most) WITH ORDINALITY AS u(bucket, window_start, most, place)
        ORDER BY u.bucket, u.window_start
    LOOP
        IF core_count(each.bucket, each.window_start, 1) > each.most THEN
            v_full := CASE v_full WHEN 0 THEN each.place ELSE least(v_full, each.place) END;
        END IF;
    END LOOP;
    IF v_full > 0 THEN
        RAISE EXCEPTION USING ERRCODE = 'CT001', MESSAGE = 'full';
    END IF;
    RETURN 0;
EXCEPTION WHEN SQLSTATE 'CT001' THEN
    -- All of it is taken back: the counts, and the key.
    RETURN v_full;
END $$;

-- Leave a place that is held under a key. It is given back when the last one under that key leaves it.
CREATE OR REPLACE FUNCTION core_leave(
    p_key bytea, p_key_window timestamptz, p_buckets bytea[], p_windows timestamptz[]
) RETURNS void
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    v_held int;
BEGIN
    UPDATE core_throttle SET count = count - 1
    WHERE bucket = p_key AND window_start = p_key_window AND count > 0 RETURNING count INTO v_held;
    IF v_held = 0 THEN
        PERFORM core_count(u.bucket, u.window_start, -1)
        FROM (SELECT * FROM unnest(p_buckets, p_windows) AS o(bucket, window_start) ORDER BY 1, 2) AS u;
    END IF;
END $$;
