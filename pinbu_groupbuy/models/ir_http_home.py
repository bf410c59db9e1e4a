from odoo import models


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    def session_info(self):
        """Who has chosen no screen to begin with gets one that fits, and not that of Discuss."""
        info = super().session_info()
        user = self.env.user
        if info.get("is_internal_user") and not info["home_action_id"]:
            info["home_action_id"] = user._pinbu_home_action() or False
        return info
