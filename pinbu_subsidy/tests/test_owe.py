from odoo.tests import tagged

from .common import SubsidyCase


@tagged("post_install", "-at_install")
class TestOwe(SubsidyCase):
    def owe(self, **row):
        defaults = {
            "partner_id": self.ann.id,
            "company_id": self.company.id,
            "type": "cash",
            "reason": "invite",
            "key": "invite:1",
            "amount_minor": 300,
        }
        return self.subsidies._owe([{**defaults, **row}])

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.ann, cls.ben = cls.shoppers(2)

    def test_without_a_seat_once_for_each_shopper_and_key(self):
        first = self.owe()
        self.assertEqual((first.state, first.amount, first.draw), ("due", 3.0, False))
        self.assertFalse(self.owe(amount_minor=500))
        self.assertTrue(self.owe(key="invite:2"))
        self.assertTrue(self.owe(partner_id=self.ben.id))
        self.grant()
        self.grant()
        self.assertEqual(self.balance(self.ann), 6.0)
        self.assertEqual(first.state, "granted")

    def test_a_delayed_one_is_granted_later(self):
        later = self.owe(delay_minutes=90, withdraw_after_wins=2)
        self.assertEqual(later.withdraw_after_wins, 2)
        self.assertAlmostEqual((later.due_at - later.create_date).total_seconds(), 5400, delta=1)
        self.grant()
        self.assertEqual(later.state, "due")
        self.env.cr.execute("UPDATE pinbu_subsidy SET due_at = due_at - interval '2 hours'")
        self.grant()
        self.assertEqual(later.state, "granted")

    def test_an_amount_is_drawn_once(self):
        draw = {"min": 100, "max": 300, "step": 50}
        drawn = [self.owe(key=f"invite:{n}", amount_minor=None, draw=draw) for n in range(200)]
        self.assertEqual({subsidy.amount_minor for subsidy in drawn}, {100, 150, 200, 250, 300})
        self.assertEqual(drawn[0].draw, draw)
        before = drawn[0].amount_minor
        for _attempt in range(5):
            self.assertFalse(self.owe(key="invite:0", amount_minor=None, draw=draw))
        drawn[0].invalidate_recordset()
        self.assertEqual(drawn[0].amount_minor, before)

    def test_what_is_due_is_never_paid_once_taken_back(self):
        due = self.owe()
        self.assertEqual(due._take_back("the friend returned the goods"), due)
        self.grant()
        self.assertEqual((due.state, due.note), ("void", "the friend returned the goods"))
        self.assertIsNone(self.balance(self.ann))

    def test_cash_is_taken_back_as_far_as_it_is_there(self):
        granted = self.owe()
        self.grant()
        wallet = self.company._pinbu_wallets(self.ann)[self.ann.id]
        wallet._pinbu_post(
            [
                {
                    "card_id": wallet.id,
                    "kind": "spend",
                    "amount_minor": -120,
                    "idempotency_key": "test:spend",
                }
            ]
        )
        self.assertEqual(granted._take_back("returned"), granted)
        self.assertFalse(granted._take_back("returned"))
        self.assertEqual(granted.state, "void")
        self.assertTrue(granted.granted_at)
        self.assertEqual(wallet.points, 0)
        self.assertEqual(
            [(entry.kind, entry.amount_minor) for entry in wallet.pinbu_entry_ids],
            [("take_back", -180), ("spend", -120), ("subsidy", 300)],
        )
        self.check_ledger()
