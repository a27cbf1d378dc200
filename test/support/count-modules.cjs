'use strict'
// Preloaded by test/tidy/start-up.nut.ts: writes what a command has loaded when it ends.
const fs = require('node:fs')
process.on('exit', () => {
  const files = Object.keys(require.cache).filter((file) => file !== __filename)
  fs.writeFileSync(
    process.env.KCLI_TEST_MODULES,
    JSON.stringify({ files, builtins: process.moduleLoadList.length }),
  )
})
