from odoo import api, fields, models
from odoo.tools import SQL


class PinbuNotice(models.Model):
    _inherit = "pinbu.notice"

    kind = fields.Selection(
        selection_add=[("subsidy", "Subsidy Granted")], ondelete={"subsidy": "cascade"}
    )

    # === BUSINESS METHODS === #

    @api.model
    def _tell_subsidies(self, subsidies):
        """:param pinbu.subsidy subsidies: just granted"""
        self._tell(
            "subsidy",
            SQL(
                """
                SELECT subsidy.id, subsidy.partner_id, subsidy.company_id, seat.order_id,
                       CASE WHEN subsidy.type = 'cash' THEN subsidy.amount_minor
                            / POWER(10, currency.decimal_places)::numeric END
                  FROM pinbu_subsidy subsidy
             LEFT JOIN pinbu_seat seat ON seat.id = subsidy.seat_id
                  JOIN res_company company ON company.id = subsidy.company_id
                  JOIN res_currency currency ON currency.id = company.currency_id
                 WHERE subsidy.id = ANY(%s) AND subsidy.state = 'granted'
                """,
                subsidies.ids,
            ),
        )

    def _words_subsidy(self):
        subsidy = self.env["pinbu.subsidy"].sudo().browse(self.res_id).exists()
        return (
            self.env._("A subsidy for you"),
            self.env._("You have been given %s.", subsidy.worth or self._money()),
        )
