# Everything is built in PINBU_HOME (default: ~/.cache/pinbu), nothing in the checkout.
# The work is done by dev/run; make hands variables on to it in the environment.

.PHONY: help demo test lint bench screenshots shell clean

help:
	@echo 'make demo    the shop: builds what is missing, plays a story, serves until Ctrl-C'
	@echo '             DB=pinbu_demo PORT=8069 STORY=1 (0: no story) WORKERS=0 FRESH=1 (a new database)'
	@echo 'make test    all tests; ADDON=pinbu_groupbuy for one add-on, K=expression to choose'
	@echo 'make lint    ruff and pylint-odoo'
	@echo "make bench   what the engine costs beside Odoo itself; ARGS='--only checkouts' to choose"
	@echo 'make screenshots   pictures of the main screens, into FOLDER'
	@echo 'make shell   odoo shell on DB'
	@echo 'make clean   removes everything that was built'
	@echo
	@echo 'ODOO=/path    use this Odoo 19 instead of fetching one'
	@echo 'PINBU_HOME=/path   build there    PYTHON=python3.12   use this Python'
	@echo 'PGHOST, PGPORT, PGUSER, PGPASSWORD   use this PostgreSQL server instead of a private one'

demo test lint bench screenshots shell clean:
	@dev/run $@
