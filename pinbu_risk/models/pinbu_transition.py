from odoo import api, models
from odoo.tools import SQL


class PinbuTransition(models.Model):
    """Of shoppers who had their data deleted, what staff wrote is no longer in the log.

    The database still refuses every other change, and this one while nothing was deleted.
    """

    _inherit = "pinbu.transition"

    # === CONSTRAINT METHODS === #

    def init(self):
        super().init()
        self.env.cr.execute("""
            CREATE OR REPLACE FUNCTION pinbu_transition_forget_only() RETURNS trigger AS $$
            BEGIN
                IF NEW.note IS NULL AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note'
                   AND EXISTS (
                       SELECT 1 FROM pinbu_account_deletion deletion
                        WHERE deletion.state = 'done' AND deletion.partner_id IN (
                              SELECT partner_id FROM pinbu_seat WHERE id = OLD.seat_id
                           UNION ALL SELECT partner_id FROM pinbu_seat WHERE team_id = OLD.team_id
                           UNION ALL SELECT partner_id FROM pinbu_return WHERE id = OLD.return_id
                           UNION ALL SELECT partner_id FROM pinbu_withdrawal
                                      WHERE id = OLD.withdrawal_id))
                THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS pinbu_transition_append_only ON pinbu_transition;
            CREATE TRIGGER pinbu_transition_append_only
                BEFORE DELETE OR TRUNCATE ON pinbu_transition
                FOR EACH STATEMENT EXECUTE FUNCTION pinbu_refuse_change();
            DROP TRIGGER IF EXISTS pinbu_transition_forget_only ON pinbu_transition;
            CREATE TRIGGER pinbu_transition_forget_only BEFORE UPDATE ON pinbu_transition
                FOR EACH ROW EXECUTE FUNCTION pinbu_transition_forget_only();
        """)

    # === BUSINESS METHODS === #

    @api.model
    def _forget(self, partner_id):
        """Why something was done by hand to this former shopper's places, teams, returns and
        withdrawals, in words about them, goes; that it was done, by whom and when stays."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE pinbu_transition SET note = NULL
                 WHERE note IS NOT NULL AND id IN (
                       SELECT log.id FROM pinbu_transition log
                         JOIN pinbu_seat seat ON seat.id = log.seat_id
                        WHERE seat.partner_id = %(partner)s
                    UNION ALL SELECT log.id FROM pinbu_transition log
                         JOIN pinbu_seat seat ON seat.team_id = log.team_id
                        WHERE seat.partner_id = %(partner)s
                    UNION ALL SELECT log.id FROM pinbu_transition log
                         JOIN pinbu_return asked ON asked.id = log.return_id
                        WHERE asked.partner_id = %(partner)s
                    UNION ALL SELECT log.id FROM pinbu_transition log
                         JOIN pinbu_withdrawal withdrawal ON withdrawal.id = log.withdrawal_id
                        WHERE withdrawal.partner_id = %(partner)s)
                """,
                partner=partner_id,
            )
        )
        self.invalidate_model(["note"], flush=False)
