class PinbuError(Exception):
    """What a call of the API may raise."""


class NoAnswer(PinbuError):
    """The shop was not reached, or what came is no answer of its API, however often we tried."""


class ApiError(PinbuError):
    """The API refused.

    :param int status: of HTTP
    :param str code: the contract's, such as ``team_full``; there may be new ones at any time
    :param str message: for the shopper, in the client's language
    :param details: a dict or a list, as the code has it
    :param str request_id: what the shop's log knows this request by
    :param retry_after: seconds to wait before the next try, or None
    """

    def __init__(self, status, code, message, details=None, request_id=None, retry_after=None):
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.details = details
        self.request_id = request_id
        self.retry_after = retry_after
