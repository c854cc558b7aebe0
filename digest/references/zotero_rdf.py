"""Zotero's RDF export.

It is RDF/XML of one fixed shape (striped: item ─► property ─► node), so its elements are read where they stand. A graph
would forget lines and order, which rejections need, and a library for graphs is out of proportion for one format.
The parser is Python's own expat; a document type is refused when it begins, before anything in it is expanded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.parsers import expat

from digest.model import Alias, Rejection
from digest.references import Library, identifiers
from digest.references.draft import Draft, Refused, library_of
from digest.references.text import one_line, year_of

_RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_DC = "http://purl.org/dc/elements/1.1/"
_TERMS = "http://purl.org/dc/terms/"
_BIB = "http://purl.org/net/biblio#"
_Z = "http://www.zotero.org/namespaces/export#"
_FOAF = "http://xmlns.com/foaf/0.1/"

_DEEPEST = 40
_NOT_ITEMS = frozenset({f"{_Z}Attachment", f"{_Z}Collection", f"{_BIB}Memo"})
_CONTAINERS = frozenset({f"{_BIB}{name}" for name in ("Journal", "Periodical", "Newspaper", "Series", "Magazine")})
_PEOPLE = (f"{_BIB}authors", f"{_Z}inventors", f"{_Z}presenters", f"{_Z}programmers", f"{_BIB}editors")


class _Refusal(Exception):
    """The document is not read further."""


@dataclass(slots=True)
class _Node:
    """An element, its attributes and what it holds."""

    name: str
    line: int
    attributes: dict[str, str]
    children: list[_Node] = field(default_factory=list)
    text: list[str] = field(default_factory=list)

    def all(self, name: str) -> list[_Node]:
        return [child for child in self.children if child.name == name]

    def words(self) -> str:
        """The text of the element, or of the rdf:value within it."""
        own = one_line("".join(self.text))
        return own or next(filter(None, (child.words() for child in self.children)), "")

    def said(self, *names: str) -> str:
        return next((words for name in names for child in self.all(name) if (words := child.words())), "")

    @property
    def about(self) -> str:
        return self.attributes.get(f"{_RDF}about", "")

    @property
    def resource(self) -> str:
        return self.attributes.get(f"{_RDF}resource", "")


def read(text: str, path: str) -> Library:
    """The items of a Zotero RDF file."""
    try:
        root = _parsed(text)
    except _Refusal as error:
        return Library(rejections=(Rejection(path, None, str(error)),))
    except expat.ExpatError as error:
        return Library(rejections=(Rejection(path, error.lineno, f"no XML: {expat.ErrorString(error.code)}"),))
    return library_of(path, _drafts(root))


def _parsed(text: str) -> _Node:
    parser = expat.ParserCreate("utf-8", namespace_separator="")
    parser.buffer_text = True
    root = _Node("", 0, {})
    opened = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(opened) > _DEEPEST:
            raise _Refusal(f"elements within elements, more than {_DEEPEST} deep: refused")
        node = _Node(name, parser.CurrentLineNumber, attributes)
        opened[-1].children.append(node)
        opened.append(node)

    def take(words: str) -> None:
        opened[-1].text.append(words)

    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _name: opened.pop()
    parser.CharacterDataHandler = take
    parser.StartDoctypeDeclHandler = _refuse
    parser.EntityDeclHandler = _refuse
    parser.Parse(text.lstrip("\ufeff \n\t").encode("utf-8", "replace"), True)
    return root.children[0]


def _refuse(*_declaration: object) -> None:
    raise _Refusal("the document declares a type or entities of its own, which no export of Zotero does: refused")


def _drafts(root: _Node) -> Iterator[Draft | Refused]:
    nodes = {node.about: node for node in root.children if node.about}
    uses = Counter(part.resource for node in root.children for part in node.all(f"{_TERMS}isPartOf"))
    linked = {child.resource for node in root.children for child in node.children if child.resource}
    for node in root.children:
        kind = node.said(f"{_Z}itemType")
        if node.name in _NOT_ITEMS or kind in ("attachment", "note"):
            if node.name != f"{_Z}Collection" and node.about not in linked:
                told = node.said(f"{_DC}title") or node.words()
                yield Refused(node.about, node.line, f"a Zotero attachment or note of its own ({told[:60]})")
        elif node.name not in _CONTAINERS or kind:
            yield _draft(node, nodes, uses)


def _draft(node: _Node, nodes: dict[str, _Node], uses: Counter[str]) -> Draft:
    parts = [_container(part, nodes) for part in node.all(f"{_TERMS}isPartOf")]
    containers = [(one, not one.about or uses[one.about] < 2) for one in parts if one]
    venue = next(filter(None, (one.said(f"{_DC}title") for one, _ in containers)), "")
    aliases = _aliases(node) | identifiers.of_note("\n".join("".join(d.text) for d in node.all(f"{_DC}description")))
    for container, is_only_ours in containers:
        # An article's DOI stands in its journal; where several articles share the journal nobody knows whose it is.
        aliases |= _aliases(container) if is_only_ours else set()
    return Draft(
        source=node.about or f"item on line {node.line}",
        line=node.line,
        title=node.said(f"{_DC}title"),
        abstract=node.said(f"{_TERMS}abstract"),
        authors=_authors(node),
        aliases=aliases | identifiers.of_journal(venue),
        year=year_of(node.said(f"{_DC}date")),
        keywords=[subject.words() for subject in node.all(f"{_DC}subject")],
        venue=venue,
    )


def _container(part: _Node, nodes: dict[str, _Node]) -> _Node | None:
    return part.children[0] if part.children else nodes.get(part.resource)


def _authors(node: _Node) -> list[str]:
    for name in _PEOPLE:
        people = [person for role in node.all(name) for person in _people(role)]
        if people:
            given = (f"{_FOAF}givenName", f"{_FOAF}givenname")
            return [f"{one.said(*given)} {one.said(f'{_FOAF}surname', f'{_FOAF}name')}" for one in people]
    return []


def _people(node: _Node) -> Iterator[_Node]:
    for child in node.children:
        if child.name == f"{_FOAF}Person":
            yield child
        else:
            yield from _people(child)


def _aliases(node: _Node) -> set[Alias]:
    """From `DOI 10.1000/x`, addresses, and the name of the item itself, which is its address where it has one."""
    found: set[Alias] = identifiers.of_url(node.about) if node.about.startswith("http") else set()
    for identifier in node.all(f"{_DC}identifier"):
        words = identifier.words()
        label, _, rest = words.partition(" ")
        if label == "DOI":
            found |= identifiers.of_doi(rest)
        elif label not in ("ISBN", "ISSN"):
            found |= identifiers.of_url(words)
    for name in (f"{_BIB}number", "http://prismstandard.org/namespaces/1.2/basic/number", f"{_Z}archiveID"):
        found |= identifiers.of_note(node.said(name))
    return found
