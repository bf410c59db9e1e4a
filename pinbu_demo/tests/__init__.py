from . import test_clients, test_merchant, test_provider_guard, test_screens, test_translations
