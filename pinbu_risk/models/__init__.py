from . import pinbu_risk_event, pinbu_risk_rule, pinbu_seat
