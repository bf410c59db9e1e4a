from . import api, controllers, models, wizard
