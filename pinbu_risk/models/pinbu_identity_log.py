from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL


class PinbuIdentityLog(models.Model):
    """Who did what to somebody's identity, each reading of it included. Append-only, but for the
    notes about shoppers who had their data deleted.

    It refers by plain integers: rows outlive the identity that they tell of.
    """

    _name = "pinbu.identity.log"
    _description = "Identity Log"
    _order = "id desc"
    _log_access = False
    _rec_name = "kind"

    kind = fields.Selection(
        [
            ("given", "Given by the shopper"),
            ("read", "Read"),
            ("verified", "Verified"),
            ("refused", "Refused"),
            ("reopened", "Verification taken back"),
            ("exported", "Put into the shopper's export"),
            ("erased", "Erased"),
        ],
        required=True,
        readonly=True,
    )
    identity_ref = fields.Integer(required=True, readonly=True, index=True, aggregator=None)
    partner_ref = fields.Integer(
        string="Shopper's Number", required=True, readonly=True, aggregator=None
    )
    partner_id = fields.Many2one("res.partner", string="Shopper", compute="_compute_partner_id")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    version = fields.Integer(
        required=True,
        readonly=True,
        aggregator=None,
        help="Which of the data that the shopper gave one after the other.",
    )
    note = fields.Char(readonly=True, help="Why, where somebody or something gave a reason.")
    # `restrict`: setting a reference to nothing would change a row.
    create_uid = fields.Many2one("res.users", string="By", readonly=True, ondelete="restrict")
    create_date = fields.Datetime(string="At", required=True, readonly=True)

    def init(self):
        self.env.cr.execute("""
            DROP TRIGGER IF EXISTS pinbu_identity_log_append_only ON pinbu_identity_log;
            CREATE TRIGGER pinbu_identity_log_append_only
                BEFORE DELETE OR TRUNCATE ON pinbu_identity_log
                FOR EACH STATEMENT EXECUTE FUNCTION pinbu_refuse_change();
            CREATE OR REPLACE FUNCTION pinbu_identity_log_forget_only() RETURNS trigger AS $$
            BEGIN
                IF NEW.note IS NULL AND to_jsonb(NEW) - 'note' = to_jsonb(OLD) - 'note'
                   AND EXISTS (SELECT 1 FROM pinbu_account_deletion deletion
                                WHERE deletion.state = 'done'
                                  AND deletion.partner_id = OLD.partner_ref)
                THEN
                    RETURN NEW;
                END IF;
                RAISE EXCEPTION 'rows of % are never changed or deleted', TG_TABLE_NAME;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS pinbu_identity_log_forget_only ON pinbu_identity_log;
            CREATE TRIGGER pinbu_identity_log_forget_only BEFORE UPDATE ON pinbu_identity_log
                FOR EACH ROW EXECUTE FUNCTION pinbu_identity_log_forget_only();
        """)

    # === COMPUTE METHODS === #

    @api.depends("partner_ref")
    def _compute_partner_id(self):
        partners = self.env["res.partner"].sudo().browse(set(self.mapped("partner_ref")))
        there = set(partners.exists().ids)
        for row in self:
            row.partner_id = row.partner_ref if row.partner_ref in there else False

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("The log of identities is never deleted."))

    # === BUSINESS METHODS === #

    @api.model
    def _forget(self, partner_id):
        """Who read what and when stays of this former shopper; why, in words about them, goes."""
        self.env.cr.execute(
            SQL(
                "UPDATE pinbu_identity_log SET note = NULL"
                " WHERE partner_ref = %s AND note IS NOT NULL",
                partner_id,
            )
        )
        self.invalidate_model(["note"], flush=False)
