from odoo import api, fields, models
from odoo.tools import SQL, format_datetime

from ..transactions import SQL_NOW

# Followed by the new deadline, in UTC.
DEADLINE_MOVED = "deadline moved to "


class PinbuTransition(models.Model):
    """Every change of state of every team and seat: who, when, from, to, why.

    Append-only: the database itself refuses to change or delete a row. Another module may log its
    own model here, in a column named after the model's table.
    """

    _name = "pinbu.transition"
    _description = "Group-buying State Change"
    _order = "id desc"
    _log_access = False

    # `restrict`: setting a reference to nothing would change a row.
    team_id = fields.Many2one(
        "pinbu.team", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    seat_id = fields.Many2one(
        "pinbu.seat", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    from_state = fields.Char(readonly=True)
    to_state = fields.Char(readonly=True, required=True)
    reason = fields.Char(readonly=True)
    note = fields.Char(readonly=True, help="Why somebody did it by hand, in their words.")
    user_id = fields.Many2one("res.users", string="By", readonly=True, ondelete="restrict")
    date = fields.Datetime(readonly=True, required=True)
    description = fields.Char(compute="_compute_description")

    # === COMPUTE METHODS === #

    @api.depends("to_state", "reason", "note")
    def _compute_description(self):
        """What happened, in the back office's language; the row itself keeps the codes."""
        reasons = self._reason_labels()
        for row in self:
            if (row.reason or "").startswith(DEADLINE_MOVED):
                moved_to = fields.Datetime.to_datetime(row.reason.removeprefix(DEADLINE_MOVED))
                text = self.env._(
                    "The deadline was moved to %s", format_datetime(self.env, moved_to)
                )
            else:
                text = row._state_labels().get(row.to_state, row.to_state)
                if reason := reasons.get(row.reason, row.reason):
                    text = self.env._("%(state)s: %(reason)s", state=text, reason=reason)
            row.description = f"{text} – {row.note}" if row.note else text

    def _state_labels(self):
        """Hook: ``{state as stored: what a merchant reads}``, for what this row is about"""
        subject = self.env["pinbu.seat" if self.seat_id else "pinbu.team"]
        return dict(subject._fields["state"]._description_selection(self.env))

    @api.model
    def _reason_labels(self):
        """Hook: ``{reason as stored: what a merchant reads}``"""
        return {
            "another checkout": self.env._("another place was taken instead"),
            "cancelled by the merchant": self.env._("cancelled by the merchant"),
            "cancelled by the shopper": self.env._("cancelled by the shopper"),
            "checkout": self.env._("at checkout"),
            "checkout failed": self.env._("checkout did not finish"),
            "completed by the merchant": self.env._("the merchant took the missing places"),
            "deadline": self.env._("not full in time"),
            "deliveries done": self.env._("all deliveries are done"),
            "formed": self.env._("the team is formed"),
            "full": self.env._("all places are paid"),
            "hold lapsed": self.env._("not paid in time"),
            "left": self.env._("the member left"),
            "merchant": self.env._("stopped by the merchant"),
            "moved by the merchant": self.env._("moved here from another team"),
            "opened": self.env._("the team is open"),
            "paid late": self.env._("paid after the deadline"),
            "payment": self.env._("payment received"),
            "payment after the hold": self.env._("payment received after the hold"),
            "refund paid by hand": self.env._("the refund was paid by hand"),
            "refunded in part": self.env._("a part was refunded by hand"),
            "rerouted": self.env._("paid too late for its team, and placed in this one"),
            "stock": self.env._("out of stock"),
            "everything final": self.env._("every refund and subsidy is final"),
            "taken off by hand": self.env._("cancelled before shipment, and refunded"),
            "team failed": self.env._("the team has failed"),
            "tried again": self.env._("tried again by hand"),
        }

    # === CONSTRAINT METHODS === #

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


def _subject(table):
    """:return: the log's column for what stands in `table`: ``team_id`` for ``pinbu_team``"""
    return SQL.identifier(f"{table.removeprefix('pinbu_')}_id")


def move_state(cr, uid, table, ids, sources, target, reason, assignments=(), note=None):
    """Take those rows of `table` that are in one of `sources` to `target`, and log each.

    The only way a team, a seat or whatever else is logged here changes its state. Safe to call twice: the second time no row is
    in a source state any more.

    :param str table: ``pinbu_team``, ``pinbu_seat`` or that of a model that is logged here as well
    :param Iterable[SQL] assignments: further columns to set, as ``column = value``
    :param str note: what a person who does it by hand gives as the reason
    :return: the ids that moved
    :rtype: list[int]
    """
    if not ids:
        return []
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
            INSERT INTO pinbu_transition
                   (%(subject)s, from_state, to_state, reason, note, user_id, date)
            SELECT id, state, %(target)s, %(reason)s, %(note)s, %(uid)s, %(now)s FROM moved
         RETURNING %(subject)s
            """,
            table=SQL.identifier(table),
            ids=list(ids),
            sources=list(sources),
            assignments=SQL(", ").join([SQL("state = %s", target), *assignments]),
            subject=_subject(table),
            target=target,
            reason=reason,
            note=note,
            uid=uid,
            now=SQL_NOW,
        )
    )
    return [row[0] for row in cr.fetchall()]


def log_start(cr, uid, table, record_id, state, reason):
    """Log that a team or a seat came into being in `state`; the arguments are `move_state`'s."""
    cr.execute(
        SQL(
            "INSERT INTO pinbu_transition (%s, to_state, reason, user_id, date)"
            " VALUES (%s, %s, %s, %s, %s)",
            _subject(table),
            record_id,
            state,
            reason,
            uid,
            SQL_NOW,
        )
    )


def log_note(cr, uid, table, record_id, reason, note):
    """Log what somebody did to a team or a seat by hand without changing its state.

    :param str note: why, in their words; None when no reason was asked for
    """
    cr.execute(
        SQL(
            """
            INSERT INTO pinbu_transition
                   (%s, from_state, to_state, reason, note, user_id, date)
            SELECT id, state, state, %s, %s, %s, %s FROM %s WHERE id = %s
            """,
            _subject(table),
            reason,
            note,
            uid,
            SQL_NOW,
            SQL.identifier(table),
            record_id,
        )
    )
