"""A shopper who withdraws by real requests on real transactions."""

from odoo import SUPERUSER_ID, api, fields
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.api import tokens

TABLES = ("pinbu_transition", "pinbu_withdrawal", "pinbu_wallet_entry", "loyalty_card")


class HastyMixin:
    """What they make has to be cleaned up."""

    registry_test_mode = False

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean)
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            had_program = bool(env["loyalty.program"].search([("pinbu_is_wallet", "=", True)]))
            user = env["res.users"].create(
                {
                    "name": "Hasty",
                    "login": "hasty-http",
                    "group_ids": [(6, 0, [env.ref("base.group_portal").id])],
                }
            )
            partner = user.partner_id
            partner.pinbu_identity_checked_at = fields.Datetime.now()
            company = env.company
            wallet = company._pinbu_wallets(partner, create=True)[partner.id]
            wallet._pinbu_post(
                [
                    {
                        "card_id": wallet.id,
                        "kind": "subsidy",
                        "amount_minor": 5000,
                        "idempotency_key": f"test:hasty:{wallet.id}",
                    }
                ]
            )
            self.token = tokens.issue(env, user)[0]
            self.user_id, self.card_id, self.had_program = user.id, wallet.id, had_program

    def clean(self):
        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            user = env["res.users"].browse(self.user_id)
            partner = user.partner_id
            withdrawals = env["pinbu.withdrawal"].search([("partner_id", "=", partner.id)]).ids
            for table in TABLES:
                cr.execute(SQL("ALTER TABLE %s DISABLE TRIGGER USER", SQL.identifier(table)))
            cr.execute("DELETE FROM pinbu_transition WHERE withdrawal_id = ANY(%s)", [withdrawals])
            cr.execute("DELETE FROM pinbu_withdrawal WHERE id = ANY(%s)", [withdrawals])
            cr.execute("DELETE FROM pinbu_wallet_entry WHERE card_id = %s", [self.card_id])
            cr.execute("DELETE FROM loyalty_card WHERE id = %s", [self.card_id])
            cr.execute("DELETE FROM pinbu_api_idempotency WHERE user_id = %s", [self.user_id])
            for table in TABLES:
                cr.execute(SQL("ALTER TABLE %s ENABLE TRIGGER USER", SQL.identifier(table)))
            env.invalidate_all()
            user.unlink()
            partner.unlink()
            if not self.had_program:
                programs = env["loyalty.program"].search([("pinbu_is_wallet", "=", True)])
                products = programs.reward_ids.discount_line_product_id
                programs.active = False
                programs.unlink()
                products.unlink()
