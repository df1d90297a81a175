// SPDX-License-Identifier: MIT
// A deck as one plain page, in the order of reading: for screen readers, small
// screens and paper. The title is its first heading, each slide one below.

import MarkdownIt from 'markdown-it'

import markdown from './markdown.mjs'

const style = `
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; background: #fff;
  color: #111; font: 1.2rem/1.5 sans-serif }
pre { padding: .5rem; background: #f4f4f4; overflow-x: auto; tab-size: 4;
  white-space: pre-wrap; overflow-wrap: anywhere }
pre i { font-style: normal; color: #595959 }
section { border-top: 1px solid #999 }
.picture svg { max-width: 100%; height: auto; --paper: #fff !important;
  --ink: #111 !important; --soft: #595959 !important }
aside { margin: 1rem 0; padding-left: 1rem; border-left: 4px solid #0072b2;
  white-space: pre-line }
@media print { section { break-inside: avoid } }`

// Notes as asides; Marp's directives, which are comments too, are left out.
const comment = (html, escape) => {
  const text = /^<!--\s*(.*?)\s*-->\s*$/s.exec(html)?.[1]
  if (text === undefined) return html
  return /^_?[a-zA-Z]+: ?\w*$/.test(text) ? ''
    : `<aside aria-label="Note">${escape(text)}</aside>\n`
}

export const plainPage = (text) => {
  const [, head, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(text)
  const title = /^title: (.*)$/m.exec(head)[1]
  const md = new MarkdownIt({ html: true }).use(markdown)
  const { escapeHtml } = md.utils
  md.renderer.rules.hr = () => '</section>\n<section>\n'
  md.renderer.rules.html_block = (tokens, at) =>
    comment(tokens[at].content, escapeHtml)
  for (const rule of ['heading_open', 'heading_close'])
    md.renderer.rules[rule] = (tokens, at) =>
      tokens[at].nesting === 1 ? '<h2>' : '</h2>\n'
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
<main>
<h1>${escapeHtml(title)}</h1>
<section>
${md.render(body)}</section>
</main>
</html>
`
}
