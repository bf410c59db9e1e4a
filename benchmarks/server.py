"""An Odoo server whose payment provider refunds at once. Takes the arguments of `odoo server`."""

import signal
import sys

import odoo
from odoo.cli import main
from odoo.tools import config

if __name__ == "__main__":
    if odoo.evented:
        # The process for websockets, which nobody opens here.
        signal.pause()
    config.parse_config(sys.argv[1:])

    from measured.shop import refunds_answered

    sys.argv[1:1] = ["server"]
    with refunds_answered():
        main()
