"""arXiv's archives and categories, as https://arxiv.org/category_taxonomy lists them."""

from __future__ import annotations

import difflib

_ARCHIVES = {
    "astro-ph": "CO EP GA HE IM SR",
    "cond-mat": "dis-nn mes-hall mtrl-sci other quant-gas soft stat-mech str-el supr-con",
    "cs": "AI AR CC CE CG CL CR CV CY DB DC DL DM DS ET FL GL GR GT HC IR IT LG LO MA MM MS NA NE NI OH OS PF PL RO "
    "SC SD SE SI SY",
    "econ": "EM GN TH",
    "eess": "AS IV SP SY",
    "gr-qc": "",
    "hep-ex": "",
    "hep-lat": "",
    "hep-ph": "",
    "hep-th": "",
    "math": "AC AG AP AT CA CO CT CV DG DS FA GM GN GR GT HO IT KT LO MG MP NA NT OA OC PR QA RA RT SG SP ST",
    "math-ph": "",
    "nlin": "AO CD CG PS SI",
    "nucl-ex": "",
    "nucl-th": "",
    "physics": "acc-ph ao-ph app-ph atm-clus atom-ph bio-ph chem-ph class-ph comp-ph data-an ed-ph flu-dyn gen-ph "
    "geo-ph hist-ph ins-det med-ph optics plasm-ph pop-ph soc-ph space-ph",
    "q-bio": "BM CB GN MN NC OT PE QM SC TO",
    "q-fin": "CP EC GN MF PM PR RM ST TR",
    "quant-ph": "",
    "stat": "AP CO ME ML OT TH",
}

ARCHIVES = frozenset(_ARCHIVES)
CATEGORIES = frozenset(
    {f"{archive}.{subject}" for archive, subjects in _ARCHIVES.items() for subject in subjects.split()}
    | {archive for archive, subjects in _ARCHIVES.items() if not subjects}
)
_BY_FOLDED = {name.lower(): name for name in ARCHIVES | CATEGORIES}


def canonical(name: str) -> str:
    """`cs.cl` → `cs.CL`; an archive such as `cs` stays one.

    Raises:
        ValueError: arXiv has no such category; the message names the nearest ones.
    """
    found = _BY_FOLDED.get(name.strip().lower())
    if found is None:
        near = difflib.get_close_matches(name.strip().lower(), _BY_FOLDED, n=3, cutoff=0.6)
        names = " or ".join(_BY_FOLDED[n] for n in near)
        raise ValueError(
            f"arXiv has no category {name!r}; {f'near: {names}' if near else 'see arxiv.org/category_taxonomy'}"
        )
    return found
