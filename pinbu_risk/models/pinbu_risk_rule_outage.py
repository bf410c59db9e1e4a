from contextlib import contextmanager, nullcontext

from psycopg2 import OperationalError
from psycopg2.errors import QueryCanceled

from odoo import api, models

from ..facts import Facts, Verdict
from .pinbu_risk_outage import RulesDown
from .pinbu_risk_rule import LOOKS_AT


class PinbuRiskRule(models.Model):
    """Rules that fail say so, and nothing else: whoever asks them decides what happens then.

    With ``pinbu_rules_down`` in the context nobody is judged, and nothing is written down.
    """

    _inherit = "pinbu.risk.rule"

    @api.model
    def _judge_all(self, cr, all_facts):
        if self.env.context.get("pinbu_rules_down"):
            return [Verdict()] * len(all_facts)
        with self._or_down(cr):
            return super()._judge_all(cr, all_facts)

    @api.model
    def _keep_all(self, cr, rows):
        if not self.env.context.get("pinbu_rules_down"):
            with self._or_down(cr):
                super()._keep_all(cr, rows)

    @api.model
    def _probe(self, company):
        """Ask the rules of every moment about nobody, as the real ones are asked.

        :raise RulesDown: when they do not answer
        """
        for moment in LOOKS_AT:
            self._judge(self.env.cr, Facts(moment=moment, company_id=company.id, partner_id=0))

    @contextmanager
    def _or_down(self, cr):
        """:raise RulesDown: when what is done on `cr` fails; the request's own transaction can go on
        then, a short one is to be rolled back"""
        try:
            with cr.savepoint(flush=False) if cr is self.env.cr else nullcontext():
                yield
        except OperationalError as error:
            if isinstance(error, QueryCanceled):
                raise RulesDown from error
            # A rival, or no database at all: as anywhere else.
            raise
        except Exception as error:
            raise RulesDown from error
