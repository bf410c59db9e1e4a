from . import pinbu_risk_decision
