// SPDX-License-Identifier: MIT
// Starts the Chromium that CHROME_PATH names. It is talked to through a pipe, so
// that it works where there is no network, not even the machine's own.

import puppeteer from 'puppeteer-core'

export const start = () => puppeteer.launch({
  executablePath: process.env.CHROME_PATH,
  pipe: true,
  args: process.getuid() === 0 ? ['--no-sandbox'] : [],
})
