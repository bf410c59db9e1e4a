"""Two companies' shops in one database: the host name says whose shop it is."""

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import new_test_user, tagged

from odoo.addons.pinbu_groupbuy.api import scenes

from .api_common import ApiCase

HERE, THERE = "here.example", "there.example"


@tagged("post_install", "-at_install")
class TestApiHosts(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        here = cls.company
        here.pinbu_service_phone = "400 1"
        there = cls.env["res.company"].create(
            {"name": "Other shop", "pinbu_hosts": THERE, "pinbu_service_phone": "400 2"}
        )
        cls.env["account.chart.template"].try_loading(
            "generic_coa", company=there, install_demo=False
        )
        everything, cls.env = cls.env, cls.env(context={"allowed_company_ids": there.ids})
        cls.company, first_product, first_activity = there, cls.product, cls.activity
        cls.set_up_shop()
        cls.provider.is_published = True
        cls.env = everything
        cls.there, cls.there_product, cls.there_activity = there, cls.product, cls.activity
        cls.company, cls.product, cls.activity = here, first_product, first_activity
        cls.env.flush_all()

    def at(self, host, method, path, *args):
        body, token, key = (*args, None, None, None)[:3]
        return self.call(method, path, body, token, key, headers={"Host": host})

    def log_in_at(self, host, name):
        answer = self.at(host, "POST", "/session", {"code": f"demo:{name}"})
        self.assertEqual(answer.status, 200, answer.text)
        return answer.data["token"]

    def wish_there(self):
        return self.wish(activity_id=self.there_activity.id, product_id=self.there_product.id)

    def offers_at(self, host, token=None):
        answer = self.at(host, "GET", "/activities", None, token)
        self.assertEqual(answer.status, 200, answer.text)
        return {item["id"] for item in answer.data["items"]}

    def test_passers_by_see_the_shop_of_the_host(self):
        ours, theirs = self.activity.id, self.there_activity.id
        for host, own, foreign, phone in (
            (THERE, theirs, ours, "400 2"),
            ("THERE.example:8069", theirs, ours, "400 2"),
            ("127.0.0.1", ours, theirs, "400 1"),
            ("nobody.example", ours, theirs, "400 1"),
            (f"{THERE}@nobody.example", ours, theirs, "400 1"),
            (f"nobody.example:80@{THERE}", ours, theirs, "400 1"),
            (f"x.{THERE}", ours, theirs, "400 1"),
        ):
            offers = self.offers_at(host)
            self.assertIn(own, offers, host)
            self.assertNotIn(foreign, offers, host)
            self.assertEqual(self.at(host, "GET", f"/activities/{own}").status, 200, host)
            self.assertEqual(self.at(host, "GET", f"/activities/{foreign}").status, 404, host)
            config = self.at(host, "GET", "/config").data
            self.assertEqual(config["shop"]["service_phone"], phone, host)

    def test_a_forwarded_host_chooses_nothing_without_a_proxy(self):
        answer = self.call("GET", "/config", headers={"X-Forwarded-Host": THERE})
        self.assertEqual(answer.data["shop"]["service_phone"], "400 1")

    def test_answers_of_a_companys_host_may_be_shared(self):
        for host, who in ((THERE, "public"), ("nobody.example", "private")):
            answer = self.at(host, "GET", "/activities")
            self.assertEqual(answer.headers["Cache-Control"].split(",")[0], who, host)

    def test_the_first_log_in_is_at_the_company_of_the_host(self):
        token = self.log_in_at(THERE, "Ann")
        user = self.user_of("Ann")
        self.assertEqual((user.company_id, user.company_ids), (self.there, self.there))
        self.assertEqual(self.at(THERE, "GET", "/me", None, token).status, 200)
        self.assertEqual(self.offers_at(THERE, token), self.offers_at(THERE))

    def test_a_token_counts_only_where_its_shopper_is_known(self):
        token = self.log_in("Ann")
        for path in ("/me", "/orders", "/activities", f"/activities/{self.there_activity.id}"):
            answer = self.at(THERE, "GET", path, None, token)
            self.assertEqual((answer.status, answer.code), (401, "unauthenticated"), path)
        token = self.log_in_at(THERE, "Bob")
        for host in ("127.0.0.1", "nobody.example"):
            answer = self.at(host, "GET", "/me", None, token)
            self.assertEqual((answer.status, answer.code), (401, "unauthenticated"), host)

    def test_a_shopper_of_both_shops(self):
        first = self.log_in("Ann")
        ours = self.order(first)
        self.assertEqual(ours.status, 201, ours.text)
        with self.assertNoLogs("odoo.registry", "DEBUG"):
            invalidated = self.registry.cache_invalidated.copy()
            token = self.log_in_at(THERE, "Ann")
            self.assertEqual(self.registry.cache_invalidated, invalidated)
        user = self.user_of("Ann")
        self.assertEqual(user.company_id, self.company)
        self.assertEqual(user.company_ids, self.company | self.there)
        wish = self.wish_there()
        self.assertEqual(self.order(first, **wish).status, 404)
        theirs = self.at(THERE, "POST", "/orders", wish, token, "there-1")
        self.assertEqual(theirs.status, 201, theirs.text)
        for known in (first, token):  # both are hers, and so are both shops
            for host, own, foreign in (
                ("127.0.0.1", ours.data["id"], theirs.data["id"]),
                (THERE, theirs.data["id"], ours.data["id"]),
            ):
                listed = self.at(host, "GET", "/orders", None, known).data["items"]
                self.assertEqual([order["id"] for order in listed], [own])
                for order_id, status in ((own, 200), (foreign, 404)):
                    answer = self.at(host, "GET", f"/orders/{order_id}", None, known)
                    self.assertEqual(answer.status, status, answer.text)

    def test_a_worker_that_remembers_the_companies_of_before(self):
        token = self.log_in("Ann")
        user = self.user_of("Ann")
        self.call("GET", "/me", token=token)
        self.log_in_at(THERE, "Ann")
        before = (self.company.id,)
        self.env["res.users"]._get_company_ids.__cache__.add_value(user, cache_value=before)
        self.assertEqual(self.at(THERE, "GET", "/me", None, token).status, 200)
        # Who is taken out of a company is out at once.
        user.company_ids = [Command.unlink(self.there.id)]
        self.env.flush_all()
        self.assertEqual(self.at(THERE, "GET", "/me", None, token).status, 401)
        self.assertEqual(self.call("GET", "/me", token=token).status, 200)

    def test_the_page_of_a_poster(self):
        token = self.log_in_at(THERE, "Leader")
        order = self.at(THERE, "POST", "/orders", self.wish_there(), token, "there-2")
        self.assertEqual(order.status, 201, order.text)
        team = self.pay(self.env["sale.order"].browse(order.data["id"])).seat_ids.team_id
        self.assertEqual(team.company_id, self.there)
        self.env.flush_all()
        path = f"/pinbu/pages/team/index?scene={scenes.encode(self.env, 'team', team.token)}"
        for host, status in ((THERE, 200), ("127.0.0.1", 404)):
            page = self.url_open(path, headers={"Host": host})
            self.assertEqual(page.status_code, status, host)

    def test_hosts_are_looked_up_once(self):
        self.env["res.company"]._pinbu_by_host()
        with self.assertQueryCount(0):
            self.env["res.company"]._pinbu_by_host()

    # === SETTINGS === #

    def test_the_merchant_sets_the_hosts(self):
        manager = new_test_user(
            self.env, "shopkeeper", groups="pinbu_groupbuy.group_manager,base.group_system"
        )
        settings = self.env["res.config.settings"].with_user(manager)
        settings.create({"pinbu_hosts": " Here.example，拼团.example;here.example "}).execute()
        self.assertEqual(self.company.pinbu_hosts, f"{HERE}, xn--3bs94z.example")
        self.assertEqual(self.env["res.company"]._pinbu_by_host()[HERE], self.company.id)
        self.there.pinbu_hosts = ""
        self.assertFalse(self.there.pinbu_hosts)
        self.env.flush_all()
        self.assertEqual(self.offers_at(THERE), self.offers_at(HERE))

    def test_a_host_is_one_companys(self):
        for taken in (THERE, f"{HERE}, {THERE.upper()}"):
            with self.assertRaisesRegex(ValidationError, f"{THERE} is a host name of another"):
                self.company.pinbu_hosts = taken
        self.there.active = False
        with self.assertRaises(ValidationError):
            self.company.pinbu_hosts = THERE

    def test_what_is_no_host_name(self):
        for wrong in ("https://here.example", "here.example:8069", "a/b", "-a.example", "a..b"):
            with self.assertRaisesRegex(ValidationError, "is not a host name"):
                self.company.pinbu_hosts = wrong
