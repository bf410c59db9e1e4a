from odoo import models


class StockPicking(models.Model):
    _inherit = "stock.picking"

    def _action_done(self):
        res = super()._action_done()
        # A split delivery is told of each time; what comes back is another matter.
        shipped = self.sudo().filtered(lambda p: p.state == "done" and not p.return_id)
        won = shipped.filtered(lambda picking: picking.pinbu_seat_id.state == "won")
        if won:
            won.pinbu_seat_id._note_shipped()
            self.env["pinbu.notice"]._tell_shipped(won._pinbu_leaving())
        return res

    def _pinbu_leaving(self):
        """:return: those of these deliveries that leave the house: not one step of several in it"""
        return self.filtered(
            lambda picking: "customer" in picking.move_ids.mapped("location_dest_usage")
        )

    def _pinbu_to_shopper(self):
        """:return: those of these deliveries that bring goods to a shopper, or are going to: a step
        within the house only as long as it stands for the next one, which Odoo makes after it"""
        return self.filtered(
            lambda picking: (
                picking.state != "cancel" and (picking.state != "done" or picking._pinbu_leaving())
            )
        )

    def _pinbu_outward(self):
        """:return: these deliveries without those that bring something back"""
        return self.filtered(lambda picking: not picking.return_id)
