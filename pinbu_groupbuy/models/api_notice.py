"""How notices look in the API."""

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..api import render
from ..api.paging import search_page
from ..transactions import SQL_NOW


class PinbuNotice(models.Model):
    _inherit = "pinbu.notice"

    @api.model
    def _api_domain(self, partner):
        return Domain("partner_id", "=", partner.id) & Domain(
            "company_id", "=", self.env.company.id
        )

    @api.model
    def _api_list(self, partner, query):
        """:param schemas.NoticesQuery query: filter and page
        :return: (notices with sudo, newest first, next cursor)
        """
        domain = self._api_domain(partner)
        if query.unread:
            domain &= Domain("read_at", "=", False)
        newest = SQL("(-%s)", SQL.identifier("pinbu_notice", "id"))
        return search_page(self.sudo(), domain, f"notices.{query.unread}", [newest], query)

    @api.model
    def _api_read(self, partner, notice_ids):
        """The shopper has seen these. Those of others stay as they are, and nobody learns of them.

        :param list[int] notice_ids: any numbers
        """
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_notice SET read_at = %s"
                " WHERE id = ANY(%s) AND partner_id = %s AND read_at IS NULL",
                SQL_NOW,
                [number for number in notice_ids if 0 < number < 2**31],
                partner.id,
            )
        )
        self.invalidate_model(["read_at"], flush=False)

    def _to_api(self):
        """The contract's notice, for each. :rtype: list[dict]"""
        return [
            {
                "id": notice.id,
                "kind": notice.kind,
                "order_id": notice.order_id.id or None,
                "title": title,
                "text": text,
                "amount": render.to_minor(notice.amount, notice.currency_id)
                if notice.amount
                else None,
                "created_at": render.to_iso(notice.created_at),
            }
            for notice, (title, text) in zip(self, self._words(), strict=True)
        ]

    def _words(self):
        """:return: title and text of each, in the reader's language
        :rtype: list[tuple[str, str]]
        """
        return [getattr(notice, f"_words_{notice.kind}")() for notice in self]

    def _product_name(self):
        product = self.order_id.seat_ids.product_id
        return product.with_context(display_default_code=False).display_name or ""

    def _money(self):
        return self.currency_id.format(self.amount)

    def _words_won(self):
        return (
            self.env._("Your team is formed"),
            self.env._("%s is being prepared for you.", self._product_name()),
        )

    def _words_lost(self):
        return (
            self.env._("Your team is not formed"),
            self.env._(
                "What you paid for %(product)s goes back to you in full: %(amount)s.",
                product=self._product_name(),
                amount=self._money(),
            ),
        )

    def _words_shipped(self):
        return (
            self.env._("Your order is on its way"),
            self.env._("%s has left the warehouse.", self._product_name()),
        )

    def _words_refunded(self):
        return (
            self.env._("Your refund is done"),
            self.env._(
                "%(amount)s for %(product)s went back to where it came from.",
                product=self._product_name(),
                amount=self._money(),
            ),
        )

    def _words_return_accepted(self):
        answer = self.env["pinbu.return"].sudo().browse(self.res_id).exists().answer
        return (
            self.env._("Your return is accepted"),
            answer or self.env._("Please send %s back.", self._product_name()),
        )

    def _words_return_refused(self):
        answer = self.env["pinbu.return"].sudo().browse(self.res_id).exists().answer
        return (self.env._("Your return is refused"), answer or self._product_name())
