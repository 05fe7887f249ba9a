"""The report of a run, or of two runs compared, as one self-contained HTML file.

`run_page.write_run_page` writes it from the run's folder. The page's program is bundled from
`web/` when the package is built; its data lies in compressed sections, which the browser
inflates when they are needed. `web/src/data.ts` describes the data.
"""
