"""What a paper is: who it is (identity), what changed (diff), how it reads (text). Pure: no I/O, no clock, no chance.

raw title, abstract, names ─► text ─► tex ─► readable Unicode
ids, links, DOIs           ─► identity ─► aliases, normal forms, the public key
Entry × KnownPaper         ─► diff ─► new | revised | merged | unchanged
"""
