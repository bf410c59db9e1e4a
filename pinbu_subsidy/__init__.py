from . import api, controllers, models, wizards
from .hooks import uninstall_hook
