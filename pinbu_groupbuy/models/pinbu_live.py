"""How long an answer of the API holds that this worker has built before.

Two questions, each one statement:

* Has anything been committed since? Two snapshots of PostgreSQL with the same name see the same
  rows. If none was committed and no moment has come at which the clock alone changes the answer, it
  is sent again, whatever it is made of.
* If something was: is it what this page is made of? The *version* of a team or an activity names
  the rows that change with sales, by where they stand and who wrote them (``ctid``, ``xmin``), and
  the figures it shows. Everything else that pages show (names, prices, pictures, rules) changes
  rarely: triggers leave a mark in ``pinbu_live_change``, and all marks together are in each version.
  A mark is inserted, never counted up: two who edit the catalogue at once do not meet.
"""

from odoo import api, models
from odoo.tools import SQL

from ..api import live, render

_FUNCTION = """
CREATE OR REPLACE FUNCTION pinbu_live_changed() RETURNS trigger AS $$
BEGIN
    INSERT INTO pinbu_live_change AS change (transaction, mark)
    VALUES (pg_current_xact_id(), (random() * 2 ^ 53)::bigint)
    ON CONFLICT (transaction) DO UPDATE SET mark = EXCLUDED.mark, changed_at = now();
    RETURN NULL;
END $$ LANGUAGE plpgsql
"""
_TABLE = """
CREATE TABLE IF NOT EXISTS pinbu_live_change (
    transaction xid8 PRIMARY KEY,
    mark bigint NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT now()
)
"""
# Pictures whose addresses pages show.
_PICTURED = ("pinbu.activity", "pinbu.activity.image", "pinbu.activity.category", "product.product")


def earliest(*moments):
    """:return: the first of these moments; None is never"""
    return min(filter(None, moments), default=None)


class PinbuLive(models.AbstractModel):
    _name = "pinbu.live"
    _description = "Live Pages of the API"

    # === CHANGES OF WHAT RARELY CHANGES === #

    def init(self):
        self.env.cr.execute(_TABLE)
        self.env.cr.execute(_FUNCTION)
        # The tables of the models that come after this one in its module.
        self.pool.post_init(self._create_triggers)

    @api.model
    def _watched_columns(self):
        """Hook: what pages show, beside what their versions name themselves.

        :return: ``{table: columns}``; of no columns: all of them. A table that pages read and that
                 is missing here makes them stale: `test_live_pages` finds such tables
        """
        # Of a module that may be there or not (`api_rating`).
        optional = {"rating_rating": ()} if "rating.rating" in self.env else {}
        return {
            **optional,
            "pinbu_activity": (),
            "pinbu_activity_line": (
                "activity_id",
                "sequence",
                "product_id",
                "group_price",
                "quota",
            ),
            "pinbu_activity_image": (),
            "pinbu_activity_category": (),
            "pinbu_activity_delivery_carrier_rel": (),
            "product_template": (
                "active",
                "categ_id",
                "default_code",
                "description_sale",
                "is_storable",
                "list_price",
                "name",
                "type",
            ),
            "product_product": ("active", "default_code", "product_tmpl_id"),
            "product_variant_combination": (),
            "product_template_attribute_value": (),
            "product_template_attribute_line": (),
            "product_attribute_value": (),
            "product_attribute": (),
            "product_category": (),
            "delivery_carrier": (),
            "delivery_carrier_country_rel": (),
            "delivery_carrier_state_rel": (),
            "res_company": (),
            "res_country": (),
            "res_country_state": (),
            "res_currency": (),
            "res_lang": (),
            "ir_config_parameter": (),
            "stock_location": (),
            "stock_warehouse": (),
        }

    def _register_hook(self):
        super()._register_hook()
        watched = self._watched_columns()
        self.env.cr.execute(
            """
            SELECT relname FROM pg_class
             WHERE relname = ANY(%s) AND relkind = 'r' AND NOT EXISTS (
                   SELECT 1 FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgname = 'pinbu_live')
            """,
            [list(watched)],
        )
        # A module that nothing here depends on was installed after this one.
        for (table,) in self.env.cr.fetchall():
            self._create_trigger(table, watched[table])

    def _create_triggers(self):
        cr = self.env.cr
        for table, columns in self._watched_columns().items():
            self._create_trigger(table, columns)
        for event, row in (("INSERT OR UPDATE", "NEW"), ("DELETE", "OLD")):
            cr.execute(
                SQL(
                    """
                    CREATE OR REPLACE TRIGGER %s AFTER %s ON ir_attachment FOR EACH ROW
                      WHEN (%s.res_model IN %s) EXECUTE FUNCTION pinbu_live_changed()
                    """,
                    SQL.identifier(f"pinbu_live_{row.lower()}"),
                    SQL(event),
                    SQL(row),
                    _PICTURED,
                )
            )

    def _create_trigger(self, table, columns):
        what = f"UPDATE OF {', '.join(columns)}" if columns else "UPDATE"
        self.env.cr.execute(
            SQL(
                """
                CREATE OR REPLACE TRIGGER pinbu_live AFTER INSERT OR DELETE OR TRUNCATE OR %s
                    ON %s FOR EACH STATEMENT EXECUTE FUNCTION pinbu_live_changed()
                """,
                SQL(what),
                SQL.identifier(table),
            )
        )

    @api.model
    def _sql_catalogue(self):
        """:return: an SQL value that changes with everything that triggers watch"""
        return SQL("(SELECT concat_ws(' ', count(*), sum(mark)) FROM pinbu_live_change)")

    @api.autovacuum
    def _gc_changes(self):
        # The last one stays: without any, it would be again as before the first.
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM pinbu_live_change
                 WHERE changed_at < now() - interval '1 day'
                   AND changed_at < (SELECT max(changed_at) FROM pinbu_live_change)
                """
            )
        )

    # === ANSWERS === #

    @api.model
    def _memory(self):
        registry = self.env.registry
        if "pinbu_live_memory" not in vars(registry):
            registry.pinbu_live_memory = live.Memory()
        return registry.pinbu_live_memory

    @api.model
    def _moment(self):
        """What the database and this worker know now.

        :return: (a name for it, None where it has none; the transaction's time in UTC)
        """
        self.env.cr.execute(
            # A replica's snapshot does not name what is under way, nor does it name what this very
            # transaction has written.
            """
            SELECT CASE WHEN pg_is_in_recovery() OR pg_current_xact_id_if_assigned() IS NOT NULL
                        THEN NULL ELSE pg_current_snapshot()::text END,
                   now() AT TIME ZONE 'UTC'
            """
        )
        snapshot, now = self.env.cr.fetchone()
        # Odoo tells workers of changed settings just after the commit.
        caches = tuple(self.env.registry.cache_sequences.values())
        return snapshot and (snapshot, caches), now

    @api.model
    def _audience(self, partner):
        """:return: what the same answer may differ by: language, address and shop, and who asks"""
        return (
            self.env.context.get("lang"),
            render.absolute(self.env, ""),
            self.env.company.id,
            partner.id if partner else None,
        )

    @api.model
    def _answer(self, page, partner, build):
        """The answer to a read, from memory while it holds.

        :param tuple page: what is asked for
        :param res.partner partner: who asks, or None
        :param build: called when it must be made; (Answer, until when the clock leaves it alone or
                      None)
        :rtype: live.Reading
        """
        answers = self._memory().answers
        moment, now = self._moment()
        key = (page, self._audience(partner))
        kept = answers.get(key) if moment else None
        if kept and kept.holds(moment, now):
            return live.Reading(kept.answer, now)
        answer, until = build()
        if moment:
            answers.put(key, live.Kept(answer, moment, now, until), answer.size)
        return live.Reading(answer, now)

    @api.model
    def _parts(self, shape, versions, render_missing):
        """:param shape: ``shapes.Team`` or ``shapes.Activity``
        :param dict versions: ``{id: version}``
        :param render_missing: ids -> the contract's objects as passers-by see them
        :return: ``{id: Part}``
        """
        parts = self._memory().parts
        caches = tuple(self.env.registry.cache_sequences.values())
        audience = self._audience(None)
        found = {}
        for record_id, version in versions.items():
            kept = parts.get((shape, record_id, audience))
            if kept and kept.version == f"{version} {caches}":
                found[record_id] = kept
        missing = [record_id for record_id in versions if record_id not in found]
        if missing:
            for record_id, data in zip(missing, render_missing(missing), strict=True):
                part = live.Part.build(f"{versions[record_id]} {caches}", shape, data)
                parts.put((shape, record_id, audience), part, part.size)
                found[record_id] = part
        return found
