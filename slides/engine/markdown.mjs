// SPDX-License-Identifier: MIT
// What a deck's Markdown has beyond Markdown: pictures that are inlined and
// stepped through, and captured console blocks. A markdown-it plugin, for Marp
// and for the plain page.

import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'

let pictures = 0

// The SVG file as a part of the page. Its style holds for itself only; its
// steps but the first are fragments, which Marp's keys show and hide. Without
// Marp's script (print, the plain page) all steps lie upon one another, as in
// the file.
const inlined = (file, alt, escape) => {
  const name = `picture-${++pictures}`
  const svg = readFileSync(resolve(file), 'utf8')
    .replace(/<style>(.*?)<\/style>/gs, `<style>.${name}{$1}</style>`)
    .replace(/<g data-step="(\d+)"/g, (group, step) =>
      step === '1' ? group : `${group} data-marpit-fragment="${step - 1}"`)
    .replace(/^<svg /, `<svg aria-label="${escape(alt)}" `)
    .trimEnd()
  return `<span class="picture ${name}">${svg}</span>`
}

// A captured block: what was typed is bold; gaps and the last line, which says
// on what and when, are soft.
const captured = (text, escape) => {
  const lines = text.trimEnd().split('\n').map((line) => {
    const shown = escape(line)
    if (line.startsWith('$ ')) return `<b>${shown}</b>`
    return line === '...' || /^# Linux /.test(line) ? `<i>${shown}</i>` : shown
  })
  return `<pre class="console"><code>${lines.join('\n')}</code></pre>\n`
}

export default (md) => {
  const { escapeHtml } = md.utils
  const { image, fence } = md.renderer.rules
  md.renderer.rules.image = (tokens, at, ...rest) => {
    const src = tokens[at].attrGet('src')
    if (!/^[\w./-]+\.svg$/.test(src)) return image(tokens, at, ...rest)
    return inlined(src, tokens[at].content, escapeHtml)
  }
  md.renderer.rules.fence = (tokens, at, ...rest) =>
    tokens[at].info === 'console'
      ? captured(tokens[at].content, escapeHtml)
      : fence(tokens, at, ...rest)
}
