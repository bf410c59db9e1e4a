from odoo import models
from odoo.tools import SQL

from ..money import from_minor


class PinbuSubsidy(models.Model):
    """Taking back what somebody turned out not to have earned: a friend returned the goods."""

    _inherit = "pinbu.subsidy"

    # === BUSINESS METHODS === #

    def _take_back(self, note):
        """Void these, and take back as much of what was granted as is still there.

        What the shopper has used, spent or withdrawn by then is theirs. Safe to call twice.

        :param str note: why
        :return: those that were not void before
        :rtype: pinbu.subsidy
        """
        self.env.cr.execute(
            SQL(
                "SELECT id FROM pinbu_subsidy WHERE id = ANY(%s) AND state = 'granted'"
                " ORDER BY id FOR NO KEY UPDATE",
                self.ids,
            )
        )
        granted = self.browse(row[0] for row in self.env.cr.fetchall()).sudo()
        granted.invalidate_recordset(flush=False)
        # Always in the same order: two that take back from the same shoppers must not deadlock.
        for subsidy in granted.sorted(lambda s: (s.entry_id.card_id.id, s.card_id.id, s.id)):
            getattr(subsidy, f"_take_back_{subsidy.type}")(note)
        taken = self._move(("due", "blocked", "granted"), "void", note)
        taken.sudo().team_id._check_settled_again()
        return taken

    def _take_back_cash(self, note):
        wallet = self.entry_id.card_id
        amount_minor = min(self.amount_minor, wallet._pinbu_lock())
        if amount_minor > 0:
            wallet._pinbu_post(
                [
                    {
                        "card_id": wallet.id,
                        "kind": "take_back",
                        "amount_minor": -amount_minor,
                        "reference": note,
                        "idempotency_key": f"take_back:{self.id}",
                    }
                ]
            )
            self.taken_back = from_minor(amount_minor, self.currency_id)

    def _take_back_points(self, note):
        card = self.card_id
        card._pinbu_lock()
        card.invalidate_recordset(["points"], flush=False)
        points = min(self.points, card.points)
        if points > 0:
            card.with_context(loyalty_no_mail=True).points -= points
            self.env["loyalty.history"].sudo().create(
                {
                    "card_id": card.id,
                    "description": note,
                    "used": points,
                    "order_model": self._name,
                    "order_id": self.id,
                }
            )

    def _take_back_coupon(self, note):
        card = self.card_id
        card._pinbu_lock()
        card.invalidate_recordset(["points"], flush=False)
        if card.points > 0:
            # An order that counts on it cannot be confirmed any more.
            card.with_context(loyalty_no_mail=True).points = 0
        # A team that fails gives it back to a card that cannot be used any more.
        card.active = False

    def _take_back_ticket(self, note):
        self._take_back_coupon(note)

    def _take_back_gift(self, note):
        order = self.gift_order_id
        if order.delivery_status not in ("started", "partial", "full"):
            order._action_cancel()
