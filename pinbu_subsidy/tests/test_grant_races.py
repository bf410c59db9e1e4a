from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.tests.concurrent_common import ConcurrentCase

from .grant_common import GrantMixin

PROTECTED = ("pinbu_wallet_entry", "loyalty_card")


@tagged("post_install", "-at_install")
class TestGrantRaces(GrantMixin, ConcurrentCase):
    """Money and points for the same shoppers, from several transactions at the same moment."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean_given)
        # All have a wallet and a card of points.
        self.first = self.owe_all(self.people, "cash", "points", key="first")
        self.open_cr.commit()
        self.committed(lambda env: env["pinbu.subsidy"]._grant_batch(ids=self.first.ids))

    def clean_given(self):
        self.look_again()
        cards = self.env["loyalty.card"].search([("partner_id", "in", self.people.ids)])
        for table in PROTECTED:
            self.open_cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        for query, ids in (
            ("DELETE FROM pinbu_subsidy WHERE partner_id = ANY(%s)", self.people.ids),
            ("DELETE FROM pinbu_wallet_entry WHERE card_id = ANY(%s)", cards.ids),
            ("DELETE FROM loyalty_card WHERE id = ANY(%s)", cards.ids),
        ):
            self.open_cr.execute(query, [ids])
        for table in PROTECTED:
            self.open_cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")
        self.open_cr.commit()

    @classmethod
    def clean(cls):
        super().clean()
        cls.swap_programs_back()
        cls.open_cr.commit()

    def owe_all(self, people, *kinds, key):
        """:return: subsidies, all of one kind before those of the next one"""
        return self.subsidies.union(
            *(self.owe(one, kind, key=f"{key}:{kind}") for kind in kinds for one in people)
        )

    @staticmethod
    def grant_these(ids):
        return lambda env: env["pinbu.subsidy"]._grant_batch(ids=ids)

    def check_given(self, times):
        self.look_again()
        points_cards = self.points_program.coupon_ids
        wallets = self.company._pinbu_wallets(self.people)
        self.assertEqual([card.points for card in wallets.values()], [3.0 * times] * self.rivals)
        self.assertEqual(points_cards.mapped("points"), [40.0 * times] * self.rivals)

    def test_two_schedulers_give_to_the_same_shoppers(self):
        one = self.owe_all(self.people, "cash", "points", key="one")
        other = self.owe_all(self.people[::-1], "points", "cash", key="other")
        self.open_cr.commit()
        with self.slow("pinbu.subsidy", "_mark_granted"):
            self.at_once(
                lambda env, step: step(env),
                [self.grant_these(one.ids), self.grant_these(other.ids)],
            )
        self.check_given(3)

    def test_what_is_given_meets_what_is_taken_back(self):
        first_ids = self.first.ids
        new = self.owe_all(self.people, "cash", "points", key="new")
        self.open_cr.commit()
        with (
            self.slow("pinbu.subsidy", "_mark_granted"),
            self.slow("pinbu.subsidy", "_take_back_cash"),
        ):
            self.at_once(
                lambda env, step: step(env),
                [
                    self.grant_these(new.ids),
                    lambda env: env["pinbu.subsidy"].browse(first_ids)._take_back("Returned"),
                ],
            )
        self.check_given(1)
