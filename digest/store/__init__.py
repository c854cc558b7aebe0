"""The only home of SQL: one transaction per call of `Database.run`, one file per aggregate, rows never leave.

database   connections, transactions, retries        tables   the schema
migrations upgrade, revision checks, backup          sources  what to poll and when
catalog    papers, sightings, signals                subscribers, editions, outbox, suppressions, keys
"""
