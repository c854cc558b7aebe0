# ruff: noqa: S608 - every name in these statements is that of one of our own tables or columns
"""What a database needs beyond tables so that words are found at once: SQLite's FTS5, PostgreSQL's GIN over tsvector.

`paper_words` holds terms, not text, so neither database's own notion of a word matters and both find the same. Papers
that are stored or get another text are noted in `paper_words_due` by triggers: indexing an abstract costs more than
storing it, so it is done later by the job `index`, not while a listing is stored.
"""

from __future__ import annotations

FTS = "paper_words_fts"
"""SQLite's index over `paper_words`; its own tables begin with the same name."""

_TITLE, _ABSTRACT, _AUTHORS = (f"string_to_array({name}, ' ')" for name in ("title", "abstract", "authors"))
VECTORS = {
    "": f"array_to_tsvector({_TITLE} || {_ABSTRACT} || {_AUTHORS})",
    "title": f"array_to_tsvector({_TITLE})",
    "authors": f"array_to_tsvector({_AUTHORS})",
}
"""PostgreSQL's forms of a row of `paper_words`, by part: what the index holds and what a query must say to use it."""

_ADD = f"""
INSERT INTO {FTS} (rowid, title, abstract, authors) VALUES (NEW.paper_id, NEW.title, NEW.abstract, NEW.authors);"""
_REMOVE = f"""
INSERT INTO {FTS} ({FTS}, rowid, title, abstract, authors)
VALUES ('delete', OLD.paper_id, OLD.title, OLD.abstract, OLD.authors);"""
_CHANGES = "title, abstract, is_authors_complete"

# The index keeps no text of its own: https://sqlite.org/fts5.html, section 4.4.3, external content and its triggers.
_SQLITE = (
    f"""CREATE VIRTUAL TABLE {FTS} USING fts5(
title, abstract, authors, content='paper_words', content_rowid='paper_id', tokenize="unicode61 remove_diacritics 0")""",
    f"CREATE TRIGGER paper_words_added AFTER INSERT ON paper_words BEGIN {_ADD} END",
    f"CREATE TRIGGER paper_words_gone AFTER DELETE ON paper_words BEGIN {_REMOVE} END",
    f"CREATE TRIGGER paper_words_changed AFTER UPDATE ON paper_words BEGIN {_REMOVE} {_ADD} END",
    """CREATE TRIGGER papers_added AFTER INSERT ON papers BEGIN
INSERT INTO paper_words_due (paper_id) VALUES (NEW.id); END""",
    f"""CREATE TRIGGER papers_changed AFTER UPDATE OF {_CHANGES} ON papers BEGIN
INSERT INTO paper_words_due (paper_id) SELECT NEW.id
WHERE NOT EXISTS (SELECT 1 FROM paper_words_due WHERE paper_id = NEW.id); END""",
)

# One statement for a whole COPY; PostgreSQL has no such trigger for an update of some columns.
_POSTGRESQL = (
    f"CREATE INDEX ix_paper_words_words ON paper_words USING gin (({'), ('.join(VECTORS.values())}))",
    """CREATE FUNCTION note_added_papers() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO paper_words_due (paper_id) SELECT id FROM added ON CONFLICT DO NOTHING; RETURN NULL; END $$""",
    """CREATE TRIGGER papers_added AFTER INSERT ON papers REFERENCING NEW TABLE AS added
FOR EACH STATEMENT EXECUTE FUNCTION note_added_papers()""",
    """CREATE FUNCTION note_changed_paper() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
INSERT INTO paper_words_due (paper_id) VALUES (NEW.id) ON CONFLICT DO NOTHING; RETURN NULL; END $$""",
    f"""CREATE TRIGGER papers_changed AFTER UPDATE OF {_CHANGES} ON papers
FOR EACH ROW EXECUTE FUNCTION note_changed_paper()""",
)


def statements(dialect: str) -> tuple[str, ...]:
    """The statements that make it, in order."""
    return _POSTGRESQL if dialect == "postgresql" else _SQLITE
