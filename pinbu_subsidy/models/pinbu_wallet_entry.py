from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from odoo.addons.pinbu_groupbuy.transactions import SQL_NOW

from ..money import from_minor


class PinbuWalletEntry(models.Model):
    """One change of one wallet's balance. Append-only: the database refuses anything else.

    The shopper is reached through the card and is no column here: a merge of contacts rewrites
    foreign keys, and a ledger row must never be rewritten.
    """

    _name = "pinbu.wallet.entry"
    _description = "Wallet Ledger Entry"
    _order = "id desc"
    _log_access = False

    card_id = fields.Many2one(
        "loyalty.card", string="Wallet", required=True, readonly=True, ondelete="restrict"
    )
    partner_id = fields.Many2one(related="card_id.partner_id", string="Shopper")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(related="card_id.program_id.currency_id")
    kind = fields.Selection(
        [
            ("subsidy", "Subsidy"),
            ("spend", "Spent"),
            ("refund", "Refund"),
            ("withdrawal", "Withdrawal"),
            ("withdrawal_return", "Withdrawal Returned"),
            ("take_back", "Taken Back"),
            ("native", "Change in Odoo"),
        ],
        required=True,
        readonly=True,
    )
    amount_minor = fields.Integer(
        string="Amount (minor units)",
        required=True,
        readonly=True,
        help="In the currency's smallest unit: 1990 is 19.90. Below zero: money went out.",
    )
    balance_after_minor = fields.Integer(
        string="Balance after (minor units)", required=True, readonly=True
    )
    amount = fields.Monetary(compute="_compute_amounts")
    balance_after = fields.Monetary(compute="_compute_amounts")
    reference = fields.Char(readonly=True, help="What the shopper sees: an order, a withdrawal.")
    idempotency_key = fields.Char(required=True, readonly=True)
    # `restrict`: setting a reference to nothing would change a row.
    create_uid = fields.Many2one("res.users", string="By", readonly=True, ondelete="restrict")
    create_date = fields.Datetime(string="At", required=True, readonly=True)

    _idempotency_key_unique = models.Constraint(
        "UNIQUE(idempotency_key)", "This was posted to the ledger already."
    )
    _never_negative = models.Constraint(
        "CHECK(balance_after_minor >= 0)", "A wallet cannot go below zero."
    )
    _amount_not_zero = models.Constraint(
        "CHECK(amount_minor != 0)", "A ledger entry changes the balance."
    )
    _card = models.Index("(card_id, id DESC)")
    _made_brin = models.Index("USING brin (create_date)")

    def init(self):
        self.env.cr.execute("""
            DROP TRIGGER IF EXISTS pinbu_wallet_entry_append_only ON pinbu_wallet_entry;
            CREATE TRIGGER pinbu_wallet_entry_append_only
                BEFORE UPDATE OR DELETE OR TRUNCATE ON pinbu_wallet_entry
                FOR EACH STATEMENT EXECUTE FUNCTION pinbu_refuse_change();

            -- Each row continues from the one before, so that the last balance is the sum of all.
            CREATE OR REPLACE FUNCTION pinbu_check_wallet_chain() RETURNS trigger AS $$
            DECLARE
                balance bigint;
            BEGIN
                SELECT balance_after_minor INTO balance FROM pinbu_wallet_entry
                 WHERE card_id = NEW.card_id ORDER BY id DESC LIMIT 1;
                IF NEW.balance_after_minor != COALESCE(balance, 0) + NEW.amount_minor THEN
                    RAISE EXCEPTION 'wallet % stands at %: an entry of % cannot leave %', NEW.card_id,
                        COALESCE(balance, 0), NEW.amount_minor, NEW.balance_after_minor
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS pinbu_wallet_entry_chain ON pinbu_wallet_entry;
            CREATE TRIGGER pinbu_wallet_entry_chain BEFORE INSERT ON pinbu_wallet_entry
                FOR EACH ROW EXECUTE FUNCTION pinbu_check_wallet_chain();

            -- At commit a wallet's points are what its ledger says, whoever changed which.
            CREATE OR REPLACE FUNCTION pinbu_check_wallet_balance() RETURNS trigger AS $$
            DECLARE
                checked integer;
                held float8;
                factor float8;
                balance bigint;
            BEGIN
                IF TG_TABLE_NAME = 'loyalty_card' THEN
                    checked := NEW.id;
                ELSE
                    checked := NEW.card_id;
                END IF;
                SELECT card.points, 10 ^ currency.decimal_places INTO held, factor
                  FROM loyalty_card card
                  JOIN loyalty_program program ON program.id = card.program_id
                  JOIN res_currency currency ON currency.id = program.currency_id
                 WHERE card.id = checked AND card.pinbu_is_wallet;
                IF NOT FOUND THEN
                    RETURN NULL;
                END IF;
                SELECT balance_after_minor INTO balance FROM pinbu_wallet_entry
                 WHERE card_id = checked ORDER BY id DESC LIMIT 1;
                IF abs(COALESCE(held, 0) * factor - COALESCE(balance, 0)) > 0.000001 THEN
                    RAISE EXCEPTION 'wallet % holds %, its ledger says %', checked,
                        COALESCE(held, 0), COALESCE(balance, 0) / factor
                        USING ERRCODE = 'check_violation';
                END IF;
                RETURN NULL;
            END $$ LANGUAGE plpgsql;
            DROP TRIGGER IF EXISTS pinbu_wallet_balance ON pinbu_wallet_entry;
            CREATE CONSTRAINT TRIGGER pinbu_wallet_balance AFTER INSERT ON pinbu_wallet_entry
                DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION pinbu_check_wallet_balance();
            DROP TRIGGER IF EXISTS pinbu_wallet_balance ON loyalty_card;
            CREATE CONSTRAINT TRIGGER pinbu_wallet_balance
                AFTER INSERT OR UPDATE OF points ON loyalty_card
                DEFERRABLE INITIALLY DEFERRED
                FOR EACH ROW EXECUTE FUNCTION pinbu_check_wallet_balance();
        """)

    # === COMPUTE METHODS === #

    @api.depends("amount_minor", "balance_after_minor", "currency_id")
    def _compute_amounts(self):
        for entry in self:
            entry.amount = from_minor(entry.amount_minor, entry.currency_id)
            entry.balance_after = from_minor(entry.balance_after_minor, entry.currency_id)

    @api.depends("kind", "reference")
    def _compute_display_name(self):
        kinds = dict(self._fields["kind"]._description_selection(self.env))
        for entry in self:
            entry.display_name = " ".join(filter(None, [kinds[entry.kind], entry.reference]))

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("A ledger entry is never deleted."))

    # === BUSINESS METHODS === #

    @api.model
    def _append(self, cr, entries):
        """Write rows. The caller holds the locks on their cards' rows and has set their points.

        :param list[dict] entries: values, the same names in each; of one card in the order in which
            its balance moved
        :return: ``{idempotency key: id}``
        :rtype: dict
        """
        common = {"create_uid": self.env.uid, "create_date": SQL_NOW}
        rows = [entry | common for entry in entries]
        cr.execute(
            SQL(
                "INSERT INTO pinbu_wallet_entry (%s) VALUES %s RETURNING idempotency_key, id",
                SQL(", ").join(map(SQL.identifier, rows[0])),
                SQL(", ").join(
                    SQL("(%s)", SQL(", ").join(SQL("%s", value) for value in row.values()))
                    for row in rows
                ),
            )
        )
        return dict(cr.fetchall())
