"""What the API answers when the database cannot even be asked who should answer.

Odoo then has no route and no dispatcher: it would show its page for "no database", with status 404,
or a traceback. Whoever wants to pay at that moment must be told to try again.
"""

from psycopg2.pool import PoolError

from odoo.http import RegistryError, Request

from .dispatcher import PinbuDispatcher

BASE = "/pinbu/api/"

_serve_db = Request._serve_db


def serve_db(self):
    try:
        return _serve_db(self)
    except (RegistryError, PoolError) as error:
        # Once a route was found, its dispatcher has said all that is to be said.
        if not self.httprequest.path.startswith(BASE) or hasattr(error, "error_response"):
            raise
        return PinbuDispatcher(self).handle_error(error)


Request._serve_db = serve_db
