"""Progress pushed over Odoo's bus to whoever has a team's page, or the merchant's board, open.

A team's channel holds its token in its name: who may look at the team may listen, so a message says
nothing that its page does not. The board's channel is its company's, and says only that something
has changed. Messages are written in the short transaction that counts payments,
hence SQL; a message that is lost costs nothing, since clients poll as well.
"""

import json

from odoo import api, models, sql_db
from odoo.tools import SQL

from odoo.addons.bus.models.bus import ODOO_NOTIFY_FUNCTION, get_notify_payloads
from odoo.addons.bus.websocket import WebsocketConnectionHandler

from ..api import render
from ..transactions import SQL_NOW

TYPE = "pinbu.team"
BOARD = "pinbu.team.board"
# Of a company's channel, which `ir.websocket` opens to those who work with its teams.
BOARD_SUBCHANNEL = "pinbu_team_board"


class PinbuTeam(models.Model):
    _inherit = "pinbu.team"

    # === BUSINESS METHODS === #

    def _to_api_live(self):
        """The contract's ``Team.live``; None once nothing more will be told."""
        self.ensure_one()
        if self._effective_state() != "forming":
            return None
        # A browser that speaks an older version than the server's is sent away.
        version = WebsocketConnectionHandler._VERSION
        url = render.absolute(self.env, f"/websocket?version={version}")
        return {
            "url": url.replace("http", "ws", 1),
            "version": version,
            "channel": f"team/{self.token}",
        }

    @api.model
    def _tell(self, cr, team_ids, event):
        """Tell those who look at these teams, once `cr` has committed.

        :param cr: a cursor of `short_transaction`
        :param str event: ``seat_paid``, ``seat_left``, ``formed`` or ``failed``
        """
        cr.execute(
            SQL(
                "INSERT INTO bus_bus (channel, message, create_date) %s RETURNING channel",
                self._sql_messages(SQL.identifier("pinbu_team"), SQL("%s", event), team_ids),
            )
        )
        self._notify_listeners(cr)

    @api.model
    def _set_paid(self, cr, team_id, seats_paid):
        cr.execute(
            SQL(
                """
                WITH before AS (
                    SELECT id, seats_paid FROM pinbu_team WHERE id = %(team)s
                ), changed AS (
                    UPDATE pinbu_team SET seats_paid = %(paid)s FROM before
                     WHERE pinbu_team.id = before.id AND before.seats_paid != %(paid)s
                 RETURNING pinbu_team.*,
                           CASE WHEN before.seats_paid < %(paid)s THEN 'seat_paid'
                                ELSE 'seat_left' END AS event
                )
                INSERT INTO bus_bus (channel, message, create_date) %(messages)s RETURNING channel
                """,
                team=team_id,
                paid=seats_paid,
                messages=self._sql_messages(
                    SQL.identifier("changed"), SQL.identifier("event"), [team_id]
                ),
            )
        )
        self._notify_listeners(cr)

    @api.model
    def _sql_messages(self, teams, event, team_ids):
        """:param SQL teams: rows of teams
        :param SQL event: the event's code
        :return: rows of ``bus_bus``: channel, message, date; for each team that of its page, and
                 for each company that of its board
        """
        return SQL(
            """
            SELECT %(channel)s || token || '"]',
                   json_build_object('type', %(type)s, 'payload', json_build_object(
                       'token', token,
                       'event', %(event)s,
                       'state', CASE state WHEN 'shipped' THEN 'formed'
                                           WHEN 'settled' THEN 'failed' ELSE state END,
                       'seats_paid', seats_paid,
                       'missing', size - seats_paid - merchant_places,
                       'deadline', to_char(deadline, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')))::text,
                   %(now)s
              FROM %(teams)s WHERE id = ANY(%(ids)s)
             UNION ALL
            SELECT %(company)s || company_id || %(board)s,
                   json_build_object('type', %(board_type)s, 'payload', json_build_object())::text,
                   %(now)s
              FROM %(teams)s WHERE id = ANY(%(ids)s) GROUP BY company_id
            """,
            # As Odoo writes it: the database, then the channel's name. A token needs no escaping.
            channel=f'[{json.dumps(self.env.cr.dbname)},"team/',
            company=f'[{json.dumps(self.env.cr.dbname)},"res.company",',
            board=f',"{BOARD_SUBCHANNEL}"]',
            board_type=BOARD,
            type=TYPE,
            event=event,
            now=SQL_NOW,
            teams=teams,
            ids=list(team_ids),
        )

    @api.model
    def _notify_listeners(self, cr):
        """Have the bus look for what was just written, after the commit."""
        channels = [tuple(json.loads(channel)) for (channel,) in cr.fetchall()]

        def notify():
            # All databases of a server share the one channel on which Odoo listens.
            with sql_db.db_connect("postgres").cursor() as listeners:
                for payload in get_notify_payloads(channels):
                    listeners.execute(
                        SQL("SELECT %s('imbus', %s)", SQL.identifier(ODOO_NOTIFY_FUNCTION), payload)
                    )

        if channels:
            cr.postcommit.add(notify)
