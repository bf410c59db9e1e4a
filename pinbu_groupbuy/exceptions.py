from odoo.exceptions import UserError


class PinbuError(UserError):
    """A refusal that a shopper may read.

    Models raise it and the API renders it; in the back office it shows as any other user error.

    :param str code: one of the codes in ``const.ERROR_STATUS``
    :param str message: what the shopper reads, translated
    :param dict | list | None details: facts for the client; never another shopper's data
    """

    def __init__(self, code, message, details=None):
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details or {}
