#!/usr/bin/env node
'use strict'
// CommonJS on purpose: Node starts it 3 ms faster than an ES module, and the version needs nothing else.
const argv = process.argv.slice(2)
// `kcli link` makes links that are named as Kafka's tools.
const calledAs = /([^/\\]*?)(\.sh)?$/.exec(process.argv[1])[1]
if (/^(kafka|zookeeper)-/.test(calledAs)) argv.unshift(calledAs)
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v' || argv[0] === 'version')) {
  const { name, version } = require('../package.json')
  process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
} else {
  // Node does files in four threads by default, which the fsyncs of a few logs can hold for most of a second; appends must
  // not wait for them.
  process.env.UV_THREADPOOL_SIZE ??= '8'
  require('./load-bundle.js').run(argv)
}
