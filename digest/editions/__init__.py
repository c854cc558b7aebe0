"""What one subscriber gets, and when. Pure: the same values in give the same bytes out.

Schedule ─► calendar ─► Due            whose hour it is, across DST
Paper    ─► select   ─► Facts          what is shown of a paper, cut and cleaned
Edition  ─► render   ─► Rendered       subject, text and HTML from templates/
Rendered ─► message  ─► bytes          the mail as it goes over the wire
id       ─► links    ─► token ─► id    signed addresses of the web pages
"""
