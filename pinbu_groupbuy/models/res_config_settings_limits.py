from odoo import fields, models

from ..api.limits import DEFAULTS, PARAMETER


def _limit(kind, who, **attrs):
    return fields.Integer(
        config_parameter=PARAMETER % (kind, who),
        default=DEFAULTS[kind][who == "address"],
        **attrs,
    )


class ResConfigSettings(models.TransientModel):
    """They protect the server, whose companies share its workers: one set for the database."""

    _inherit = "res.config.settings"

    pinbu_limit_read_shopper = _limit("read", "shopper", string="Readings of One Shopper")
    pinbu_limit_read_address = _limit("read", "address", string="All Calls of One Address")
    pinbu_limit_write_shopper = _limit("write", "shopper", string="Changes of One Shopper")
    pinbu_limit_write_address = _limit("write", "address", string="Changes of One Address")
    pinbu_limit_login_shopper = _limit("login", "shopper", string="Session Calls of One Shopper")
    pinbu_limit_login_address = _limit("login", "address", string="Log-Ins of One Address")
    pinbu_limit_money_shopper = _limit("money", "shopper", string="Money Calls of One Shopper")
    pinbu_limit_money_address = _limit("money", "address", string="Money Calls of One Address")
