from odoo import models

from .pinbu_live_bus import BOARD_SUBCHANNEL


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Who works with teams may listen to those of their companies; the name that the board
        sends is no channel itself, since anybody may ask for a name."""
        asked = list(channels)
        others = [channel for channel in asked if channel != BOARD_SUBCHANNEL]
        if others != asked and self.env.user.has_group("pinbu_groupbuy.group_user"):
            others += [(company, BOARD_SUBCHANNEL) for company in self.env.user.company_ids]
        return super()._build_bus_channel_list(others)
