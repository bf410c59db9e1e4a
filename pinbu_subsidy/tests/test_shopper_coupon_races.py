import threading
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from odoo.addons.pinbu_groupbuy.tests.concurrent_common import ConcurrentCase

from .means_common import MeansMixin

AT_ONCE = "odoo.addons.pinbu_subsidy.wizards.pinbu_shopper_coupon.AT_ONCE"


@tagged("post_install", "-at_install")
class TestShopperCouponRaces(MeansMixin, ConcurrentCase):
    """Several who send one coupon to the same shoppers at the same moment."""

    @classmethod
    def set_up_shop(cls, **kwargs):
        super().set_up_shop(**kwargs)
        cls.coupon = cls.make_program("Six off", discount=6, discount_mode="per_order")

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean_sent)
        self.shoppers = self.env["pinbu.shopper"].create(
            [{"partner_id": one.id, "company_id": self.company.id} for one in self.people]
        )
        self.open_cr.commit()

    def clean_sent(self):
        self.look_again()
        self.env["pinbu.job"].search([("kind", "=", "coupon")]).unlink()
        self.env["loyalty.card"].search([("program_id", "=", self.coupon.id)]).unlink()
        self.shoppers.unlink()
        self.open_cr.commit()

    @classmethod
    def clean(cls):
        super().clean()
        cls.coupon.active = False
        cls.coupon.unlink()
        cls.open_cr.commit()

    def sending(self, shoppers):
        """:return: a step of `at_once`: sends the coupon to these, as the administrator"""
        values = {
            "program_id": self.coupon.id,
            "silent": False,
            "shopper_ids": [Command.set(shoppers.ids)],
        }

        def send(env):
            wizards = env["pinbu.shopper.coupon"].with_user(env.ref("base.user_admin"))
            return wizards.create(values).action_send()

        return send

    def work(self, _env):
        with self.registry.cursor() as cr:
            self.env(cr=cr)["pinbu.job"]._cron_work()

    def meet(self, *steps):
        """Do both steps at once: each has seen that nobody has the coupon before one sends it."""
        wizards, met = self.registry["pinbu.shopper.coupon"], []
        original, barrier = wizards._send, threading.Barrier(2)

        def send(wizard, *args):
            thread = threading.get_ident()
            if thread not in met:
                met.append(thread)
                barrier.wait(timeout=20)
            return original(wizard, *args)

        with patch.object(wizards, "_send", send):
            self.at_once(lambda env, step: step(env), steps)
        self.look_again()
        cards = self.env["loyalty.card"].search([("program_id", "=", self.coupon.id)])
        self.assertEqual(cards.partner_id, self.people)
        self.assertEqual(len(cards), len(self.people))

    def test_some_are_chosen_while_a_job_sends(self):
        with patch(AT_ONCE, 1):
            action = self.committed(self.sending(self.shoppers[:6]))
        job = self.env["pinbu.job"].browse(action["res_id"])
        self.meet(self.work, self.sending(self.shoppers[:1:-1]))
        self.assertEqual((job.state, job.done, job.failed_count), ("done", 6, 0))

    def test_two_choose_the_same_shoppers(self):
        self.meet(self.sending(self.shoppers[:6]), self.sending(self.shoppers[:1:-1]))
