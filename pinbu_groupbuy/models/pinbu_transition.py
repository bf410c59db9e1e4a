from odoo import fields, models
from odoo.tools import SQL

from ..transactions import SQL_NOW


class PinbuTransition(models.Model):
    """Every change of state of every team and seat: who, when, from, to, why.

    Append-only: the database itself refuses to change or delete a row.
    """

    _name = "pinbu.transition"
    _description = "Group-buying State Change"
    _order = "id desc"
    _log_access = False

    # Plain integers underneath would survive a deletion, but teams and seats are never deleted.
    team_id = fields.Many2one("pinbu.team", readonly=True, index="btree_not_null")
    seat_id = fields.Many2one("pinbu.seat", readonly=True, index="btree_not_null")
    from_state = fields.Char(readonly=True)
    to_state = fields.Char(readonly=True, required=True)
    reason = fields.Char(readonly=True)
    user_id = fields.Many2one("res.users", string="By", readonly=True)
    date = fields.Datetime(readonly=True, required=True)

    def init(self):
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION pinbu_refuse_change() RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS pinbu_transition_append_only ON pinbu_transition;
            CREATE TRIGGER pinbu_transition_append_only
                BEFORE UPDATE OR DELETE OR TRUNCATE ON pinbu_transition
                FOR EACH STATEMENT EXECUTE FUNCTION pinbu_refuse_change();
        """)


def move_state(cr, uid, table, ids, sources, target, reason, assignments=()):
    """Take those rows of `table` that are in one of `sources` to `target`, and log each.

    The only way a team or a seat changes its state. Safe to call twice: the second time no row is
    in a source state any more.

    :param str table: ``pinbu_team`` or ``pinbu_seat``
    :param Iterable[SQL] assignments: further columns to set, as ``column = value``
    :return: the ids that moved
    :rtype: list[int]
    """
    if not ids:
        return []
    subject = SQL.identifier("team_id" if table == "pinbu_team" else "seat_id")
    cr.execute(
        SQL(
            """
            WITH before AS (
                SELECT id, state FROM %(table)s
                 WHERE id = ANY(%(ids)s) AND state = ANY(%(sources)s)
                 ORDER BY id FOR NO KEY UPDATE
            ), moved AS (
                UPDATE %(table)s AS t SET %(assignments)s
                  FROM before WHERE t.id = before.id
             RETURNING t.id, before.state
            )
            INSERT INTO pinbu_transition (%(subject)s, from_state, to_state, reason, user_id, date)
            SELECT id, state, %(target)s, %(reason)s, %(uid)s, %(now)s FROM moved
         RETURNING %(subject)s
            """,
            table=SQL.identifier(table),
            ids=list(ids),
            sources=list(sources),
            assignments=SQL(", ").join([SQL("state = %s", target), *assignments]),
            subject=subject,
            target=target,
            reason=reason,
            uid=uid,
            now=SQL_NOW,
        )
    )
    return [row[0] for row in cr.fetchall()]
