"""Small feeds of our own invention in the layouts of arXiv, to be served or parsed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from xml.sax.saxutils import escape
from zoneinfo import ZoneInfo

NEW_YORK = ZoneInfo("America/New_York")


@dataclass(frozen=True)
class Announced:
    """One paper of an announcement feed."""

    id: str
    title: str = "Invented Results on Invented Things"
    abstract: str = "We invent $n<m$ things & show that they hold."
    kind: str = "new"
    version: int = 1
    categories: tuple[str, ...] = ("cs.CL",)
    creator: str = "Ada Example, Bo Sample"
    extra: str = ""


def arxiv_rss(day: date, papers: Iterable[Announced], category: str = "cs.CL") -> bytes:
    """RSS 2.0 as rss.arxiv.org writes it."""
    at = datetime.combine(day, time(), NEW_YORK).strftime("%a, %d %b %Y 00:00:00 %z")
    items = "".join(_rss_item(paper, at) for paper in papers)
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<rss xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/" version="2.0">
  <channel>
    <title>{category} updates on arXiv.org</title>
    <link>http://rss.arxiv.org/rss/{category}</link>
    <lastBuildDate>{at}</lastBuildDate>
    <pubDate>{at}</pubDate>
    <skipDays><day>Sunday</day><day>Saturday</day></skipDays>{items}
  </channel>
</rss>
""".encode()


def _rss_item(paper: Announced, at: str) -> str:
    tags = "".join(f"<category>{name}</category>" for name in paper.categories)
    return f"""
    <item>
      <title>{escape(paper.title)}</title>
      <link>https://arxiv.org/abs/{paper.id}</link>
      <description>{_description(paper)}</description>
      <guid isPermaLink="false">oai:arXiv.org:{paper.id}v{paper.version}</guid>
      {tags}<pubDate>{at}</pubDate>
      <arxiv:announce_type>{paper.kind}</arxiv:announce_type>{paper.extra}
      <dc:creator>{escape(paper.creator)}</dc:creator>
    </item>"""


def arxiv_atom(day: date, papers: Iterable[Announced], category: str = "cs.CL") -> bytes:
    """Atom as rss.arxiv.org writes it."""
    at = datetime.combine(day, time(), NEW_YORK).isoformat()
    entries = "".join(_atom_entry(paper, at) for paper in papers)
    return f"""<?xml version='1.0' encoding='UTF-8'?>
<feed xmlns:arxiv="http://arxiv.org/schemas/atom" xmlns:dc="http://purl.org/dc/elements/1.1/"
      xmlns="http://www.w3.org/2005/Atom" xml:lang="en-us">
  <id>http://rss.arxiv.org/atom/{category}</id>
  <title>{category} updates on arXiv.org</title>
  <updated>{at}</updated>{entries}
</feed>
""".encode()


def _atom_entry(paper: Announced, at: str) -> str:
    tags = "".join(f'<category term="{name}"/>' for name in paper.categories)
    return f"""
  <entry>
    <id>oai:arXiv.org:{paper.id}v{paper.version}</id>
    <title>{escape(paper.title)}</title>
    <updated>{at}</updated>
    <link href="https://arxiv.org/abs/{paper.id}" rel="alternate" type="text/html"/>
    <summary>{_description(paper)}</summary>
    {tags}<published>{at}</published>
    <arxiv:announce_type>{paper.kind}</arxiv:announce_type>
    <dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights>{paper.extra}
    <dc:creator>{escape(paper.creator)}</dc:creator>
  </entry>"""


def _description(paper: Announced) -> str:
    return f"arXiv:{paper.id}v{paper.version} Announce Type: {paper.kind} \nAbstract: {escape(paper.abstract)}"


def journal_rss(items: str, head: str = "<title>Journal of Samples</title>") -> bytes:
    """RSS 2.0 of a journal around ready-made items."""
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" '
        'xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/">'
        f"<channel>{head}{items}</channel></rss>"
    ).encode()
