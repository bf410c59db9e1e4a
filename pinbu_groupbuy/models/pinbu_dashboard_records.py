from odoo import api, models
from odoo.exceptions import UserError


class PinbuDashboard(models.AbstractModel):
    """From a figure to what was counted, on the screens that the app has for it."""

    _inherit = "pinbu.dashboard"

    @api.model
    def _record_actions(self):
        """Hook: ``{model: XML id of the action that shows it}``"""
        return {
            "payment.transaction": "pinbu_groupbuy.pinbu_refund_action",
            "pinbu.activity": "pinbu_groupbuy.pinbu_activity_action",
            "pinbu.event": "pinbu_groupbuy.pinbu_event_action",
            "pinbu.seat": "pinbu_groupbuy.pinbu_seat_action",
            "pinbu.settlement": "pinbu_groupbuy.pinbu_settlement_action",
            "pinbu.team": "pinbu_groupbuy.pinbu_team_action",
            "stock.picking": "stock.action_picking_tree_all",
        }

    @api.model
    @api.readonly
    def get_records_action(self, records):
        """:param dict records: ``{name, model, domain}``, as a figure or an alert has it
        :return: the action that shows them; the user's own rights say what they see there
        :raise UserError: for records of a kind that no figure has
        """
        xml_id = self._record_actions().get(records["model"])
        if not xml_id:
            raise UserError(self.env._("There is no screen for this."))
        action = self.env["ir.actions.act_window"]._for_xml_id(xml_id)
        # A second way to the same screen: the address is the first one's.
        action.pop("path", None)
        return {
            **action,
            "name": records["name"],
            "display_name": records["name"],
            "domain": records["domain"],
            "context": {"create": False, "active_test": False},
        }
