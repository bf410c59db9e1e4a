from odoo.tests import tagged

from .common import GroupBuyCase
from .invariants import assert_invariants, assert_money


@tagged("post_install", "-at_install")
class TestInvariants(GroupBuyCase):
    """The checks that follow each race see what they are there to see."""

    def test_they_hold_for_every_outcome(self):
        formed = self.form_team()
        failed = self.join(self.shopper("1")).team_id
        self.pass_deadline(failed)
        activity = self.make_activity(stock_policy="open", quota=9)
        self.join(self.shopper("2"), activity=activity)
        late = self.checkout(self.shopper("3"), activity=self.make_activity(size=2))
        late._pinbu_cancel()
        self.checkout(self.shopper("4"), activity=self.make_activity())
        self.run_schedulers(3)
        assert_invariants(self.env.cr)
        assert_money(self.env, (formed | failed).order_ids | late)

    def test_they_see_what_is_broken(self):
        team = self.join(self.shopper("1")).team_id
        self.form_team("winner")
        self.env.flush_all()
        for change in (
            "UPDATE pinbu_team SET seats_paid = 0 WHERE id = %s",
            "UPDATE pinbu_team SET seats_taken = 2 WHERE id = %s",
            "UPDATE pinbu_team SET state = 'formed' WHERE id = %s",
            "UPDATE pinbu_team SET state = 'failed' WHERE id = %s",
            "UPDATE pinbu_seat SET state = 'won' WHERE team_id = %s",
            "UPDATE pinbu_seat SET state = 'released' WHERE team_id = %s",
            "UPDATE pinbu_seat SET quantity = 2 WHERE team_id = %s",
            "UPDATE pinbu_seat SET transaction_id = NULL WHERE team_id = %s",
        ):
            with self.subTest(change):
                savepoint = self.cr.savepoint(flush=False)
                self.cr.execute(change, [team.id])
                with self.assertRaises(AssertionError):
                    assert_invariants(self.cr)
                savepoint.close(rollback=True)
        assert_invariants(self.cr)

    def test_money_in_limbo_is_seen(self):
        seat = self.join(self.shopper("1"))
        assert_money(self.env, seat.order_id)
        self.pass_deadline(seat.team_id)
        self.run_scheduler("close")
        with self.assertRaises(AssertionError):
            assert_money(self.env, seat.order_id)
        self.run_schedulers()
        assert_money(self.env, seat.order_id)
