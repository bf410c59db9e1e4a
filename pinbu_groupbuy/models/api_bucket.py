from odoo import api, fields, models
from odoo.tools import SQL

from ..transactions import SQL_NOW, short_transaction

# A function, so that the plans are kept for as long as the connection.
_TAKE = """
    CREATE OR REPLACE FUNCTION pinbu_api_bucket_take(keys text[], steps float[])
    RETURNS TABLE (empty_key text, seconds float) AS $$
    DECLARE
        step interval;
        now_utc timestamp;
    BEGIN
        FOR number IN 1 .. cardinality(keys) LOOP
            step := INTERVAL '1 second' * steps[number];
            INSERT INTO pinbu_api_bucket AS bucket (key, full_at)
            VALUES (keys[number], clock_timestamp() AT TIME ZONE 'UTC' + step)
                ON CONFLICT (key) DO UPDATE
                   SET full_at = GREATEST(
                           bucket.full_at, clock_timestamp() AT TIME ZONE 'UTC'
                       ) + step
                 WHERE bucket.full_at + step
                       <= clock_timestamp() AT TIME ZONE 'UTC' + INTERVAL '1 minute';
            IF NOT FOUND THEN
                now_utc := clock_timestamp() AT TIME ZONE 'UTC';
                RETURN QUERY
                    SELECT key::text,
                           EXTRACT(EPOCH FROM full_at + step - now_utc - INTERVAL '1 minute')::float
                      FROM pinbu_api_bucket WHERE key = keys[number];
                RETURN;
            END IF;
        END LOOP;
    END
    $$ LANGUAGE plpgsql
"""


class PinbuApiBucket(models.Model):
    """Token buckets that all workers share: see ``api/limits.py``.

    A bucket that is full again has nothing to say, so rows come and go.
    """

    _name = "pinbu.api.bucket"
    _description = "API Limit"
    _log_access = False

    key = fields.Char(required=True)
    # Without an index: a change of it then costs no index an entry.
    full_at = fields.Datetime(required=True)

    _key_unique = models.Constraint("UNIQUE(key)", "There is one bucket for each key.")

    def init(self):
        # Losing it in a crash costs nothing, and nobody waits for the disk.
        self.env.cr.execute("ALTER TABLE pinbu_api_bucket SET UNLOGGED")
        self.env.cr.execute(_TAKE)

    # === BUSINESS METHODS === #

    @api.model
    def _take(self, wanted):
        """Take a token out of each bucket, in this order; an empty one leaves those after it alone.

        One statement in a transaction of its own: callers of one address wait for each other for
        its length only, and no request has to be repeated for it.

        :param wanted: pairs of a key and the calls of a minute, which is what the bucket holds
        :return: (the key of the empty bucket, the seconds until there is a token), or (None, 0)
        """
        keys = [key for key, _calls in wanted]
        steps = [60 / calls for _key, calls in wanted]
        with short_transaction(self.env, durable=False) as cr:
            cr.execute(SQL("SELECT * FROM pinbu_api_bucket_take(%s, %s)", keys, steps))
            empty = cr.fetchone()
        return (empty[0], max(empty[1], 0.001)) if empty else (None, 0)

    @api.autovacuum
    def _gc_full(self):
        self.env.cr.execute(SQL("DELETE FROM pinbu_api_bucket WHERE full_at < %s", SQL_NOW))
