"""What a request costs does not grow with the teams and seats that are there already."""

from odoo.tests import tagged

from .api_common import ApiCase

MANY = 200


@tagged("post_install", "-at_install")
class TestQueryCounts(ApiCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.activity = cls.make_activity(
            product=cls.make_product("Nuts", 10_000), mode="super", size=1000
        )
        cls.product = cls.activity.line_ids.product_id
        cls.team = cls.activity.super_team_id

    def setUp(self):
        super().setUp()
        self.join(self.shopper("First"), self.team)

    def open_small_team(self):
        """:return: an activity of small teams, of which there is one from now on"""
        activity = self.make_activity(product=self.make_product("Salt", 10_000), size=3)
        self.team = self.join(self.shopper("Leader"), activity=activity).team_id
        return activity

    def add_teams_and_seats(self):
        """MANY more teams, and MANY more members of the first one."""
        self.env.flush_all()
        first_id = self.env["res.partner"].create([{"name": "Somebody"}] * MANY).ids[0]
        self.copy_row(
            "pinbu_team",
            self.team,
            token="md5(random()::text || n)",
            leader_id=f"{first_id} + n - 1",
        )
        self.copy_row(
            "pinbu_seat",
            self.team.seat_ids[0],
            partner_id=f"{first_id} + n - 1",
            order_id="NULL",
            transaction_id="NULL",
        )
        self.env.cr.execute(
            "UPDATE pinbu_team SET seats_taken = seats_taken + %(many)s,"
            " seats_paid = seats_paid + %(many)s, size = size + %(many)s WHERE id = %(team)s",
            {"many": MANY, "team": self.team.id},
        )
        self.env.invalidate_all()

    def copy_row(self, table, record, **changed):
        """:param changed: SQL values by column; `n` counts from 1 to MANY"""
        self.env.cr.execute(f"SELECT * FROM {table} LIMIT 0")
        columns = [column.name for column in self.env.cr.description if column.name != "id"]
        values = ", ".join(changed.get(name, name) for name in columns)
        self.env.cr.execute(
            f"INSERT INTO {table} ({', '.join(columns)})"
            f" SELECT {values} FROM {table}, generate_series(1, {MANY}) n WHERE id = %s",
            [record.id],
        )

    def count_queries(self, function, *args):
        """:return: how many queries this makes with a cold cache"""
        self.env.flush_all()
        self.env.invalidate_all()
        before = self.env.cr.sql_log_count
        function(*args)
        self.env.flush_all()
        return self.env.cr.sql_log_count - before

    def assert_constant(self, request, *, prepare=lambda _shopper: None):
        """:param request: called with what `prepare` returns for a new shopper"""
        # What is read once in a process belongs to no request.
        request(prepare(self.shopper("Second")))
        few = self.count_queries(request, prepare(self.shopper("Third")))
        self.add_teams_and_seats()
        request(prepare(self.shopper("Somebody")))
        many = self.count_queries(request, prepare(self.shopper("Fourth")))
        self.assertGreater(few, 0)
        self.assertEqual(many, few)

    def test_quote(self):
        self.assert_constant(
            lambda shopper: self.env["pinbu.seat"]._quote(
                shopper, self.activity, self.product, 1, self.team
            ),
            prepare=lambda shopper: shopper,
        )

    def test_checkout(self):
        self.assert_constant(
            lambda shopper: self.checkout(shopper, self.team), prepare=lambda shopper: shopper
        )

    def test_opening(self):
        activity = self.open_small_team()
        self.assert_constant(
            lambda shopper: self.checkout(shopper, activity=activity),
            prepare=lambda shopper: shopper,
        )

    def test_payment_notice(self):
        self.assert_constant(
            lambda payment: payment._set_done(),
            prepare=lambda shopper: self.checkout(shopper, self.team)._pinbu_start_payment(),
        )

    def test_reading_a_team(self):
        self.assert_constant(
            lambda _none: self.assertEqual(
                self.call("GET", f"/teams/{self.team.token}").status, 200
            )
        )

    def test_reading_the_members_of_a_team(self):
        """By the page: twenty members on it, whatever is behind it."""
        for number in range(20):
            self.join(self.shopper(f"Member {number}"), self.team)
        path = f"/teams/{self.team.token}/members?limit=20"
        self.assert_constant(lambda _none: self.assertEqual(self.call("GET", path).status, 200))

    def test_reading_the_list_of_activities(self):
        self.open_small_team()
        self.assert_constant(
            lambda _none: self.assertEqual(self.call("GET", "/activities").status, 200)
        )
