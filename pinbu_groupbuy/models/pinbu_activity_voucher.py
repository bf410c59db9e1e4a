from odoo import models
from odoo.exceptions import UserError


class PinbuActivity(models.Model):
    _inherit = "pinbu.activity"

    def _check_offer_stands(self):
        super()._check_offer_stands()
        if self.product_tmpl_id.type == "service":
            self._check_can_issue_vouchers()

    def _check_can_issue_vouchers(self):
        """Hook: whether shoppers can be given a voucher for this activity's service.

        The module that issues them overrides this one without calling super.

        :raise UserError: when nothing would come of a won place
        """
        self.ensure_one()
        raise UserError(
            self.env._(
                "%s is a service, for which shoppers win a voucher. Install Pinbu Subsidies, "
                "which issues and redeems vouchers, or choose a product that is delivered.",
                self.product_tmpl_id.display_name,
            )
        )
