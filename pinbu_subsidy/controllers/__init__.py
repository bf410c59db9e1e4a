from . import wallet
