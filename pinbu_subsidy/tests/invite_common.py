from contextlib import nullcontext

from odoo import SUPERUSER_ID, api

from .common import SubsidyMixin


class InviteMixin(SubsidyMixin):
    def reward_invites(self, runs=2):
        """Run the scheduled action that judges and rewards: once to judge, once to reward."""
        for _run in range(runs):
            patched = nullcontext() if self._registry_patched else self.enter_registry_test_mode()
            self.env.flush_all()
            with patched, self.registry.cursor() as cr:
                api.Environment(cr, SUPERUSER_ID, {})["pinbu.invite"]._cron_invites()
            self.env.invalidate_all()

    def deliver(self, seat):
        """The warehouse ships what this seat has won."""
        pickings = seat.order_id.picking_ids.filtered(lambda p: p.state not in ("done", "cancel"))
        for picking in pickings:
            picking.move_ids.picked = True
            picking.button_validate()
        self.env.flush_all()

    def send_back(self, seat):
        """The shopper returns all of it."""
        picking = seat.order_id.picking_ids.filtered(lambda p: p.state == "done")
        wizard = (
            self.env["stock.return.picking"]
            .with_context(active_id=picking.id, active_model="stock.picking")
            .create({"picking_id": picking.id})
        )
        for line in wizard.product_return_moves:
            line.quantity = line.move_quantity
        back = self.env["stock.picking"].browse(wizard.action_create_returns()["res_id"])
        back.move_ids.picked = True
        back.button_validate()
        self.env.flush_all()

    def pass_days(self, days):
        """Let so many days pass for what is held."""
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE stock_move SET date = date - %(days)s * interval '1 day' WHERE state = 'done'",
            {"days": days},
        )
        self.env.cr.execute(
            "UPDATE pinbu_invite SET look_at = look_at - %(days)s * interval '1 day'",
            {"days": days},
        )
        self.env.invalidate_all()
