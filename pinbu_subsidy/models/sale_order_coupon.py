"""The discount lines of a group-buying order: one for each coupon, ticket or use of points."""

from odoo import Command, fields, models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    pinbu_coupon_use_ids = fields.One2many(
        "pinbu.coupon.use", "order_id", string="Coupons Used", readonly=True
    )

    # === BUSINESS METHODS === #

    def _pinbu_uses(self):
        """:return: what coupons have paid of these orders and was not given back"""
        return self.sudo().pinbu_coupon_use_ids.filtered(lambda use: use.state != "returned")

    def _pinbu_taken(self):
        """:return: ``{card: points}`` that this order, if any, has taken"""
        return {use.card_id: use.points for use in self._pinbu_uses()}

    def _pinbu_take_coupons(self, offers):
        """Have just these coupons pay their part of an unpaid order without discount lines. What
        was taken before and is the same stays taken.

        :param list offers: as `pinbu.seat._offers` returns them
        :raise PinbuError: ``not_allowed_now`` when another order was faster
        """
        self.ensure_one()
        uses = {(use.card_id, use.points): use for use in self._pinbu_uses()}
        wanted = {(card, points): amount for card, points, amount in offers}
        stale = [use for key, use in uses.items() if key not in wanted]
        self.env["pinbu.coupon.use"].union(*stale)._give_back()
        new = [offer for offer in offers if offer[:2] not in uses]
        self.env["pinbu.coupon.use"].sudo()._take(self, new)
        self.invalidate_recordset(["pinbu_coupon_use_ids"])
        for use in self._pinbu_uses():
            use.amount = wanted[use.card_id, use.points]
        self.order_line = [
            Command.create(self._prepare_discount_line(use))
            for use in self._pinbu_uses().sorted("id")
        ]

    def _prepare_discount_line(self, use):
        """Odoo's way for a fixed discount, under the goods' own taxes."""
        goods = self.order_line.filtered(lambda line: line._pinbu_is_goods())
        wizard = self.env["sale.order.discount"].sudo().new({"sale_order_id": self.id})
        program = use.program_id.with_context(lang=self.partner_id.lang)
        return {
            "product_id": wizard._get_discount_product().id,
            "name": program.name,
            "product_uom_qty": 1,
            "price_unit": -use.amount,
            "discount": 0.0,
            "tax_ids": [Command.set(goods.tax_ids.ids)],
            "sequence": 999,
            "pinbu_coupon_use_id": use.id,
        }

    def _pinbu_refund_surplus(self):
        result = super()._pinbu_refund_surplus()
        gone = self.filtered(lambda order: not order.seat_ids._keeps_payment())
        gone._pinbu_uses()._give_back()
        return result

    def _to_api_means(self):
        paid = super()._to_api_means()
        lines = self.order_line.filtered("pinbu_coupon_use_id")
        return {**paid, "discount_amount": -self._api_minor(sum(lines.mapped("price_total")))}


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    pinbu_coupon_use_id = fields.Many2one(
        "pinbu.coupon.use",
        string="Coupon Use",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        help="The coupon, ticket or points that this discount comes from.",
    )

    def _pinbu_is_goods(self):
        return super()._pinbu_is_goods() and not self.pinbu_coupon_use_id
