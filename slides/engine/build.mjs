// SPDX-License-Identifier: MIT
// Builds every deck of a folder. `make slides` calls it with decks that are
// complete: code cut out, quiz added.
//
//     node build.mjs FROM TO [html]
//
// NAME.html is the deck in a single file, NAME.pdf the same on paper,
// NAME-notes.pdf a slide and its note on each page, NAME-plain.html one column
// of text for screen readers and for printing, NAME-sheet.png all slides small.
// With `html`, NAME.html alone, for which no browser is needed.

import { readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'

import { marpCli } from '@marp-team/marp-cli'
import { Marp } from '@marp-team/marp-core'

import { start } from './browser.mjs'
import { options } from './marp.config.mjs'
import markdown from './markdown.mjs'
import { notesPage, sheetPage } from './pages.mjs'
import { plainPage } from './plain.mjs'

const engine = (file) => resolve(import.meta.dirname, file)

const convert = async (...argv) => {
  const common = ['--config-file', engine('marp.config.mjs'), '--no-stdin']
  if (await marpCli([...common, '--input-dir', '.', ...argv]) !== 0)
    throw new Error(`marp ${argv.join(' ')} has failed`)
}

const print = async (browser, deck, target) => {
  const marp = new Marp(options).use(markdown)
  marp.themeSet.add(readFileSync(engine('theme.css'), 'utf8'))
  const made = marp.render(readFileSync(`${deck}.md`, 'utf8'), { htmlAsArray: true })
  const page = await browser.newPage()
  await page.setContent(notesPage(deck, made), { waitUntil: 'load' })
  await page.pdf({ path: `${target}-notes.pdf`, format: 'A4', tagged: true })
  await page.setViewport({ width: 1640, height: 900 })
  await page.setContent(sheetPage(deck, made), { waitUntil: 'load' })
  await page.screenshot({ path: `${target}-sheet.png`, fullPage: true })
  await page.close()
}

const [from, to, only] = process.argv.slice(2)
const out = resolve(to)
process.chdir(from)
await convert('--output', out)
if (only !== 'html') {
  await convert('--pdf', '--pdf-outlines', '--output', out)
  const browser = await start()
  for (const file of readdirSync('.').filter((name) => name.endsWith('.md'))) {
    const deck = file.slice(0, -'.md'.length)
    writeFileSync(resolve(out, `${deck}-plain.html`), plainPage(readFileSync(file, 'utf8')))
    await print(browser, deck, resolve(out, deck))
  }
  await browser.close()
}
process.exit(0)
