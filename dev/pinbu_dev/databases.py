"""Databases: built once per set of native modules, then copied; half-built ones never count.

Every database carries a comment (`COMMENT ON DATABASE`) that says what it was built from. It is
built under the name `<name>_building` and renamed at its end.
"""

import json
import os
import re
import shutil

from . import lock, manifests, paths, say

_MARK = "pinbu "
# Bump when the steps below change.
_RECIPE = 2
# CN and CNY have to be there before `account`, which then brings the Chinese chart by itself; and
# tax-included prices before anything that makes prices.
_COMPANY = """
company = env.ref('base.main_company')
env.ref('base.CNY').active = True
company.write({'country_id': env.ref('base.cn').id, 'currency_id': env.ref('base.CNY').id})
env.cr.commit()
"""
_PRICES = """
company = env.ref('base.main_company')
assert company.chart_template == 'cn', company.chart_template
company.account_price_include = 'tax_included'
env.cr.commit()
"""


def build(odoo, name, addons, base=None):
    """Build a new database with add-ons; an old one of that name is dropped.

    :param odoo: an Odoo.
    :param name: the database's name.
    :param addons: technical names; ours or native.
    :param base: a database of ours to start from, instead of the template of the native modules.
    """
    _check(odoo, name)
    own, native = manifests.closure(addons)
    source = base or template(odoo, native)
    with lock.building(f"database-{name}"):
        building = f"{name}_building"
        drop(odoo, building)
        copy(odoo, source, building)
        if own:
            with say.step(f"Database {name}: installing {', '.join(own)}"):
                _install(odoo, building, own)
        _new_identity(odoo, building)
        drop(odoo, name)
        _rename(odoo, building, name)
        mark(odoo, name, {"code": manifests.code(own), "odoo": odoo.version, "addons": own})


def update(odoo, name, addons):
    """Bring a database of ours up to the code of today, keeping its data; build it if there is none.

    :return: whether anything had to be done.
    """
    made_of = marked(odoo, name)
    if made_of is None:
        build(odoo, name, addons)
        return True
    own, _native = manifests.closure(addons)
    wanted = {"code": manifests.code(own), "odoo": odoo.version, "addons": own}
    if made_of == wanted:
        return False
    with lock.building(f"database-{name}"), say.step(f"Database {name}: updating the add-ons"):
        names = ",".join(own)
        changed = names if made_of["odoo"] == odoo.version else "base"
        log = paths.LOGS / f"database-{name}.log"
        words = ("-d", name, "-i", names, "-u", changed, "--i18n-overwrite", *_ONCE)
        odoo.run(log, "updating the add-ons (FRESH=1 makes the database anew)", *words)
        mark(odoo, name, wanted)
    return True


def template(odoo, native):
    """A database with native modules only, made once and kept.

    :return: its name.
    """
    company = f"pinbu_tpl_{paths.digest(odoo.version, _RECIPE, _COMPANY, _PRICES)}"
    _once(odoo, company, lambda name: _company(odoo, name))
    if not set(native) - {"base", "account"}:
        return company
    full = f"pinbu_tpl_{paths.digest(company, *native)}"

    def modules(name):
        copy(odoo, company, name)
        with say.step(f"Native modules: {', '.join(native)}"):
            _install(odoo, name, native)

    _once(odoo, full, modules)
    return full


def _once(odoo, name, make):
    if marked(odoo, name) is not None:
        return
    with lock.building("templates"):
        if marked(odoo, name) is not None:
            return
        building = f"{name}_building"
        drop(odoo, building)
        drop(odoo, name)
        make(building)
        _rename(odoo, building, name)
        mark(odoo, name, {"odoo": odoo.version})


def _company(odoo, name):
    log = paths.LOGS / f"database-{name}.log"
    odoo.query(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'")
    with say.step("A company in China (base, account, Chinese)"):
        words = ("-d", name, "--load-language", "zh_CN,en_US", *_ONCE)
        odoo.run(log, "installing base", "-i", "base", *words)
        shell(odoo, name, _COMPANY)
        odoo.run(log, "installing account", "-i", "account", *words)
        shell(odoo, name, _PRICES)


_ONCE = ("--stop-after-init", "--no-http", "--max-cron-threads=0", "--log-level=warn")


def _install(odoo, name, addons):
    log = paths.LOGS / f"database-{name}.log"
    odoo.run(log, f"installing {', '.join(addons)}", "-d", name, "-i", ",".join(addons), *_ONCE)
    # Odoo leaves out an add-on that it cannot install, and says so only in its log.
    rows = odoo.query("SELECT name FROM ir_module_module WHERE state = 'installed'", database=name)
    missing = sorted(set(addons) - {row[0] for row in rows})
    if missing:
        raise say.Stop(f"Odoo did not install {', '.join(missing)}; see {log}")


def shell(odoo, name, script):
    """Run a script in `odoo shell` on a database; it has to commit by itself."""
    log = paths.LOGS / f"shell-{name}.log"
    # The shell swallows exceptions of its standard input's script unless they end the process.
    body = "".join(f"    {line}\n" for line in script.strip().splitlines())
    guarded = f"try:\n{body}except BaseException:\n    import os, traceback\n    traceback.print_exc()\n    os._exit(1)\n"
    words = ("shell", "-d", name, "--no-http", "--log-level=warn", "--shell-interface=python")
    odoo.run(log, "a script in odoo shell", *words, stdin=guarded)


def exists(odoo, name):
    return bool(odoo.query("SELECT 1 FROM pg_database WHERE datname = %s", name))


def marked(odoo, name):
    """What a database of ours was built from; None if there is none of that name, or not of ours."""
    rows = odoo.query(
        "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", name
    )
    text = rows[0][0] if rows else None
    return json.loads(text[len(_MARK) :]) if text and text.startswith(_MARK) else None


def mark(odoo, name, made_of):
    odoo.query(f'COMMENT ON DATABASE "{name}" IS %s', _MARK + json.dumps(made_of))


def copy(odoo, source, name):
    _disconnect(odoo, source)
    odoo.query(f'CREATE DATABASE "{name}" TEMPLATE "{source}"')
    shutil.rmtree(_filestore(name), ignore_errors=True)
    if _filestore(source).exists():
        # Odoo never writes into a stored file, so both databases may share it.
        shutil.copytree(_filestore(source), _filestore(name), copy_function=os.link)


def drop(odoo, name):
    if exists(odoo, name):
        odoo.query(f'DROP DATABASE "{name}" WITH (FORCE)')
    shutil.rmtree(_filestore(name), ignore_errors=True)


def _rename(odoo, old, new):
    shutil.rmtree(_filestore(new), ignore_errors=True)
    if _filestore(old).exists():
        _filestore(old).rename(_filestore(new))
    _disconnect(odoo, old)
    odoo.query(f'ALTER DATABASE "{old}" RENAME TO "{new}"')


def _disconnect(odoo, name):
    odoo.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", name)


def _new_identity(odoo, name):
    """Give a copy an identity and a secret of its own, as Odoo's own duplication does."""
    odoo.query(
        "UPDATE ir_config_parameter SET value = gen_random_uuid()::text "
        "WHERE key IN ('database.uuid', 'database.secret')",
        database=name,
    )


def _filestore(name):
    return paths.ODOO_DATA / "filestore" / name


def _check(odoo, name):
    if exists(odoo, name) and marked(odoo, name) is None:
        raise say.Stop(
            f"there is a database {name} that this tool did not make; choose another: DB=..."
        )
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,50}", name):
        raise say.Stop(
            f"DB={name}: use lower-case letters, digits, - and _, starting with a letter"
        )
