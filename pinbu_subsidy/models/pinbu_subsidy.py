import logging

import psycopg2
import psycopg2.extensions

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..money import from_minor

_logger = logging.getLogger(__name__)

GRANT_BATCH = 200
# Another transaction moved one of the rows: with a fresh snapshot the batch goes through.
_TRY_AGAIN = (
    psycopg2.errors.SerializationFailure,
    psycopg2.errors.DeadlockDetected,
    psycopg2.errors.LockNotAvailable,
    psycopg2.errors.UniqueViolation,
)
TRIES = 3


class PinbuSubsidy(models.Model):
    """What one seat of a failed team is owed under one promise: one row, paid once.

    The row is made when the team fails, under a unique key, and granted by a scheduler in
    transactions of its own: a refund never waits for a subsidy, nor a subsidy for a refund.
    """

    _name = "pinbu.subsidy"
    _description = "Subsidy"
    _order = "id desc"

    seat_id = fields.Many2one("pinbu.seat", required=True, readonly=True, ondelete="restrict")
    key = fields.Char(
        required=True, readonly=True, help="What is subsidised of this seat: rule:<id>."
    )
    rule_id = fields.Many2one("pinbu.subsidy.rule", readonly=True, ondelete="set null")
    partner_id = fields.Many2one(
        "res.partner",
        string="Shopper",
        required=True,
        readonly=True,
        index=True,
        ondelete="restrict",
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    activity_id = fields.Many2one(related="seat_id.activity_id", store=True, index=True)
    team_id = fields.Many2one(related="seat_id.team_id", store=True, index="btree_not_null")
    order_id = fields.Many2one(related="seat_id.order_id")
    type = fields.Selection([("cash", "Cash in the Wallet")], required=True, readonly=True)
    amount_minor = fields.Integer(
        string="Amount (minor units)", required=True, readonly=True, help="1990 is 19.90."
    )
    amount = fields.Monetary(compute="_compute_amount", store=True)
    reason = fields.Selection(
        [("team_failed", "Team not full")], required=True, readonly=True, string="For"
    )
    state = fields.Selection(
        [("due", "Due"), ("granted", "Granted"), ("void", "Void"), ("blocked", "Blocked")],
        required=True,
        readonly=True,
        default="due",
    )
    note = fields.Char(readonly=True, help="Why it was voided or blocked.")
    due_at = fields.Datetime(string="Due", required=True, readonly=True)
    granted_at = fields.Datetime(string="Granted on", readonly=True)
    entry_id = fields.Many2one(
        "pinbu.wallet.entry", string="Ledger Entry", readonly=True, ondelete="restrict"
    )

    _once = models.Constraint("UNIQUE(seat_id, key)", "A seat is subsidised once for each promise.")
    _amount_positive = models.Constraint("CHECK(amount_minor > 0)", "A subsidy must be above zero.")
    _granted = models.Constraint(
        "CHECK((state = 'granted') = (granted_at IS NOT NULL))",
        "A granted subsidy has a date.",
    )
    _due = models.Index("(id) WHERE state = 'due'")

    # === COMPUTE METHODS === #

    @api.depends("amount_minor", "currency_id")
    def _compute_amount(self):
        for subsidy in self:
            subsidy.amount = from_minor(subsidy.amount_minor, subsidy.currency_id)

    @api.depends("order_id", "amount")
    def _compute_display_name(self):
        for subsidy in self:
            subsidy.display_name = (
                f"{subsidy.order_id.name}: {subsidy.currency_id.format(subsidy.amount)}"
            )

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A subsidy is owed to a shopper: void it instead."))

    # === ACTION METHODS === #

    def action_block(self):
        """Hold back what is not paid yet, until somebody decides."""
        self._check_manager()
        self._move(("due",), "blocked")

    def action_release(self):
        """Pay what was held back."""
        self._check_manager()
        self._move(("blocked",), "due")
        self.env.ref("pinbu_subsidy.ir_cron_grant").sudo()._trigger()

    # === BUSINESS METHODS === #

    def _check_manager(self):
        """:raise AccessError: nobody writes subsidies; a manager may hold them back"""
        self.check_access("read")
        if not self.env.su and not self.env.user.has_group("pinbu_groupbuy.group_manager"):
            raise AccessError(self.env._("Only a group-buying manager may hold back subsidies."))

    def _move(self, sources, target, note=None):
        """Take those in one of the states `sources` to `target`; safe to call twice.

        :return: those that moved
        :rtype: pinbu.subsidy
        """
        self.flush_recordset(["state", "note"])
        self.env.cr.execute(
            SQL(
                """
                UPDATE pinbu_subsidy SET state = %s, note = %s, write_uid = %s, write_date = %s
                 WHERE id = ANY(%s) AND state = ANY(%s) RETURNING id
                """,
                target,
                note,
                self.env.uid,
                SQL_NOW,
                self.ids,
                list(sources),
            )
        )
        moved = self.browse(row[0] for row in self.env.cr.fetchall())
        self.invalidate_recordset(["state", "note"], flush=False)
        return moved

    @api.model
    def _owed(self, teams):
        """What the members of failed teams were promised and are due.

        Only seats in state `lost` count: money that came twice or for a full team never made a
        seat `lost`, and money that came late earns nothing in the team it was taken into.

        :return: ``{(seat id, key): values of the row}``
        :rtype: dict
        """
        owed = {}
        for team in teams:
            lost = team.seat_ids.filtered(lambda seat: seat.state == "lost")
            members = len(lost.partner_id)
            for seat in lost:
                if seat.is_rerouted:
                    continue
                promise = seat.order_id.pinbu_promise or {}
                for item in promise.get("items") or []:
                    if (
                        item["type"] != "cash"
                        or item["amount"] <= 0
                        or members < item["min_paid_members"]
                    ):
                        continue
                    key = f"rule:{item['rule_id']}"
                    owed[seat.id, key] = {
                        "seat_id": seat.id,
                        "key": key,
                        "rule_id": item["rule_id"],
                        "partner_id": seat.partner_id.id,
                        "company_id": seat.company_id.id,
                        "activity_id": seat.activity_id.id,
                        "team_id": team.id,
                        "type": item["type"],
                        "amount_minor": item["amount"],
                        "amount": from_minor(item["amount"], seat.company_id.currency_id),
                        "reason": "team_failed",
                        "state": "due",
                    }
        rules = self.env["pinbu.subsidy.rule"].browse({row["rule_id"] for row in owed.values()})
        there = set(rules.exists().ids)
        for row in owed.values():
            if row["rule_id"] not in there:
                row["rule_id"] = None
        return owed

    @api.model
    def _create_owed(self, teams):
        """Write down what failed teams are owed. Rows that are there already stay as they are.

        :return: the new rows
        :rtype: pinbu.subsidy
        """
        owed = self._owed(teams)
        if not owed:
            return self.browse()
        common = {
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
            "create_date": SQL_NOW,
            "write_date": SQL_NOW,
            "due_at": SQL_NOW,
        }
        rows = [row | common for _key, row in sorted(owed.items())]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "INSERT INTO pinbu_subsidy (%s) VALUES %s"
                " ON CONFLICT (seat_id, key) DO NOTHING RETURNING id",
                SQL(", ").join(map(SQL.identifier, rows[0])),
                SQL(", ").join(
                    SQL("(%s)", SQL(", ").join(SQL("%s", value) for value in row.values()))
                    for row in rows
                ),
            )
        )
        new = self.browse(row[0] for row in self.env.cr.fetchall())
        self.invalidate_model(flush=False)
        teams.invalidate_recordset(["subsidy_ids"], flush=False)
        return new

    @api.model
    def _grant_batch(self, after=0, limit=GRANT_BATCH, ids=None):
        """Pay the next due subsidies into their wallets, in the current transaction.

        Rows that another transaction works on are left to it. Safe to repeat after a rollback,
        and after a commit: a row is paid while its state goes from due to granted.

        :param int after: only ids above this one
        :param list[int] ids: only these
        :return: the ids that were granted, in rising order
        :rtype: list[int]
        """
        self.env.flush_all()
        conditions = [SQL("state = 'due'"), SQL("due_at <= %s", SQL_NOW), SQL("id > %s", after)]
        if ids is not None:
            conditions.append(SQL("id = ANY(%s)", list(ids)))
        self.env.cr.execute(
            SQL(
                "SELECT id FROM pinbu_subsidy WHERE %s ORDER BY id LIMIT %s"
                " FOR NO KEY UPDATE SKIP LOCKED",
                SQL(" AND ").join(conditions),
                limit,
            )
        )
        subsidies = self.browse(row[0] for row in self.env.cr.fetchall()).sudo()
        if not subsidies:
            return []
        subsidies.invalidate_recordset(flush=False)
        for company, owed in subsidies.grouped("company_id").items():
            wallets = company._pinbu_wallets(owed.partner_id, create=True)
            entry_ids = self.env["loyalty.card"]._pinbu_post(
                [
                    {
                        "card_id": wallets[subsidy.partner_id.id].id,
                        "kind": "subsidy",
                        "amount_minor": subsidy.amount_minor,
                        "reference": subsidy.order_id.name,
                        "idempotency_key": f"subsidy:{subsidy.id}",
                    }
                    for subsidy in owed
                ]
            )
            for subsidy, entry_id in zip(owed, entry_ids, strict=True):
                self.env.cr.execute(
                    SQL(
                        """
                        UPDATE pinbu_subsidy
                           SET state = 'granted', granted_at = %(now)s, entry_id = %(entry)s,
                               write_date = %(now)s, write_uid = %(uid)s
                         WHERE id = %(id)s AND state = 'due'
                        """,
                        now=SQL_NOW,
                        entry=entry_id,
                        uid=self.env.uid,
                        id=subsidy.id,
                    )
                )
        subsidies.invalidate_recordset(flush=False)
        return subsidies.ids

    @api.model
    def _cron_grant(self):
        """Grant everything that is due, a batch per transaction, until the time is up."""
        after = 0
        while ids := self._next_due(after):
            # What cannot be granted is passed over, so that one broken row does not hold up the
            # others; the next run looks at it again.
            after = ids[-1]
            if not self._grant_and_commit(ids):
                for subsidy_id in ids:
                    self._grant_and_commit([subsidy_id])
            if not self.env["ir.cron"]._commit_progress():
                self.env.ref("pinbu_subsidy.ir_cron_grant")._trigger()
                self.env["ir.cron"]._commit_progress()
                return

    def _next_due(self, after):
        """:return: ids of the next batch above `after`, and a fresh snapshot to grant it on"""
        self.env.cr.execute(
            SQL(
                "SELECT id FROM pinbu_subsidy"
                " WHERE state = 'due' AND due_at <= %s AND id > %s ORDER BY id LIMIT %s",
                SQL_NOW,
                after,
                GRANT_BATCH,
            )
        )
        ids = [row[0] for row in self.env.cr.fetchall()]
        self.env.cr.rollback()
        return ids

    def _grant_and_commit(self, ids):
        """Grant these in a transaction of their own.

        :return: whether it went through; if not, nothing was granted
        """
        for _attempt in range(TRIES):
            try:
                granted = self._grant_batch(ids=ids)
                self.browse(granted).sudo().team_id._check_settled_again()
                self.env["ir.cron"]._commit_progress(len(granted))
            except _TRY_AGAIN:
                self.env.cr.rollback()
            except Exception:
                self.env.cr.rollback()
                _logger.exception("Could not grant the subsidies %s", ids)
                return False
            else:
                return True
        _logger.info("The subsidies %s are busy: the next run grants them", ids)
        return False
