def uninstall_hook(env):
    """What measures rings and farms stands outside the module's tables, and would outlive them."""
    env.cr.execute("""
        DROP FUNCTION IF EXISTS pinbu_risk_ring(integer, integer, integer, timestamp);
        DROP FUNCTION IF EXISTS pinbu_risk_failed_teams(
            integer[], integer, integer, timestamp, integer);
        DROP FUNCTION IF EXISTS pinbu_identity_log_forget_only() CASCADE;
        DROP FUNCTION IF EXISTS pinbu_transition_forget_only() CASCADE;
        -- Nobody is forgotten any more: the log is as it was before.
        DROP TRIGGER IF EXISTS pinbu_transition_append_only ON pinbu_transition;
        CREATE TRIGGER pinbu_transition_append_only
            BEFORE UPDATE OR DELETE OR TRUNCATE ON pinbu_transition
            FOR EACH STATEMENT EXECUTE FUNCTION pinbu_refuse_change();
    """)
