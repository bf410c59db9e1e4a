from odoo import Command

from odoo.addons.pinbu_groupbuy.models.pinbu_seat_means import Means

from .common import SubsidyMixin

WITH_WALLET = Means(use_wallet=True)


class MeansMixin(SubsidyMixin):
    """Shoppers with money in their wallets."""

    @classmethod
    def make_program(cls, name, program_type="coupons", date_from=False, date_to=False, **reward):
        """:param reward: values of the program's only reward, a discount"""
        return cls.env["loyalty.program"].create(
            {
                "name": name,
                "program_type": program_type,
                "applies_on": "both" if program_type == "loyalty" else "current",
                "trigger": "auto" if program_type == "loyalty" else "with_code",
                "company_id": cls.company.id,
                "currency_id": cls.company.currency_id.id,
                "date_from": date_from,
                "date_to": date_to,
                "rule_ids": [Command.clear()],
                "reward_ids": [
                    Command.clear(),
                    Command.create({"reward_type": "discount", **reward}),
                ],
                "communication_plan_ids": [Command.clear()],
            }
        )

    def fill_wallet(self, partner, amount):
        """:return: the shopper's wallet, with so much more in it"""
        card = self.company._pinbu_wallets(partner, create=True)[partner.id]
        card._pinbu_post(
            [
                {
                    "card_id": card.id,
                    "kind": "subsidy",
                    "amount_minor": round(amount * 100),
                    "idempotency_key": f"test:{partner.id}:{len(card.pinbu_entry_ids)}",
                }
            ]
        )
        self.env.flush_all()
        return card

    def let_lapse(self, seat):
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 day' WHERE id = %s",
            [seat.id],
        )
        self.env.invalidate_all()

    def moves(self, card):
        """:return: kind and amount of each ledger row but the first, in their order"""
        card.invalidate_recordset()
        return [(entry.kind, entry.amount_minor) for entry in card.pinbu_entry_ids.sorted("id")[1:]]
