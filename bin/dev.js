#!/usr/bin/env node
'use strict'
// For work on kcli itself: builds from the sources (about 0.2 s), then runs the command.
import('../scripts/build.mjs').then(async ({ buildAll }) => {
  await buildAll()
  require('./load-bundle.js').run(process.argv.slice(2))
})
