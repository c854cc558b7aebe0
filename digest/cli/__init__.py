"""The commands. `app` holds the table of them; each is imported only when it is called.

app ─► lazy (name → module) ─► a command ─► desk (settings, database, clock) ─► store, jobs, wiring
                                  └─► output (tables for people, JSON for programs)
failure ─► one line on stderr that says what to do, and the exit status
"""
