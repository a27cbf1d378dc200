#!/usr/bin/env node
/**
 * Fetches what the interop tests and the benchmarks need and npm does not have: the jars of Apache Kafka (ZooKeeper is
 * among them), kcat, librdkafka, and the compiled Java driver. Idempotent: what is there is left alone.
 *
 * A missing thing is no error here: it is written to `manifest.json` with the reason, and the tests that need it are
 * reported as skipped (or fail, with KCLI_INTEROP_REQUIRED=1).
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const KAFKA_VERSION = '3.9.1'
const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const cacheDir = path.resolve(process.env.KCLI_INTEROP_CACHE ?? path.join(repository, '.cache', 'interop'))
const libsDir = path.join(cacheDir, `kafka-${KAFKA_VERSION}`)
const classesDir = path.join(cacheDir, 'driver')
const javaSourceDir = path.join(repository, 'test', 'interop', 'java')

const say = (text) => console.log(`interop-setup: ${text}`)

/** Runs a program. Gives null when all went well, else one line that says what went wrong. */
function run(command, args, options = {}) {
  const { NODE_EXTRA_CA_CERTS: _unused, ...env } = process.env
  const result = spawnSync(command, args, {
    encoding: 'utf8',
    timeout: 600_000,
    maxBuffer: 64 << 20,
    env: { ...env, ...options.env },
    cwd: options.cwd,
  })
  if (result.error) return `${command}: ${result.error.message}`
  if (result.status === 0) return null
  const output = `${result.stdout}\n${result.stderr}`.trim().split('\n')
  const telling = output.find((line) => /error/i.test(line)) ?? output.at(-1) ?? ''
  return `${command} ended with ${result.signal ?? result.status}: ${telling.trim()}`
}

const works = (command, args) => run(command, args) === null

function setUpJava() {
  if (!works('java', ['-version'])) return 'no java on the PATH (a JDK 17 is needed)'
  if (!works('javac', ['-version'])) return 'no javac on the PATH (a JDK, not only a JRE, is needed)'
  return null
}

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kcli</groupId><artifactId>interop</artifactId><version>1</version>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${KAFKA_VERSION}</version>
      <exclusions>
        <exclusion><groupId>org.apache.kafka</groupId><artifactId>connect-api</artifactId></exclusion>
        <exclusion><groupId>org.apache.kafka</groupId><artifactId>connect-runtime</artifactId></exclusion>
      </exclusions>
    </dependency>
    <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-reload4j</artifactId><version>1.7.36</version></dependency>
  </dependencies>
</project>
`

/** Servers log to stdout (their parent keeps it in a file); tools log warnings to stderr, as Kafka's scripts do. */
const logConfigs = {
  'server-log4j.properties': `log4j.rootLogger=INFO, stdout
log4j.appender.stdout=org.apache.log4j.ConsoleAppender
log4j.appender.stdout.layout=org.apache.log4j.PatternLayout
log4j.appender.stdout.layout.ConversionPattern=[%d] %p %m (%c)%n
log4j.logger.kafka.request.logger=WARN
log4j.logger.org.apache.zookeeper=WARN
log4j.logger.org.apache.zookeeper.server.NIOServerCnxnFactory=INFO
`,
  'tools-log4j.properties': `log4j.rootLogger=WARN, stderr
log4j.appender.stderr=org.apache.log4j.ConsoleAppender
log4j.appender.stderr.layout=org.apache.log4j.PatternLayout
log4j.appender.stderr.layout.ConversionPattern=[%d] %p %m (%c)%n
log4j.appender.stderr.Target=System.err
`,
}

function setUpKafka(javaMissing) {
  for (const [name, text] of Object.entries(logConfigs)) writeFileSync(path.join(cacheDir, name), text)
  if (javaMissing !== null) return javaMissing
  if (existsSync(path.join(libsDir, '.complete'))) return null
  if (!works('mvn', ['-v'])) return 'no mvn on the PATH (Maven fetches the Kafka jars)'
  say(`fetching Apache Kafka ${KAFKA_VERSION} with Maven`)
  const workDir = path.join(cacheDir, `fetch-${process.pid}`)
  mkdirSync(workDir, { recursive: true })
  writeFileSync(path.join(workDir, 'pom.xml'), pom)
  const copy = [
    '-q',
    '-B',
    'dependency:copy-dependencies',
    '-DincludeScope=runtime',
    `-DoutputDirectory=${workDir}/libs`,
  ]
  const failed = run('mvn', copy, { cwd: workDir })
  if (failed === null) {
    writeFileSync(path.join(workDir, 'libs', '.complete'), '')
    rmSync(libsDir, { recursive: true, force: true })
    renameSync(path.join(workDir, 'libs'), libsDir)
  }
  rmSync(workDir, { recursive: true, force: true })
  return failed
}

/** The driver is compiled again when one of its sources changed. */
function setUpDriver(kafkaMissing) {
  if (kafkaMissing !== null) return kafkaMissing
  const sources = readdirSync(javaSourceDir)
    .filter((name) => name.endsWith('.java'))
    .sort()
  const hash = createHash('sha256').update(KAFKA_VERSION)
  for (const name of sources) hash.update(name).update(readFileSync(path.join(javaSourceDir, name)))
  const digest = hash.digest('hex')
  const stampFile = path.join(classesDir, 'sources.sha256')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest) return null
  say('compiling the Java driver')
  const freshDir = `${classesDir}-${process.pid}`
  mkdirSync(freshDir, { recursive: true })
  const args = [
    '-nowarn',
    '-cp',
    `${libsDir}/*`,
    '-d',
    freshDir,
    ...sources.map((name) => path.join(javaSourceDir, name)),
  ]
  const failed = run('javac', args)
  if (failed === null) {
    writeFileSync(path.join(freshDir, 'sources.sha256'), digest)
    rmSync(classesDir, { recursive: true, force: true })
    renameSync(freshDir, classesDir)
  }
  rmSync(freshDir, { recursive: true, force: true })
  return failed
}

let aptUpdated = false

function aptInstall(packageName) {
  if (!works('apt-get', ['--version'])) return `${packageName} is not installed and there is no apt-get`
  if (process.getuid?.() !== 0)
    return `${packageName} is not installed: as root, run apt-get install ${packageName}`
  if (!aptUpdated) {
    say('apt-get update')
    const failed = run('apt-get', ['update', '-q'])
    if (failed !== null) return failed
    aptUpdated = true
  }
  say(`apt-get install ${packageName}`)
  const env = { DEBIAN_FRONTEND: 'noninteractive' }
  return run('apt-get', ['install', '-y', '-q', '--no-install-recommends', packageName], { env })
}

function setUpKcat() {
  return works('kcat', ['-V']) ? null : aptInstall('kcat')
}

/** A terminal that can be looked at. */
function setUpTmux() {
  return works('tmux', ['-V']) ? null : aptInstall('tmux')
}

function setUpRdkafka() {
  if (!works('cc', ['--version'])) return 'no C compiler (cc) on the PATH'
  const header = ['/usr/include', '/usr/local/include', '/opt/homebrew/include']
    .map((dir) => path.join(dir, 'librdkafka', 'rdkafka.h'))
    .find((file) => existsSync(file))
  return header ? null : aptInstall('librdkafka-dev')
}

mkdirSync(cacheDir, { recursive: true })
const java = setUpJava()
const kafka = setUpKafka(java)
const driver = setUpDriver(kafka)
const missing = { kafka, driver, kcat: setUpKcat(), rdkafka: setUpRdkafka(), tmux: setUpTmux() }
const manifest = {
  kafkaVersion: KAFKA_VERSION,
  libsDir,
  classesDir,
  serverLogConfig: path.join(cacheDir, 'server-log4j.properties'),
  toolsLogConfig: path.join(cacheDir, 'tools-log4j.properties'),
  missing: Object.fromEntries(Object.entries(missing).filter(([, reason]) => reason !== null)),
}
writeFileSync(path.join(cacheDir, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`)
for (const [name, reason] of Object.entries(missing)) {
  say(reason === null ? `${name}: ready` : `${name}: MISSING, its tests will be skipped: ${reason}`)
}
