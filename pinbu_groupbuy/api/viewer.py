"""Who looks at a public page."""

from odoo.http import request


def viewer():
    """:return: the shopper (res.partner) of the request's token, or None for a passer-by"""
    user = request.env.user
    return None if user._is_public() else user.partner_id
