"""The tooling behind the Makefile: gets Odoo, PostgreSQL and databases; runs demo, tests, linters.

Standard library only, since it runs before anything is installed.
"""
