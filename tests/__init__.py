import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "clients" / "python"))

from . import test_api_contract, test_clients, test_fuzz, test_links, test_story, test_warehouse_day
