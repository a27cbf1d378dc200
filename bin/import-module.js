'use strict'
// V8 scripts that come from a code cache cannot use `import()` without an experimental API; the bundle calls this instead.
module.exports = (specifier) => import(specifier)
