from odoo import api, fields, models
from odoo.exceptions import AccessError, ValidationError
from odoo.tools import SQL

from ..transactions import SQL_NOW

# What "no limit" reads as: a service, or a consumable without a quota.
UNLIMITED = 10**6


class PinbuActivityLine(models.Model):
    """One variant on offer in an activity: its group price and its quota."""

    _name = "pinbu.activity.line"
    _description = "Group-buying Activity Variant"
    _order = "activity_id, sequence, id"

    activity_id = fields.Many2one(
        "pinbu.activity", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="activity_id.company_id", store=True)
    currency_id = fields.Many2one(related="activity_id.currency_id")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product", string="Variant", required=True, index=True, ondelete="restrict"
    )
    list_price = fields.Monetary(compute="_compute_list_price")
    group_price = fields.Monetary(
        required=True, help="What one shopper pays for one piece, all taxes included."
    )
    quota = fields.Integer(
        required=True,
        default=0,
        help="How many pieces this activity may sell. A failed team gives its pieces back. "
        "0 means no limit but the stock.",
    )
    quota_taken = fields.Integer(
        string="Pieces Taken", required=True, default=0, readonly=True, copy=False
    )
    available = fields.Integer(
        compute="_compute_available",
        help="Pieces that can still be bought: the quota and the free stock, less open holds.",
    )

    _product_unique = models.Constraint(
        "UNIQUE(activity_id, product_id)", "A variant can stand in an activity only once."
    )
    _price_positive = models.Constraint(
        "CHECK(group_price > 0)", "A group price must be above zero."
    )
    _quota_kept = models.Constraint(
        "CHECK(quota >= 0 AND quota_taken >= 0 AND (quota = 0 OR quota_taken <= quota))",
        "The quota cannot be lower than the pieces already taken.",
    )

    # === COMPUTE METHODS === #

    @api.depends("product_id.lst_price", "product_id.list_price")
    def _compute_list_price(self):
        for line in self:
            line.list_price = line.product_id.lst_price

    @api.depends("quota", "quota_taken", "product_id", "activity_id.is_presale")
    def _compute_available(self):
        for model in ("pinbu.seat", "pinbu.activity.line", "stock.quant"):
            self.env[model].flush_model()
        stock = self._stock_left(self.env.cr, self.ids)
        for line in self:
            limits = [UNLIMITED]
            if line.quota:
                limits.append(line.quota - line.quota_taken)
            if stock.get(line.id) is not None and not line.activity_id.is_presale:
                limits.append(stock[line.id])
            line.available = max(0, min(limits))

    # === CONSTRAINT METHODS === #

    @api.constrains("product_id", "activity_id")
    def _check_product(self):
        for line in self:
            if line.product_id.product_tmpl_id != line.activity_id.product_tmpl_id:
                raise ValidationError(
                    self.env._(
                        "%(variant)s is not a variant of %(product)s.",
                        variant=line.product_id.display_name,
                        product=line.activity_id.product_tmpl_id.display_name,
                    )
                )

    @api.constrains("group_price", "product_id")
    def _check_group_price(self):
        for line in self:
            if line.currency_id.compare_amounts(line.group_price, line.list_price) > 0:
                raise ValidationError(
                    self.env._(
                        "The group price of %s cannot be above its list price.",
                        line.product_id.display_name,
                    )
                )

    # === CRUD METHODS === #

    def write(self, vals):
        # Counted by claims in SQL; a number typed in by hand would sell too much or too little.
        if "quota_taken" in vals and not self.env.su:
            raise AccessError(self.env._("The pieces taken are counted, not entered."))
        return super().write(vals)

    # === BUSINESS METHODS === #

    @api.model
    def _stock_left(self, cr, line_ids):
        """How many pieces of each line's product the warehouse can still promise.

        What it has and no delivery has reserved, less what is claimed: by shoppers who hold a place
        or have paid for it, and by teams whose policy ``open`` keeps all their places; each only as
        far as Odoo has not reserved it. With policy ``success`` only a formed team claims.

        One statement, hence one snapshot: a piece is always either claimed or reserved by its
        delivery. SQL, since a claim calls it at READ COMMITTED.

        :return: ``{line id: pieces}``; None where stock is not kept
        """
        cr.execute(
            SQL(
                "SELECT line.id, %s FROM pinbu_activity_line line WHERE line.id = ANY(%s)",
                self._sql_stock_left(),
                list(line_ids),
            )
        )
        return {line_id: None if left is None else int(left) for line_id, left in cr.fetchall()}

    @api.model
    def _sql_stock_left(self):
        """:return: an SQL value: what `_stock_left` says of the ``line`` around it"""
        return SQL(
            """
            (%(free)s - (
                       SELECT COALESCE(SUM(
                                  CASE WHEN seat.state = 'won' THEN seat.quantity
                                       WHEN seat.stock_policy = 'success' THEN 0
                                       WHEN seat.stock_policy != 'open' THEN seat.quantity
                                       WHEN seat.team_id IS NULL THEN terms.size
                                       WHEN seat.state = 'held' THEN 0
                                       ELSE seat.quantity END), 0)
                         FROM pinbu_seat seat
                    LEFT JOIN pinbu_activity_terms terms ON terms.id = seat.terms_id
                        WHERE seat.product_id = line.product_id
                          AND seat.company_id = line.company_id
                          AND NOT seat.is_reserved
                          AND (seat.state IN ('paid', 'won')
                               OR (seat.state = 'held' AND seat.hold_until > %(now)s))
                   ) - (
                       SELECT COALESCE(SUM(team.size - team.seats_paid), 0)
                         FROM pinbu_team team
                         JOIN pinbu_activity_line own ON own.id = team.line_id
                          AND own.product_id = line.product_id
                        WHERE team.state = 'forming' AND team.stock_policy = 'open'
                          AND team.company_id = line.company_id AND team.is_reserved IS NOT TRUE
                   ))
            """,
            free=self._sql_free_stock(
                SQL.identifier("line", "product_id"), SQL.identifier("line", "company_id")
            ),
            now=SQL_NOW,
        )

    @api.model
    def _sql_free_stock(self, product_id, company_id):
        """:return: an SQL value: the product's pieces that the company's first warehouse has and
        no delivery has reserved; NULL where stock is not kept"""
        return SQL(
            """
            (SELECT CASE WHEN template.is_storable THEN (
                        SELECT COALESCE(SUM(quant.quantity - quant.reserved_quantity), 0)
                          FROM stock_quant quant
                          JOIN stock_location location ON location.id = quant.location_id
                         WHERE quant.product_id = product.id AND location.usage = 'internal'
                           AND location.parent_path LIKE (
                               SELECT stock.parent_path || '%%'
                                 FROM stock_warehouse warehouse
                                 JOIN stock_location stock ON stock.id = warehouse.lot_stock_id
                                WHERE warehouse.company_id = %(company)s AND warehouse.active
                             ORDER BY warehouse.sequence, warehouse.id LIMIT 1)
                    ) END
               FROM product_product product
               JOIN product_template template ON template.id = product.product_tmpl_id
              WHERE product.id = %(product)s)
            """,
            product=product_id,
            company=company_id,
        )
