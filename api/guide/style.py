"""How the guide looks: plain, dark where the reader's system is, printable."""

STYLE = """
:root { color-scheme: light dark; --line: #8884; --ink: #12344d; --paper: #fff; --accent: #b3123b }
@media (prefers-color-scheme: dark) {
  :root { --ink: #dbe7f0; --paper: #10181f; --accent: #ff7a95 } }
body { margin: 0 auto; max-width: 68rem; padding: 1.5rem; font: 1rem/1.55 system-ui, sans-serif;
  color: var(--ink); background: var(--paper) }
h1 { color: var(--accent) } h2 { border-bottom: 2px solid var(--accent); margin-top: 3rem }
h3 { margin-top: 2rem }
nav a { margin-right: 1.2rem } a { color: var(--accent) }
.wide { overflow-x: auto } table { border-collapse: collapse; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem;
  border-bottom: 1px solid var(--line) }
td:first-child, code, pre { font-family: ui-monospace, monospace; font-size: .9em }
pre { overflow-x: auto; padding: .8rem; border: 1px solid var(--line); white-space: pre-wrap;
  overflow-wrap: anywhere }
summary { cursor: pointer; font-family: ui-monospace, monospace }
"""
