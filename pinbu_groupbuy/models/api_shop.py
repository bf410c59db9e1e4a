"""How the shop itself looks in the API."""

from odoo import models

from ..api import pictures


class ResCompany(models.Model):
    _inherit = "res.company"

    # === BUSINESS METHODS === #

    def _to_api_config(self):
        """The contract's answer of ``GET /config``.

        :rtype: dict
        """
        self.ensure_one()
        return {
            "shop": {
                "name": self.name,
                "licences": list(pictures.urls(self.pinbu_licence_ids, "licences").values()),
                "service_phone": self.pinbu_service_phone or self.phone or None,
                "return_policy": self.pinbu_return_policy or "",
                "privacy_url": self.pinbu_privacy_url or "",
            },
            "consent_version": self.pinbu_consent_version or "",
            "subscribe_templates": {
                template.kind: template.template for template in self.pinbu_subscribe_template_ids
            },
            "timezone": self._pinbu_timezone(),
        }
