from . import test_api_risk, test_participation
