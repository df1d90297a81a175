// SPDX-License-Identifier: MIT
// The slides as Marp has rendered them, put on pages of another kind.

const escape = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;')

const page = (title, css, style, body) => `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${title}</title>
<style>${css}</style><style>${style}</style>
<div class="marpit">${body}</div></html>
`

// A slide and its note on each page of paper.
export const notesPage = (title, { html, css, comments }) =>
  page(title, css, `
    @page { size: A4; margin: 15mm }
    body { margin: 0 }
    article { break-after: page }
    article > div { border: 1px solid #999 }
    .marpit article svg[data-marpit-svg] { display: block; width: 100%; height: auto }
    article > p { font: 12pt/1.5 "DejaVu Sans", Arial, sans-serif; white-space: pre-line }`,
  html.map((slide, at) => `<article><div>${slide}</div>
<p>${escape(comments[at].join('\n'))}</p></article>`).join('\n'))

// All slides in rows of three.
export const sheetPage = (title, { html, css }) =>
  page(title, css, `
    body { margin: 0; background: #777 }
    .marpit { display: grid; grid-template-columns: repeat(3, 1fr); gap: 8px; padding: 8px }
    .marpit > svg[data-marpit-svg] { display: block; width: 100%; height: auto }`,
  html.join('\n'))
