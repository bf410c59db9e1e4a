from odoo import models
from odoo.exceptions import UserError


class PaymentProvider(models.Model):
    _inherit = "payment.provider"

    def _get_compatible_providers(self, *args, **kwargs):
        """Override of `payment`: a shop that takes real money does not offer the demo provider."""
        providers = super()._get_compatible_providers(*args, **kwargs)
        if self._pinbu_real_provider_enabled():
            providers = providers.filtered(lambda provider: provider.code != "demo")
        return providers

    def _pinbu_refuse_demo(self):
        """:raise UserError: when play money would be taken beside real money"""
        if self._pinbu_real_provider_enabled():
            raise UserError(
                self.env._("The demo payment provider is refused: a real one is enabled.")
            )
