"""Every record that goes between server and browser, one file a page; `shared` holds those of several pages.

`tools/wire_types.py` writes them as TypeScript into assets/web/types.d.ts, by which the modules are checked.
"""
