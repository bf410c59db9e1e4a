import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[2] / "clients" / "python"))

from . import test_clients, test_merchant, test_provider_guard, test_screens, test_translations
