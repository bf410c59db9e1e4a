from odoo import models


class PaymentTransaction(models.Model):
    """What an order's chatter says of its payment and refunds.

    Providers and schedulers have no language, and Odoo's own words for it are not translated: this
    is in the language of the shopper, which is the shop's.
    """

    _inherit = "payment.transaction"

    def _get_received_message(self):
        message = super()._get_received_message()
        if self.state != "done" or not self._is_group_buy():
            return message
        told = self.with_context(lang=self.partner_lang).env
        values = {
            "amount": self.currency_id.format(abs(self.amount)),
            "reference": self._get_html_link(),
        }
        if self.operation == "refund":
            return told._("%(amount)s went back to the shopper (%(reference)s).", **values)
        return told._("The shopper paid %(amount)s (%(reference)s).", **values)

    def _post_process(self):
        return super(PaymentTransaction, self.with_context(pinbu_is_booking=True))._post_process()

    def _log_message_on_linked_documents(self, message):
        if self.env.context.get("pinbu_is_booking") and self.payment_id and self._is_group_buy():
            told = self.with_context(lang=self.partner_lang).env
            message = told._(
                "%(reference)s is in the books as %(payment)s.",
                reference=self._get_html_link(),
                payment=self.payment_id._get_html_link(),
            )
        super()._log_message_on_linked_documents(message)
