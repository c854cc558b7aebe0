"""What is worth reading: pure, deterministic, and explainable to the word.

texts ─► Corpus (BM25 vectors) ─┬─► taste (likes, keywords, dislikes) ─► relevance ─┐
Profile ────────────────────────┘                                                  ├─► blend ─► top ─► Pick(Reason…)
authors, categories ─► boosts ──────────────────────────── signals ─► trend ────────┘
"""
