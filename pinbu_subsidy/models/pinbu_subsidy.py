import json
import secrets

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..money import from_minor


class PinbuSubsidy(models.Model):
    """What one shopper is owed under one promise, invite, task or prize: one row, granted once.

    A row is made by `_owe`, under a unique key, and granted by a scheduler in transactions of its
    own: a refund never waits for a subsidy, nor a subsidy for a refund.
    """

    _name = "pinbu.subsidy"
    _description = "Subsidy"
    _order = "id desc"

    seat_id = fields.Many2one(
        "pinbu.seat",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The seat whose loss it makes up for; none for invites, tasks and prizes.",
    )
    key = fields.Char(
        required=True,
        readonly=True,
        help="What is subsidised of this seat, or else of this shopper: rule:<id>, …",
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
    activity_id = fields.Many2one(
        "pinbu.activity", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    team_id = fields.Many2one(
        "pinbu.team", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    order_id = fields.Many2one(related="seat_id.order_id")
    type = fields.Selection(
        [
            ("cash", "Cash in the Wallet"),
            ("coupon", "Coupon"),
            ("points", "Loyalty Points"),
            ("ticket", "Ticket for the Next Team"),
            ("gift", "Gift"),
        ],
        required=True,
        readonly=True,
    )
    amount_minor = fields.Integer(
        string="Amount (minor units)", readonly=True, help="Of cash. 1990 is 19.90."
    )
    amount = fields.Monetary(compute="_compute_amount", store=True)
    taken_back = fields.Monetary(
        compute="_compute_taken_back",
        store=True,
        help="How much of the cash was taken back. What had been spent by then stays the shopper's.",
    )
    worth = fields.Char(compute="_compute_worth", help="What it is: an amount, a coupon, …")
    draw = fields.Json(
        readonly=True,
        help="The published range that the amount was drawn from once, in minor units: the least, "
        "the most and the step.",
    )
    points = fields.Integer(readonly=True, help="How many loyalty points.")
    program_id = fields.Many2one(
        "loyalty.program",
        readonly=True,
        ondelete="restrict",
        help="What the coupon, the ticket or the points are of.",
    )
    product_id = fields.Many2one(
        "product.product", string="Gift", readonly=True, ondelete="restrict"
    )
    valid_days = fields.Integer(
        readonly=True, help="How long what was granted can be used; 0: without end."
    )
    withdraw_after_wins = fields.Integer(
        readonly=True,
        default=0,
        help="After how many delivered wins the shopper may withdraw this money. Until then it can "
        "only be spent.",
    )
    reason = fields.Selection(
        [
            ("team_failed", "Team not full"),
            ("invite", "Invite"),
            ("task", "Task"),
            ("prize", "Prize"),
        ],
        required=True,
        readonly=True,
        string="For",
    )
    state = fields.Selection(
        [("due", "Due"), ("granted", "Granted"), ("void", "Void"), ("blocked", "Blocked")],
        required=True,
        readonly=True,
        default="due",
    )
    note = fields.Char(
        readonly=True,
        groups="base.group_user",
        help="Why it was held back, voided or taken back. The shopper does not read this.",
    )
    due_at = fields.Datetime(string="Due at", required=True, readonly=True)
    granted_at = fields.Datetime(string="Granted on", readonly=True)
    entry_id = fields.Many2one(
        "pinbu.wallet.entry", string="Ledger Entry", readonly=True, ondelete="restrict"
    )
    card_id = fields.Many2one(
        "loyalty.card",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The coupon or ticket that was made, or the card that holds the points.",
    )
    gift_order_id = fields.Many2one(
        "sale.order",
        readonly=True,
        index="btree_not_null",
        ondelete="restrict",
        help="The order by which the gift is shipped, at a price of zero.",
    )

    _once = models.Constraint("UNIQUE(seat_id, key)", "A seat is subsidised once for each promise.")
    _once_without_seat = models.UniqueIndex(
        "(partner_id, company_id, key) WHERE seat_id IS NULL",
        "A shopper is rewarded once for each reason.",
    )
    _worth_something = models.Constraint(
        """CHECK(CASE type WHEN 'cash' THEN amount_minor > 0
                           WHEN 'points' THEN points > 0 AND program_id IS NOT NULL
                           WHEN 'gift' THEN product_id IS NOT NULL
                           ELSE program_id IS NOT NULL END)""",
        "A subsidy must be worth something.",
    )
    # One that was taken back keeps the date on which it was granted.
    _granted = models.Constraint(
        "CHECK(state = 'void' OR (state = 'granted') = (granted_at IS NOT NULL))",
        "A granted subsidy has a date.",
    )
    _due = models.Index("(id) WHERE state = 'due'")
    _blocked = models.Index("(company_id) WHERE state = 'blocked'")
    # In the order of time, so that a few pages say where a day of the figures is.
    _granted_brin = models.Index("USING brin (granted_at)")

    # === COMPUTE METHODS === #

    @api.depends("amount_minor", "currency_id")
    def _compute_amount(self):
        for subsidy in self:
            subsidy.amount = from_minor(subsidy.amount_minor, subsidy.currency_id)

    def _compute_taken_back(self):
        # Only for what was taken back before there was this column: `_take_back` says it.
        entries = self.env["pinbu.wallet.entry"].sudo()
        keys = {f"take_back:{subsidy.id}": subsidy for subsidy in self if subsidy.state == "void"}
        self.taken_back = 0
        for entry in entries.search([("idempotency_key", "in", list(keys))]):
            keys[entry.idempotency_key].taken_back = -entry.amount

    @api.depends("type", "amount", "points", "program_id", "product_id")
    @api.depends_context("lang")
    def _compute_worth(self):
        for subsidy, readable in zip(self, self.sudo(), strict=True):
            program = readable.program_id.name
            if subsidy.type == "cash":
                subsidy.worth = readable.currency_id.format(subsidy.amount)
            elif subsidy.type == "gift":
                subsidy.worth = readable.product_id.display_name
            else:
                points = subsidy.type == "points"
                subsidy.worth = f"{subsidy.points} {program}" if points else program

    @api.depends("order_id", "partner_id", "worth")
    def _compute_display_name(self):
        for subsidy in self:
            # Risk officers read subsidies, and no orders.
            origin = subsidy.sudo().order_id.name or subsidy.partner_id.display_name
            subsidy.display_name = f"{origin}: {subsidy.worth}"

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A subsidy is owed to a shopper: void it instead."))

    # === BUSINESS METHODS === #

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
    def _owe(self, rows):
        """Write down what shoppers are owed, and have it granted when it is due.

        Rows that are there already stay as they are, drawn amounts too.

        :param list[dict] rows: ``partner_id``, ``company_id``, ``type``, ``reason`` and ``key``
            (unique for the seat, or without one for shopper and company); where there are such:
            ``seat_id``, ``team_id``, ``activity_id``, ``rule_id``; of cash ``amount_minor``, or
            ``draw`` (``{min, max, step}`` in minor units) to have it drawn now, and
            ``withdraw_after_wins``; ``points``; ``program_id`` of coupons, tickets and points;
            ``product_id`` of a gift; ``delay_minutes``, ``valid_days``, ``note``
        :return: the new rows
        :rtype: pinbu.subsidy
        """
        if not rows:
            return self.browse()
        rows = [self._prepare_row(row) for row in rows]
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "INSERT INTO pinbu_subsidy (%s) VALUES %s"
                " ON CONFLICT DO NOTHING RETURNING id, due_at",
                SQL(", ").join(map(SQL.identifier, rows[0])),
                SQL(", ").join(
                    SQL("(%s)", SQL(", ").join(SQL("%s", value) for value in row.values()))
                    for row in rows
                ),
            )
        )
        written = self.env.cr.fetchall()
        self.invalidate_model(flush=False)
        if written:
            self.env.ref("pinbu_subsidy.ir_cron_grant").sudo()._trigger(
                at=min(due_at for _id, due_at in written)
            )
        return self.browse(row[0] for row in written)

    def _prepare_row(self, row):
        """:return: the columns of a row of `_owe`, the same and in the same order for each row"""
        draw = row.get("draw")
        amount_minor = self._draw(draw) if draw else row.get("amount_minor")
        currency = self.env["res.company"].browse(row["company_id"]).currency_id
        return {
            "seat_id": row.get("seat_id"),
            "key": row["key"],
            "rule_id": row.get("rule_id"),
            "partner_id": row["partner_id"],
            "company_id": row["company_id"],
            "activity_id": row.get("activity_id"),
            "team_id": row.get("team_id"),
            "type": row["type"],
            "amount_minor": amount_minor,
            "amount": amount_minor and from_minor(amount_minor, currency),
            "draw": json.dumps(draw) if draw else None,
            "points": row.get("points"),
            "program_id": row.get("program_id"),
            "product_id": row.get("product_id"),
            "valid_days": row.get("valid_days"),
            "withdraw_after_wins": row.get("withdraw_after_wins") or 0,
            "reason": row["reason"],
            "note": row.get("note"),
            "state": "due",
            "due_at": SQL("%s + %s * interval '1 minute'", SQL_NOW, row.get("delay_minutes") or 0),
            "create_uid": self.env.uid,
            "write_uid": self.env.uid,
            "create_date": SQL_NOW,
            "write_date": SQL_NOW,
        }

    @api.model
    def _draw(self, draw):
        """:return: one of the amounts of a published range, each as likely as the others
        :rtype: int
        """
        steps = (draw["max"] - draw["min"]) // draw["step"]
        return draw["min"] + draw["step"] * secrets.randbelow(steps + 1)
