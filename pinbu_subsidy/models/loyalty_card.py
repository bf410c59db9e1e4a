from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.exceptions import PinbuError
from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..money import to_minor

# What a shopper was given with a voucher. It is worth no points, so that no checkout takes it.
VOUCHER_FIELDS = {"active", "code", "expiration_date", "partner_id", "points", "program_id"}


class LoyaltyCard(models.Model):
    """A wallet is an eWallet card whose every change of points is a row of an append-only ledger.

    Pinbu changes a balance through `_pinbu_post` only. What Odoo itself does to `points` (an
    ordinary order that spends, a clerk's correction) passes through `create` and `write`, which
    put it into the ledger as well. A constraint trigger compares card and ledger at commit.
    """

    _inherit = "loyalty.card"

    pinbu_is_wallet = fields.Boolean(
        related="program_id.pinbu_is_wallet", store=True, precompute=True, string="Subsidy Wallet"
    )
    pinbu_is_voucher = fields.Boolean(
        related="program_id.pinbu_is_voucher",
        store=True,
        precompute=True,
        string="Voucher for a Service",
    )
    pinbu_balance = fields.Monetary(compute="_compute_pinbu_balance", string="Balance")
    pinbu_entry_ids = fields.One2many("pinbu.wallet.entry", "card_id", string="Ledger")

    _pinbu_wallet_unique = models.UniqueIndex(
        "(program_id, partner_id) WHERE active AND pinbu_is_wallet",
        "This shopper has a wallet already.",
    )

    # === COMPUTE METHODS === #

    @api.depends("points")
    def _compute_pinbu_balance(self):
        for card in self:
            card.pinbu_balance = card.points

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        cards = super().create([self._pinbu_round(vals) for vals in vals_list])
        for card in cards.filtered(lambda card: card.pinbu_is_wallet and card.points):
            card._pinbu_record_native(0)
        return cards

    def write(self, vals):
        if VOUCHER_FIELDS & vals.keys() and self.filtered("pinbu_is_voucher"):
            raise UserError(self.env._("A voucher stays as the shopper has won it."))
        wallets = self.filtered("pinbu_is_wallet")
        if not wallets or not {"points", "partner_id", "program_id", "active"} & vals.keys():
            return super().write(vals)
        wallets._pinbu_check_write(vals)
        if "points" not in vals:
            return super().write(vals)
        super(LoyaltyCard, self - wallets).write(vals)
        for card in wallets.sorted("id"):
            before = card._pinbu_lock()
            super(LoyaltyCard, card).write(card._pinbu_round(vals))
            card._pinbu_record_native(before)
        return True

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_ledger(self):
        if self.sudo().filtered("pinbu_is_wallet").pinbu_entry_ids:
            raise UserError(self.env._("A wallet with a ledger cannot be deleted."))

    # === BUSINESS METHODS === #

    def _pinbu_check_write(self, vals):
        """:raise UserError: when the change would take a balance away from its shopper"""
        for card in self:
            points = vals.get("points", card.points)
            if "active" in vals and not vals["active"] and points:
                raise UserError(self.env._("There is money in this wallet: it cannot be archived."))
            if "program_id" in vals and vals["program_id"] != card.program_id.id:
                raise UserError(self.env._("A wallet cannot move to another program."))
            if (
                "partner_id" in vals
                and card.partner_id
                and vals["partner_id"] != card.partner_id.id
                and not self.env.context.get("pinbu_partner_merge")
            ):
                raise UserError(self.env._("A wallet cannot be given to another shopper."))

    def _pinbu_lock(self):
        """Lock this card's row until the end of the transaction.

        :return: its balance in minor units
        :rtype: int
        """
        self.ensure_one()
        self.flush_recordset(["points"])
        self.env.cr.execute(
            SQL("SELECT points FROM loyalty_card WHERE id = %s FOR NO KEY UPDATE", self.id)
        )
        return to_minor(self.env.cr.fetchone()[0] or 0, self.program_id.currency_id)

    def _pinbu_round(self, vals):
        """:return: `vals` with the points of a wallet rounded to its currency"""
        program = self.program_id or self.env["loyalty.program"].browse(
            vals.get("program_id") or self.env.context.get("active_id")
        )
        if not vals.get("points") or not program.sudo().pinbu_is_wallet:
            return vals
        return {**vals, "points": program.sudo().currency_id.round(vals["points"])}

    def _pinbu_record_native(self, before):
        """Put a change that Odoo made to `points` into the ledger.

        :param int before: balance in minor units, read under the row's lock
        """
        self.ensure_one()
        after = to_minor(self.points, self.program_id.currency_id)
        if after < 0:
            raise ValidationError(self.env._("A wallet cannot go below zero."))
        if after != before:
            key = self._pinbu_native_key(after - before)
            self.flush_recordset(["points"])
            self.env["pinbu.wallet.entry"]._append(
                self.env.cr,
                [
                    {
                        "card_id": self.id,
                        "company_id": self.program_id.company_id.id,
                        "kind": "native",
                        "amount_minor": after - before,
                        "balance_after_minor": after,
                        "idempotency_key": f"{key}{uuid4().hex}",
                    }
                ],
            )
            self.invalidate_recordset(["pinbu_entry_ids"], flush=False)

    @api.model
    def _pinbu_post(self, moves, cr=None):
        """Credit and debit wallets: the only door to a balance for everything in Pinbu.

        Each card's row is locked, so that simultaneous postings wait for each other and none is
        lost. Posting the same idempotency key again changes nothing.

        :param list[dict] moves: ``card_id``, ``kind``, ``amount_minor`` (an integer; below zero
            takes money out), ``reference`` (for the shopper), ``idempotency_key``
        :param cr: the cursor to work on, if not the environment's own (SQL only; the caller then
            sees to the cache)
        :return: ids of the ledger rows, in the order of `moves`
        :rtype: list[int]
        :raise PinbuError: ``insufficient_balance`` when a debit exceeds the balance
        """
        own = cr is None
        if own:
            cr = self.env.cr
            self.flush_model(["points"])
        entry_ids = self._pinbu_post_all(cr, moves) if moves else {}
        if own:
            self.browse({move["card_id"] for move in moves}).invalidate_recordset(
                ["points", "pinbu_balance", "pinbu_entry_ids"], flush=False
            )
        return [entry_ids[move["idempotency_key"]] for move in moves]

    def _pinbu_post_all(self, cr, moves):
        """A few statements for all of them: a thousand failed teams are granted in one go.

        :return: ``{idempotency key: id of its ledger row}``
        """
        # Always in the same order: two batches with the same shoppers must not deadlock.
        cr.execute(
            SQL(
                """
                SELECT card.id, program.company_id, 10 ^ currency.decimal_places,
                       round(COALESCE(card.points, 0) * 10 ^ currency.decimal_places)
                  FROM loyalty_card card
                  JOIN loyalty_program program ON program.id = card.program_id
                  JOIN res_currency currency ON currency.id = program.currency_id
                 WHERE card.id = ANY(%s) AND card.pinbu_is_wallet
              ORDER BY card.id FOR NO KEY UPDATE OF card
                """,
                list({move["card_id"] for move in moves}),
            )
        )
        locked = cr.fetchall()
        cards = {card_id: (company_id, factor) for card_id, company_id, factor, _b in locked}
        balances = {card_id: int(balance) for card_id, _company, _factor, balance in locked}
        # Read after the lock: whoever posted one of these keys before us held it.
        cr.execute(
            SQL(
                "SELECT idempotency_key, id FROM pinbu_wallet_entry WHERE idempotency_key = ANY(%s)",
                [move["idempotency_key"] for move in moves],
            )
        )
        posted = dict(cr.fetchall())
        entries = {}
        for move in moves:
            card_id, key = move["card_id"], move["idempotency_key"]
            if key in posted or key in entries:
                continue
            balances[card_id] += move["amount_minor"]
            if balances[card_id] < 0:
                raise PinbuError(
                    "insufficient_balance", self.env._("There is not enough money in the wallet.")
                )
            entries[key] = {
                "card_id": card_id,
                "company_id": cards[card_id][0],
                "kind": move["kind"],
                "amount_minor": move["amount_minor"],
                "balance_after_minor": balances[card_id],
                "reference": move.get("reference"),
                "idempotency_key": key,
            }
        if not entries:
            return posted
        changed = sorted({entry["card_id"] for entry in entries.values()})
        cr.execute(
            SQL(
                """
                UPDATE loyalty_card card
                   SET points = changed.balance / changed.factor,
                       write_date = %(now)s, write_uid = %(uid)s
                  FROM unnest(%(ids)s::int[], %(balances)s::float8[], %(factors)s::float8[])
                       AS changed (id, balance, factor)
                 WHERE card.id = changed.id
                """,
                ids=changed,
                balances=[balances[card_id] for card_id in changed],
                factors=[cards[card_id][1] for card_id in changed],
                now=SQL_NOW,
                uid=self.env.uid,
            )
        )
        return posted | self.env["pinbu.wallet.entry"]._append(cr, list(entries.values()))
