from contextlib import suppress
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from ..exceptions import PinbuError
from .common import GroupBuyCase


@tagged("post_install", "-at_install")
class TestTeam(GroupBuyCase):
    def refusal(self, function, *args, **kwargs):
        with self.assertRaises(PinbuError) as caught:
            function(*args, **kwargs)
        return caught.exception.code

    def test_no_team_before_the_leader_has_paid(self):
        order = self.checkout(self.shopper("leader"))
        self.assertEqual(order._pinbu_state(), "unpaid")
        self.assertFalse(order.seat_ids.team_id)
        self.assertEqual(order.amount_total, 19.9)
        self.pay(order)
        team = order.seat_ids.team_id
        self.assertEqual((team.state, team.seats_taken, team.seats_paid), ("forming", 1, 1))
        self.assertEqual(team.leader_id, order.partner_id)
        self.assertEqual(order._pinbu_state(), "forming")

    def test_full_team_forms_and_ships(self):
        team = self.form_team()
        self.assertEqual((team.state, team.seats_paid), ("formed", 3))
        self.assertEqual(set(team.seat_ids.mapped("state")), {"won"})
        self.assertEqual(set(team.order_ids.mapped("state")), {"sale"})
        self.assertEqual(team.picking_ids.mapped("state"), ["assigned"] * 3)
        team.picking_ids.button_validate()
        self.assertEqual(team.picking_ids.mapped("state"), ["done"] * 3)
        self.run_schedulers()
        self.assertEqual(team.state, "shipped")
        self.assertEqual(team._effective_state(), "formed")
        self.assertFalse(self.env["pinbu.settlement"].search([("team_id", "=", team.id)]))

    def test_full_team_refuses_a_fourth(self):
        team = self.form_team()
        self.assertEqual(self.refusal(self.checkout, self.shopper("fourth"), team), "team_full")
        self.assertEqual(team.seats_taken, 3)

    def test_a_held_place_is_taken(self):
        team = self.join(self.shopper("1")).team_id
        self.checkout(self.shopper("2"), team)
        self.checkout(self.shopper("3"), team)
        self.assertEqual(self.refusal(self.checkout, self.shopper("4"), team), "team_full")

    def test_a_lapsed_hold_gives_its_place_away(self):
        team = self.join(self.shopper("1")).team_id
        slow = self.checkout(self.shopper("slow"), team)
        self.join(self.shopper("2"), team)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 day' WHERE id = %s",
            [slow.seat_ids.id],
        )
        self.env.invalidate_all()
        self.assertEqual(slow._pinbu_state(), "closed")
        self.assertEqual(self.refusal(slow._pinbu_start_payment), "order_closed")
        self.join(self.shopper("3"), team)
        self.assertEqual(team.state, "formed")
        self.assertEqual(slow.seat_ids.state, "released")
        self.run_schedulers()
        self.assertEqual(slow.state, "cancel")

    def test_coming_back_resumes_the_same_order(self):
        shopper = self.shopper("indecisive")
        order = self.checkout(shopper)
        again = self.checkout(shopper, remark="ring twice")
        self.assertEqual(order, again)
        self.assertEqual(order.pinbu_remark, "ring twice")
        self.assertEqual(self.activity.line_ids.quota_taken, 1)

    def test_coming_back_with_another_quantity(self):
        activity = self.make_activity(max_quantity=3, quota=4)
        shopper = self.shopper("hungry")
        order = self.checkout(shopper, activity=activity, quantity=1)
        old_payment = order._pinbu_start_payment()
        self.assertEqual(self.checkout(shopper, activity=activity, quantity=3), order)
        self.assertEqual(order.amount_total, 59.7)
        self.assertEqual(activity.line_ids.quota_taken, 3)
        self.assertEqual(old_payment.state, "cancel")
        self.pay(order)
        self.run_schedulers()
        self.assertEqual(order.picking_ids.move_ids.product_uom_qty, 3)
        self.assertEqual(
            self.refusal(self.checkout, self.shopper("2"), activity=activity, quantity=2),
            "sold_out",
        )

    def test_a_checkout_that_fails_gives_its_place_back(self):
        with (
            # Not assertRaises: Odoo's would roll back what the test looks for.
            suppress(ValueError),
            patch.object(type(self.env["sale.order"]), "create", side_effect=ValueError),
        ):
            self.checkout(self.shopper("unlucky"))
        self.assertEqual(self.activity.line_ids.quota_taken, 0)
        seat = self.env["pinbu.seat"].search([("activity_id", "=", self.activity.id)])
        self.assertEqual(seat.state, "released")

    def test_one_place_a_shopper(self):
        shopper = self.shopper("keen")
        team = self.join(shopper).team_id
        self.assertEqual(self.refusal(self.checkout, shopper, team), "already_in_team")
        self.assertEqual(self.refusal(self.checkout, shopper), "limit_reached")

    def test_quota(self):
        activity = self.make_activity(quota=1)
        self.join(self.shopper("1"), activity=activity)
        self.assertEqual(
            self.refusal(self.checkout, self.shopper("2"), activity=activity), "sold_out"
        )

    def test_stock_less_holds(self):
        activity = self.make_activity(product=self.make_product("Rare crisps", 3))
        team = self.join(self.shopper("1"), activity=activity).team_id
        self.checkout(self.shopper("2"), team)
        activity.line_ids.product_id.stock_quant_ids.filtered(
            lambda quant: quant.location_id.usage == "internal"
        ).quantity = 2
        self.run_schedulers()
        self.assertEqual(self.refusal(self.checkout, self.shopper("3"), team), "sold_out")

    def test_quota_comes_back_with_a_failed_team(self):
        activity = self.make_activity(quota=1)
        team = self.join(self.shopper("1"), activity=activity).team_id
        self.pass_deadline(team)
        self.run_schedulers()
        self.assertEqual(activity.line_ids.quota_taken, 0)
        self.assertTrue(self.join(self.shopper("2"), activity=activity).team_id)

    def test_activity_must_run(self):
        self.activity.action_stop()
        self.assertEqual(self.refusal(self.checkout, self.shopper("1")), "activity_not_running")
        draft = self.make_activity(publish=False)
        self.assertEqual(
            self.refusal(self.checkout, self.shopper("1"), activity=draft),
            "activity_not_running",
        )

    def test_too_late_to_open(self):
        self.activity.ends_at = self.env.cr.now().replace(microsecond=0)
        self.activity.ends_at = self.activity.ends_at.replace(year=self.activity.ends_at.year + 1)
        late = self.make_activity(validity_hours=24 * 40)
        self.assertEqual(
            self.refusal(self.checkout, self.shopper("1"), activity=late), "too_late_to_open"
        )

    def test_past_deadline_is_failed_before_the_scheduler_says_so(self):
        team = self.join(self.shopper("1")).team_id
        self.pass_deadline(team)
        self.assertEqual(team.state, "forming")
        self.assertEqual(team._effective_state(), "failed")
        self.assertEqual(self.refusal(self.checkout, self.shopper("2"), team), "team_closed")

    def test_the_scheduler_called_in_the_second_of_the_deadline_does_not_come_in_vain(self):
        team = self.join(self.shopper("1")).team_id
        self.env.flush_all()
        # It may run in the very second: should it be early by the whole of that, the trigger is
        # gone, and the team waits for the next minute.
        self.env.cr.execute(
            "UPDATE pinbu_team SET deadline = clock_timestamp() AT TIME ZONE 'UTC' WHERE id = %s",
            [team.id],
        )
        self.env.invalidate_all()
        self.run_scheduler("close")
        self.assertEqual(team.state, "failed")

    def test_the_scheduler_is_called_for_each_deadline(self):
        closing = self.env.ref("pinbu_groupbuy.ir_cron_close_teams")
        triggers = self.env["ir.cron.trigger"]
        team = self.join(self.shopper("1")).team_id
        self.assertTrue(
            triggers.search([("cron_id", "=", closing.id), ("call_at", "=", team.deadline)])
        )
        team.deadline = team.deadline.replace(microsecond=0, year=team.deadline.year + 1)
        self.assertTrue(
            triggers.search([("cron_id", "=", closing.id), ("call_at", "=", team.deadline)])
        )

    def test_who_looks_at_an_overdue_team_wakes_the_scheduler(self):
        team = self.join(self.shopper("1")).team_id
        with patch.object(type(self.env["ir.cron"]), "_notifydb") as notify:
            team._to_api()
            self.assertFalse(notify.called)
            self.pass_deadline(team)
            team._to_api()
            team._to_api()
        self.assertEqual(notify.call_count, 1)

    def test_super_team_opens_with_its_activity(self):
        activity = self.make_activity(mode="super", size=100)
        team = activity.super_team_id
        self.assertEqual((team.size, team.leader_id.id), (100, False))
        self.assertEqual(
            self.refusal(self.checkout, self.shopper("1"), activity=activity),
            "not_allowed_now",
        )
        self.join(self.shopper("1"), team)
        self.assertEqual(team.seats_paid, 1)

    def test_only_a_manager_moves_a_deadline(self):
        team = self.join(self.shopper("1")).team_id
        marketing = new_test_user(self.env, "marketer", groups="pinbu_groupbuy.group_user")
        manager = new_test_user(self.env, "manager", groups="pinbu_groupbuy.group_manager")
        later = team.deadline.replace(year=team.deadline.year + 1)
        with self.assertRaises(AccessError):
            team.with_user(marketing).deadline = later
        with self.assertRaises(AccessError):
            team.with_user(manager).size = 2
        team.with_user(manager).deadline = later
        self.assertIn("deadline moved", team.transition_ids[0].reason)

    def test_a_deadline_is_not_moved_into_the_past(self):
        team = self.join(self.shopper("1")).team_id
        with self.assertRaises(UserError):
            team.deadline = "2020-01-01"

    def test_a_forming_team_outlives_its_activity(self):
        team = self.join(self.shopper("1")).team_id
        self.activity.action_stop()
        self.join(self.shopper("2"), team)
        # Too short a window would be refused; a window that has passed is not.
        self.env.cr.execute(
            "UPDATE pinbu_activity SET ends_at = now() - interval '1 hour' WHERE id = %s",
            [self.activity.id],
        )
        self.env.invalidate_all()
        self.assertEqual(self.activity.state, "ended")
        self.join(self.shopper("3"), team)
        self.assertEqual(team.state, "formed")

    def test_publishing_is_checked_through_every_door(self):
        activity = self.make_activity(publish=False, line_ids=[])
        with self.assertRaises(UserError):
            activity.write({"is_published": True})
        marketing = new_test_user(self.env, "marketer", groups="pinbu_groupbuy.group_user")
        with self.assertRaises(AccessError):
            self.activity.line_ids.with_user(marketing).quota_taken = 0

    def test_a_lapsed_hold_gives_the_last_piece_away(self):
        activity = self.make_activity(quota=1)
        slow = self.checkout(self.shopper("slow"), activity=activity)
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE pinbu_seat SET hold_until = hold_until - interval '1 day' WHERE id = %s",
            [slow.seat_ids.id],
        )
        self.env.invalidate_all()
        self.join(self.shopper("quick"), activity=activity)
        self.assertEqual(slow.seat_ids.state, "released")

    def test_what_was_unreserved_is_not_sold_twice(self):
        activity = self.make_activity(product=self.make_product("Rare crisps", 3))
        team = self.form_team(activity=activity)
        team.picking_ids[0].do_unreserve()
        self.run_schedulers()
        activity.line_ids.invalidate_recordset()
        self.assertEqual(activity.line_ids.available, 0)
        team.picking_ids[0].action_assign()
        team.picking_ids.button_validate()
        self.run_schedulers()
        activity.line_ids.invalidate_recordset()
        self.assertEqual(activity.line_ids.available, 0)

    def test_others_in_the_company_can_open_a_group_buy_order(self):
        """Salespeople and accountants without any group-buying right keep their screens."""
        order = self.form_team().order_ids[0]
        for login, groups in (
            ("seller", "sales_team.group_sale_salesman_all_leads"),
            ("bookkeeper", "account.group_account_invoice"),
        ):
            mine = order.with_user(new_test_user(self.env, login, groups=groups))
            readable = mine.fields_get(attributes=["type"])
            for view in ("form", "list", "kanban"):
                shown = mine.get_view(view_type=view)["models"]["sale.order"]
                spec = {
                    name: {"fields": {"display_name": {}}}
                    if readable[name]["type"] == "many2one"
                    else {}
                    for name in shown
                    if name in readable
                }
                with self.subTest(login=login, view=view):
                    self.assertTrue(mine.web_read(spec))

    def test_log_cannot_be_changed(self):
        team = self.join(self.shopper("1")).team_id
        self.assertTrue(team.transition_ids)
        for statement in (
            "UPDATE pinbu_transition SET reason = ''",
            "DELETE FROM pinbu_transition",
        ):
            with (
                self.assertRaisesRegex(Exception, "never changed"),
                self.cr.savepoint(),
            ):
                self.cr.execute(statement)

    def test_new_terms_are_for_new_seats(self):
        """Whoever joined stays under the terms that they saw; their team stays as it was."""
        seat = self.join(self.shopper("1"))
        before = seat.terms_id
        self.activity.write({"size": 2, "validity_hours": 48})
        self.activity.line_ids.group_price = 18.0
        self.assertEqual((seat.terms_id, seat.team_id.size, before.size), (before, 3, 3))
        self.assertEqual(seat.order_id.amount_total, 19.9)
        new = self.join(self.shopper("2"))
        self.assertEqual((new.team_id.size, new.order_id.amount_total), (2, 18.0))
        self.assertEqual(new.terms_id, self.activity.terms_id)
        with self.assertRaises(UserError):
            before.with_user(self.env.ref("base.user_admin")).write({"size": 9})
        with self.assertRaises(UserError):
            self.activity.unlink()

    def test_a_shopper_sees_own_seats_only(self):
        mine = self.join(self.shopper("1"))
        user = new_test_user(self.env, "shopper", groups="base.group_portal")
        own = self.join(user.partner_id, mine.team_id)
        seats = self.env["pinbu.seat"].with_user(user)
        self.assertEqual(seats.search([]), own)
        with self.assertRaises(AccessError):
            seats.browse(mine.id).check_access("read")
        with self.assertRaises(AccessError):
            own.with_user(user).read(["inviter_id"])
