"""What TeX's control words look like in Unicode: tables only, no behaviour.

Names are those of TeX, LaTeX, amssymb and textcomp; characters are chosen to be legible in mail
programs' usual fonts, so calligraphic letters stay plain letters.
"""

from __future__ import annotations


def _table(text: str) -> dict[str, str]:
    words = text.split()
    return dict(zip(words[::2], words[1::2], strict=True))


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


GREEK = _table(
    """
    alpha α beta β gamma γ delta δ epsilon ϵ varepsilon ε zeta ζ eta η theta θ vartheta ϑ iota ι kappa κ varkappa ϰ
    lambda λ mu μ nu ν xi ξ omicron ο pi π varpi ϖ rho ρ varrho ϱ sigma σ varsigma ς tau τ upsilon υ phi φ varphi ϕ
    chi χ psi ψ omega ω digamma ϝ
    Alpha Α Beta Β Gamma Γ Delta Δ Epsilon Ε Zeta Ζ Eta Η Theta Θ Iota Ι Kappa Κ Lambda Λ Mu Μ Nu Ν Xi Ξ Omicron Ο
    Pi Π Rho Ρ Sigma Σ Tau Τ Upsilon Υ Phi Φ Chi Χ Psi Ψ Omega Ω
    varGamma Γ varDelta Δ varTheta Θ varLambda Λ varXi Ξ varPi Π varSigma Σ varUpsilon Υ varPhi Φ varPsi Ψ varOmega Ω
    """
)

# Letters of other alphabets: a blank after the control word belongs to TeX ("Sk\aa lid" is Skålid).
LETTERS = _table(
    """
    o ø O Ø l ł L Ł ss ß SS ẞ ae æ AE Æ oe œ OE Œ aa å AA Å dj đ DJ Đ dh ð DH Ð th þ TH Þ ng ŋ NG Ŋ i ı j ȷ
    S § P ¶ dag † ddag ‡ dagger † ddagger ‡ copyright © pounds £
    """
)

OPERATORS = _table(
    """
    times × div ÷ pm ± mp ∓ cdot · ast * star ⋆ circ ∘ bullet • oplus ⊕ ominus ⊖ otimes ⊗ oslash ⊘ odot ⊙ sun ⊙
    cap ∩ cup ∪ uplus ⊎ sqcap ⊓ sqcup ⊔ vee ∨ wedge ∧ lor ∨ land ∧ setminus ∖ backslash ∖ textbackslash ∖ wr ≀
    amalg ⨿ diamond ⋄ Diamond ◇ Box □ square □ blacksquare ■ triangle △ bigtriangleup △ bigtriangledown ▽ lhd ⊲ rhd ⊳
    leq ≤ le ≤ leqslant ≤ geq ≥ ge ≥ geqslant ≥ neq ≠ ne ≠ ll ≪ gg ≫ lll ⋘ ggg ⋙ lt < gt > sim ∼ simeq ≃ approx ≈
    cong ≅ equiv ≡ propto ∝ asymp ≍ doteq ≐ prec ≺ succ ≻ preceq ⪯ succeq ⪰ lesssim ≲ gtrsim ≳ la ≲ ga ≳ lsim ≲
    gsim ≳ lessgtr ≶ gtrless ≷ thicksim ∼ approxeq ≊ triangleq ≜ coloneqq ≔ in ∈ ni ∋ notin ∉ subset ⊂ supset ⊃
    subseteq ⊆ supseteq ⊇ subsetneq ⊊ sqsubseteq ⊑ mid ∣ nmid ∤ parallel ∥ perp ⊥ vdash ⊢ dashv ⊣ models ⊨ vDash ⊨
    smile ⌣ frown ⌢ bowtie ⋈ ltimes ⋉ rtimes ⋊
    to → rightarrow → leftarrow ← gets ← leftrightarrow ↔ Rightarrow ⇒ Leftarrow ⇐ Leftrightarrow ⇔ implies ⇒ iff ⇔
    longrightarrow ⟶ longleftarrow ⟵ Longrightarrow ⟹ longleftrightarrow ⟷ mapsto ↦ longmapsto ⟼ uparrow ↑ downarrow ↓
    updownarrow ↕ Uparrow ⇑ Downarrow ⇓ nearrow ↗ searrow ↘ swarrow ↙ nwarrow ↖ hookrightarrow ↪ hookleftarrow ↩
    rightharpoonup ⇀ rightleftharpoons ⇌ leadsto ⇝ rightsquigarrow ⇝
    sum ∑ prod ∏ coprod ∐ int ∫ iint ∬ iiint ∭ oint ∮ bigcup ⋃ bigcap ⋂ bigoplus ⨁ bigotimes ⨂ bigwedge ⋀ bigvee ⋁
    """
)

SIGNS = _table(
    """
    infty ∞ partial ∂ nabla ∇ forall ∀ exists ∃ nexists ∄ neg ¬ lnot ¬ emptyset ∅ varnothing ∅ hbar ℏ hslash ℏ ell ℓ
    Re ℜ Im ℑ wp ℘ aleph ℵ beth ℶ imath ı jmath ȷ angle ∠ measuredangle ∡ surd √ top ⊤ bot ⊥ therefore ∴ because ∵
    prime ′ degree ° textdegree ° textcelsius ℃ celsius ℃ micro µ textmu µ perthousand ‰ textperthousand ‰
    euro € texteuro € textsterling £ textyen ¥ yen ¥ textcent ¢ textcopyright © textregistered ® texttrademark ™
    textordfeminine ª textordmasculine º textsection § textparagraph ¶ textdagger † textdaggerdbl ‡ textbullet •
    textperiodcentered · textendash – textemdash — textquoteleft ‘ textquoteright ’ textquotedblleft “
    textquotedblright ” textquotesingle ' textquotedbl " quotedblbase „ quotesinglbase ‚ guillemotleft «
    guillemotright » guilsinglleft ‹ guilsinglright › lq ‘ rq ’ textexclamdown ¡ textquestiondown ¿ textasciitilde ~
    textasciicircum ^ textunderscore _ textbar | textless < textgreater > textpm ± texttimes × textdiv ÷
    textasteriskcentered *
    ldots … dots … dotsc … dotsb … dotsm … textellipsis … cdots ⋯ vdots ⋮ ddots ⋱ colon : vert | lvert | rvert | Vert ‖
    lVert ‖ rVert ‖ langle ⟨ rangle ⟩ lceil ⌈ rceil ⌉ lfloor ⌊ rfloor ⌋ lbrack [ rbrack ] lbrace { rbrace }
    flat ♭ natural ♮ sharp ♯ clubsuit ♣ diamondsuit ♢ heartsuit ♡ spadesuit ♠ checkmark ✓ cmark ✓ xmark ✗ maltese ✠
    mars ♂ venus ♀ earth ⊕ Earth ♁ jupiter ♃ saturn ♄ LaTeX LaTeX TeX TeX LaTeXe LaTeX2e BibTeX BibTeX
    """
)

SYMBOLS: dict[str, str] = {**OPERATORS, **SIGNS, **LETTERS, **GREEK}

# Accents of text, by the character or letter after the backslash: the combining mark and what stands alone.
ACCENTS: dict[str, str] = {
    "`": "\u0300",
    "'": "\u0301",
    "^": "\u0302",
    "~": "\u0303",
    "=": "\u0304",
    ".": "\u0307",
    '"': "\u0308",
    "u": "\u0306",
    "r": "\u030a",
    "H": "\u030b",
    "v": "\u030c",
    "d": "\u0323",
    "c": "\u0327",
    "k": "\u0328",
    "b": "\u0331",
    "t": "\u0361",
}

MATH_ACCENTS: dict[str, str] = {
    "grave": "\u0300",
    "acute": "\u0301",
    "hat": "\u0302",
    "widehat": "\u0302",
    "tilde": "\u0303",
    "widetilde": "\u0303",
    "bar": "\u0304",
    "overline": "\u0304",
    "breve": "\u0306",
    "dot": "\u0307",
    "ddot": "\u0308",
    "mathring": "\u030a",
    "check": "\u030c",
    "vec": "\u20d7",
}

SUPERSCRIPTS: dict[str, str] = dict(
    zip(
        "0123456789+-−=()abcdefghijklmnoprstuvwxyzABDEGHIJKLMNOPRTUVWβγδθφχ",
        "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻᴬᴮᴰᴱᴳᴴᴵᴶᴷᴸᴹᴺᴼᴾᴿᵀᵁⱽᵂᵝᵞᵟᶿᵠᵡ",
        strict=True,
    )
)
SUBSCRIPTS: dict[str, str] = dict(
    zip("0123456789+-−=()aehijklmnoprstuvxβγρφχ", "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ", strict=True)
)

BLACKBOARD: dict[str, str] = dict(zip("CHNPQRZ", "ℂℍℕℙℚℝℤ", strict=True))

SPACES = _words("quad qquad thinspace medspace thickspace enspace space nobreakspace newline linebreak item par")

# Wrappers whose argument is text even inside math.
TEXTUAL = _words(
    """
    text textrm textbf textit textsf texttt textsl textup textnormal textmd mbox hbox fbox makebox emph mathrm
    mathsf mathtt operatorname mathop ce SI
    """
)
# Font switches, wrappers and layout: they print nothing themselves, their argument (if any) stays.
SILENT = TEXTUAL | _words(
    """
    bf it rm sc sf sl tt em md up cal bb frak bfseries itshape rmfamily scshape sffamily slshape ttfamily
    mdseries upshape normalfont boldmath unboldmath bm boldsymbol pmb mathbf mathit mathcal mathscr mathfrak
    mathnormal mathbin mathrel mathord mathopen mathclose tiny scriptsize footnotesize small normalsize large
    Large LARGE huge Huge displaystyle textstyle scriptstyle limits nolimits nonumber noindent centering protect
    relax left right middle big Big bigg Bigg bigl bigr Bigl Bigr biggl biggr Biggl Biggr bigm Bigm textsc
    underline uline underbrace overbrace smash phantom ensuremath xspace null leavevmode hfill hfil newcommand
    lowercase uppercase MakeLowercase MakeUppercase displaylimits rlap llap raggedright sloppy centerline
    """
)
# Commands whose argument is an instruction and not text.
DROPPED = _words(
    """
    begin end label vspace hspace color pagestyle thispagestyle vskip hskip includegraphics bibliographystyle
    """
)
