def uninstall_hook(env):
    """What measures rings and farms stands outside the module's tables, and would outlive them."""
    env.cr.execute("""
        DROP FUNCTION IF EXISTS pinbu_risk_ring(integer, integer, integer, timestamp);
        DROP FUNCTION IF EXISTS pinbu_risk_failed_teams(
            integer[], integer, integer, timestamp, integer);
    """)
