// SPDX-License-Identifier: MIT
// Marp as the decks use it: our theme, our Markdown, nothing from the network.

import { fileURLToPath } from 'node:url'

import markdown from './markdown.mjs'

export const options = {
  html: true,
  math: false, // its fonts come from the network
  emoji: { shortcode: false, unicode: false }, // its pictures, too
}

export default {
  engine: ({ marp }) => marp.use(markdown),
  options,
  html: true,
  themeSet: [fileURLToPath(new URL('theme.css', import.meta.url))],
  bespoke: { progress: true },
}
