"""The decorator of every API route."""

from odoo.http import request, route

from . import dispatcher  # noqa: F401  it registers the routing type

BASE = "/pinbu/api/v1"
READS = frozenset({"GET", "HEAD"})


def api_route(
    path,
    *,
    methods,
    auth="pinbu_shopper",
    body=None,
    query=None,
    reply=None,
    errors=(),
    idempotency="optional",
    **routing,
):
    """A route below ``/pinbu/api/v1``; the package's docstring says what a method gets and gives.

    :param str path: as in ``odoo.http.route``, from the version on
    :param list methods: the HTTP verbs
    :param str auth: ``pinbu_shopper``, ``pinbu_public`` or ``pinbu_anyone``
    :param body: the pydantic model of the JSON body, passed as ``body``
    :param query: the pydantic model of the query string, passed as ``query``
    :param reply: what is answered: a model of ``shapes`` (status 200), None (status 204), or a dict
                  of status and model where it is another, or one of several. A string is the
                  media type of an answer that is not JSON
    :param errors: the codes that the route's own models may raise; those that follow from its
                   authentication, body, query, path and idempotency are known
    :param idempotency: ``required``, ``optional`` or None; writes only
    """
    reads = READS.issuperset(methods)
    return route(
        BASE + path,
        type="pinbu",
        auth=auth,
        methods=methods,
        csrf=False,
        save_session=False,
        # What a shopper reads after a payment comes from the primary; a passer-by may be served
        # by a replica.
        readonly=_is_anonymous if reads and auth == "pinbu_public" else False,
        pinbu_body=body,
        pinbu_query=query,
        pinbu_reply=reply if isinstance(reply, dict) else {200 if reply else 204: reply},
        pinbu_errors=frozenset(errors),
        pinbu_idempotency=None if reads else idempotency,
        **routing,
    )


def _is_anonymous(_controller, _rule, _args):
    return "Authorization" not in request.httprequest.headers
