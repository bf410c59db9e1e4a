from odoo import models
from odoo.exceptions import UserError

# Codes that never take a stranger's money through a gateway.
_NOT_A_GATEWAY = ("none", "custom", "demo", "wallet")


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _get_compatible_providers(self, *args, **kwargs):
        """Override of `payment`: a shop that takes real money does not offer the demo provider."""
        providers = super()._get_compatible_providers(*args, **kwargs)
        if self._pinbu_demo_is_refused():
            providers = providers.filtered(lambda provider: provider.code != "demo")
        return providers

    def _pinbu_demo_is_refused(self):
        """Whether a real payment provider is enabled in this database."""
        return bool(
            self.sudo().search_count(
                [("state", "=", "enabled"), ("code", "not in", _NOT_A_GATEWAY)], limit=1
            )
        )

    def _pinbu_refuse_demo(self):
        """:raise UserError: when play money would be taken beside real money"""
        if self._pinbu_demo_is_refused():
            raise UserError(
                self.env._("The demo payment provider is refused: a real one is enabled.")
            )
