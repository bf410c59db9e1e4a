from odoo import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.pinbu_groupbuy.tests.api_common import ApiMixin

from .grant_common import GrantMixin


@tagged("post_install", "-at_install")
class TestApiRewards(GrantMixin, ApiMixin, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_shop()
        cls.allow_demo_log_in()
        cls.env.flush_all()

    def setUp(self):
        super().setUp()
        self.token, self.other = self.log_in("ann"), self.log_in("ben")
        self.ann = self.user_of("ann").partner_id

    def get(self, path, token=None):
        answer = self.call("GET", path, token=token or self.token)
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data

    def test_subsidies_of_each_kind(self):
        for kind in ("cash", "coupon", "ticket", "points", "gift"):
            self.owe(self.ann, kind)
        self.env.flush_all()
        due = {item["type"]: item for item in self.get("/me/subsidies")["items"]}
        self.assertEqual({item["state"] for item in due.values()}, {"due"})
        self.assertIsNone(due["coupon"]["code"])
        self.grant()
        granted = {item["type"]: item for item in self.get("/me/subsidies")["items"]}
        self.assertEqual({item["state"] for item in granted.values()}, {"granted"})
        self.assertEqual(granted["cash"]["amount"], 300)
        self.assertEqual(granted["points"]["points"], 40)
        self.assertNotIn("amount", granted["points"])
        coupons = self.get("/me/coupons")["items"]
        self.assertEqual(
            [(coupon["id"], coupon["code"]) for coupon in coupons],
            [(granted[k]["coupon_id"], granted[k]["code"]) for k in ("ticket", "coupon")],
        )
        self.assertEqual(granted["gift"]["name"], self.product.display_name)
        self.assertEqual(self.get("/me/subsidies", self.other)["items"], [])

    def test_a_withheld_one_says_why(self):
        subsidy = self.owe(self.ann, "cash")
        subsidy._void("made_up", "seen in the log")
        self.env.flush_all()
        [shown] = self.get("/me/subsidies")["items"]
        self.assertEqual(shown["state"], "void")
        self.assertEqual(shown["ground"], subsidy._ground_sentences()["made_up"])
        self.assertNotIn("seen in the log", str(shown))

    def test_coupons(self):
        coupon = self.give(self.ann, "coupon").card_id
        self.give(self.ann, "ticket")
        self.env["loyalty.card"].create(
            {"program_id": self.coupon_program.id, "partner_id": self.user_of("ben").partner_id.id}
        )
        self.env.flush_all()
        ticket, shown = self.get("/me/coupons")["items"]
        self.assertEqual(
            {key: shown[key] for key in ("id", "name", "kind", "value", "min_amount", "state")},
            {
                "id": coupon.id,
                "name": "Five off",
                "kind": "amount",
                "value": 500,
                "min_amount": 2000,
                "state": "usable",
            },
        )
        self.assertTrue(shown["expires_at"].endswith("Z"))
        self.assertIsNone(shown["activity_ids"])
        self.assertEqual(
            [ticket[key] for key in ("is_ticket", "kind", "value", "expires_at")],
            [True, "percent", 100, None],
        )
        self.assertEqual(len(self.get("/me/coupons?limit=1")["items"]), 1)

        coupon.points = 0
        self.coupon_program.rule_ids.product_ids = [Command.set(self.product.ids)]
        self.env.cr.execute(
            "UPDATE loyalty_card SET expiration_date = '2020-01-01' WHERE id = %s", [ticket["id"]]
        )
        self.env.invalidate_all()
        self.env.flush_all()
        ticket, shown = self.get("/me/coupons")["items"]
        self.assertEqual((ticket["state"], shown["state"]), ("expired", "used"))
        self.assertIn(self.activity.id, shown["activity_ids"])
        [other] = self.get("/me/coupons", self.other)["items"]
        self.assertNotEqual(other["id"], coupon.id)

    def test_points(self):
        empty = {"balance": 0, "unit": "crunches", "worth": 0, "entries": [], "next_cursor": None}
        shown = self.get("/me/points")
        self.assertEqual({key: shown[key] for key in empty}, empty)
        self.give(self.ann, "points", key="prize:1")
        taken = self.give(self.ann, "points", key="prize:2", points=2)
        taken._take_back("goods returned")
        self.env.flush_all()
        shown = self.get("/me/points")
        self.assertEqual((shown["balance"], shown["worth"]), (40, 40))
        self.assertIsInstance(shown["balance"], int)
        self.assertEqual([entry["points"] for entry in shown["entries"]], [-2, 2, 40])
        self.assertEqual(self.get("/me/points", self.other)["entries"], [])

    def test_without_a_token(self):
        for path in ("/me/coupons", "/me/points"):
            answer = self.call("GET", path)
            self.assertEqual((answer.status, answer.code), (401, "unauthenticated"))
