"""``report.html``: the report as one interactive file that needs neither network nor server.

``page`` gathers what the templates show, ``cells`` is the data behind a block's grid, ``heat`` its
colours, ``charts`` the Vega-Lite specifications, ``claims`` the verdicts found beside the report,
``scripts`` what the browser runs. Sentences and tables are those of ``report.md``.
"""
