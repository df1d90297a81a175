// SPDX-License-Identifier: MIT
// Opens built decks in Chromium, goes through every slide and step by key, there
// and back, and prints what is wrong as JSON: [{deck, slide, rule, what}].
//
//     node inspect.mjs DECK.html...

import { pathToFileURL } from 'node:url'
import { basename } from 'node:path'

import { start } from './browser.mjs'

const WIDTH = 1280
const HEIGHT = 720

// In the page: which slide is shown, and how many of its steps.
const state = () => {
  const at = document.querySelector('svg.bespoke-marp-active')
  const steps = [...at.querySelectorAll('[data-marpit-fragment]')]
  const open = steps.filter((step) => getComputedStyle(step).visibility === 'visible')
  const all = [...document.querySelectorAll('svg[data-marpit-svg]')]
  return {
    slide: all.indexOf(at) + 1,
    slides: all.length,
    wanted: Math.max(0, ...[...at.querySelectorAll('[data-step]')]
      .map((step) => step.getAttribute('data-step') - 1)),
    open: open.length,
    inOrder: steps.slice(0, open.length).every((step) => open.includes(step)),
  }
}

// In the page: what is wrong with the slide that is shown, as [rule, what].
const look = (width, height) => {
  const found = []
  const section = document.querySelector('svg.bespoke-marp-active section')
  const inside = [...section.querySelectorAll('*')]
  const drawn = (node) => getComputedStyle(node).visibility === 'visible'

  const numbers = (colour) => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (colour) => numbers(colour).slice(0, 3)
    .map((part) => part / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4))
    .reduce((sum, part, at) => sum + part * [0.2126, 0.7152, 0.0722][at], 0)
  const opaque = (colour) => colour.startsWith('rgb') && (numbers(colour)[3] ?? 1) === 1
  const contrast = (one, other) => {
    const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b)
    return (high + 0.05) / (low + 0.05)
  }
  const behind = (node, rect) => {
    const at = [(rect.left + rect.right) / 2, (rect.top + rect.bottom) / 2]
    for (const one of document.elementsFromPoint(...at)) {
      if (one === node || one.tagName === 'text' || !section.contains(one)) continue
      const style = getComputedStyle(one)
      const colour = one instanceof SVGGeometryElement ? style.fill : style.backgroundColor
      if (opaque(colour)) return colour
    }
    return getComputedStyle(section).backgroundColor
  }

  const frame = section.getBoundingClientRect()
  const shown = frame.width / width // the bar below makes a slide a little smaller
  const texts = document.createTreeWalker(section, NodeFilter.SHOW_TEXT)
  while (texts.nextNode()) {
    const text = texts.currentNode
    const node = text.parentElement
    if (!text.data.trim() || node.closest('style, title, desc') || !drawn(node)) continue
    const range = document.createRange()
    range.selectNodeContents(text)
    const words = text.data.trim().slice(0, 40)
    const style = getComputedStyle(node)
    const scale = node instanceof SVGElement ? node.getScreenCTM().a / shown : 1
    const size = parseFloat(style.fontSize) * scale
    if (size < 23.9) found.push(['size', `${size.toFixed(1)} px: ${words}`])
    const rect = [...range.getClientRects()][0] ?? range.getBoundingClientRect()
    const colour = node instanceof SVGElement ? style.fill : style.color
    const ratio = contrast(colour, behind(node, rect))
    if (ratio < 4.5) found.push(['contrast', `${ratio.toFixed(1)} : 1: ${words}`])
    for (const part of range.getClientRects())
      if (part.left < frame.left - 1 || part.right > frame.right + 1 ||
          part.top < frame.top - 1 || part.bottom > frame.bottom + 1)
        found.push(['fits', `outside of the frame: ${words}`])
  }
  // What lies over the number of the page is outside of the frame as well.
  const bottom = height - 40
  for (const node of inside.filter((one) => one.matches('p, ul, pre, table, h1'))) {
    const rect = node.getBoundingClientRect()
    if (rect.bottom > bottom || rect.right > width || node.scrollWidth > node.clientWidth + 1)
      found.push(['fits', `${node.tagName} ends at ${Math.round(rect.bottom)} px`])
  }
  for (const node of inside.filter((one) => one.matches('img, .picture > svg')))
    if (!(node.getAttribute('alt') || node.getAttribute('aria-label')))
      found.push(['alt', node.tagName])
  return found
}

const inspect = async (browser, file) => {
  const found = []
  const tell = (slide, rule, what) => found.push({ deck: basename(file), slide, rule, what })
  const page = await browser.newPage()
  await page.setViewport({ width: WIDTH, height: HEIGHT })
  page.on('console', (line) => {
    if (line.type() === 'error') tell(0, 'console', line.text())
  })
  page.on('pageerror', (error) => tell(0, 'console', String(error)))
  page.on('request', (request) => {
    if (!/^(file|data|blob):/.test(request.url())) tell(0, 'request', request.url())
  })
  await page.goto(pathToFileURL(file).href, { waitUntil: 'load' })

  const seen = []
  let now = await page.evaluate(state)
  const { slides } = now
  for (;;) {
    seen.push(`${now.slide}.${now.open}`)
    if (!now.inOrder) tell(now.slide, 'steps', `step ${now.open} is not the next one`)
    if (now.open >= now.wanted)
      for (const [rule, what] of await page.evaluate(look, WIDTH, HEIGHT))
        tell(now.slide, rule, what)
    await page.keyboard.press('ArrowRight')
    const next = await page.evaluate(state)
    const ended = next.slide === now.slide && next.open === now.open
    if ((ended || next.slide !== now.slide) && now.open !== now.wanted)
      tell(now.slide, 'steps', `${now.open} of ${now.wanted} key presses show a step`)
    if (ended) break
    now = next
  }
  if (now.slide !== slides) tell(now.slide, 'steps', `the keys end before ${slides}`)
  for (const before of seen.slice(0, -1).reverse()) {
    await page.keyboard.press('ArrowLeft')
    now = await page.evaluate(state)
    if (`${now.slide}.${now.open}` !== before) {
      tell(now.slide, 'steps', `back to ${before} is ${now.slide}.${now.open}`)
      break
    }
  }
  await page.close()
  return found
}

const browser = await start()
const found = []
for (const file of process.argv.slice(2)) found.push(...await inspect(browser, file))
await browser.close()
console.log(JSON.stringify(found, null, 1))
