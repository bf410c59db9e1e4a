from . import test_api_contract, test_links, test_story
