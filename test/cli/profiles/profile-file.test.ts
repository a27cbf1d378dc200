import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { withProfile } from '../../../src/cli/profiles/active.ts'
import { configFile } from '../../../src/cli/profiles/places.ts'
import { ProfileFile } from '../../../src/cli/profiles/profile-file.ts'
import { readClientFile } from '../../../src/cli/profiles/property-input.ts'
import { resolveReference } from '../../../src/cli/profiles/secrets.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const TEXT = `# Ours.
profiles:
  # Careful.
  prod:
    bootstrap-server: kafka:9092
    protected: true
    properties:
      request.timeout.ms: 5000
`

function written(text: string, name = 'config.yml'): string {
  const file = path.join(temporaryDirectory(), name)
  fs.writeFileSync(file, text)
  return file
}

describe('config.yml', () => {
  it('stands where the system has such files', () => {
    const env = { HOME: '/home/ann' }
    expect(configFile(env, 'linux')).toBe('/home/ann/.config/kcli/config.yml')
    expect(configFile({ ...env, XDG_CONFIG_HOME: '/etc/ann' }, 'linux')).toBe('/etc/ann/kcli/config.yml')
    expect(configFile(env, 'darwin')).toBe('/home/ann/Library/Application Support/kcli/config.yml')
    expect(configFile({ ...env, KCLI_CONFIG: '/x.yml', XDG_CONFIG_HOME: '/y' }, 'linux')).toBe('/x.yml')
  })

  it('is read as it is written, and keeps what people wrote beside it', async () => {
    const file = await ProfileFile.load(written(TEXT))
    file.set('test', { 'data-dir': '/data' })
    file.setProperty('prod', 'client.id', 'me')
    file.save()
    const text = fs.readFileSync(file.path, 'utf8')
    expect(text).toMatch(/^# Ours\.\nprofiles:\n {2}# Careful\.\n {2}prod:\n/)
    const again = await ProfileFile.load(file.path)
    expect(again.names()).toEqual(['prod', 'test'])
    expect(again.get('prod')).toMatchObject({
      bootstrapServer: 'kafka:9092',
      isProtected: true,
      isReadOnly: false,
      properties: new Map([
        ['request.timeout.ms', '5000'],
        ['client.id', 'me'],
      ]),
    })
    expect(again.get('test')?.dataDir).toBe('/data')
  })

  it('is for its owner alone, whatever it was before, and a link to it stays one', async () => {
    const real = written(TEXT)
    fs.chmodSync(real, 0o644)
    const link = path.join(path.dirname(real), 'link.yml')
    fs.symlinkSync(real, link)
    const file = await ProfileFile.load(link)
    file.set('prod', undefined)
    file.save()
    expect(fs.lstatSync(link).isSymbolicLink()).toBe(true)
    expect(fs.statSync(real).mode & 0o777).toBe(0o600)
    expect(fs.readFileSync(real, 'utf8')).not.toContain('kafka:9092')
    expect(fs.readdirSync(path.dirname(real)).sort()).toEqual(['config.yml', 'link.yml'])
  })

  it.each([
    ['profiles: [', /no YAML that can be read: .* line 1/],
    ['- a\n- b\n', /has no profiles/],
    ['profiles: prod\n', /has no profiles/],
    ['profiles:\n  prod: kafka:9092\n', /profile 'prod' is not a list of keys and values/],
    ['profiles:\n  prod:\n    read_only: true\n', /has the key 'read_only', which is not known/],
    ['profiles:\n  prod:\n    protected: 1\n', /protected is neither true nor false/],
    ['profiles:\n  prod:\n    bootstrap-server: 9092\n', /bootstrap-server is not a text/],
    ['profiles:\n  prod:\n    bootstrap-server: a:1\n    data-dir: /x\n', /one of them is too much/],
    ['profiles:\n  prod:\n    properties:\n      acks: [1]\n', /the property acks has no plain value/],
  ])('%j is refused with its name', async (text, message) => {
    const file = written(text)
    const get = async () => (await ProfileFile.load(file)).get('prod')
    await expect(get()).rejects.toMatchObject({
      code: 'KCLI_USAGE',
      message: expect.stringMatching(message),
    })
    await expect(get()).rejects.toThrow(file)
  })
})

describe('the profile in use', () => {
  it('is the one of -P, else of KCLI_PROFILE, else of `profile use`; none is none', async () => {
    const file = written('profiles: {a: {}, b: {}, c: {}}\n')
    fs.writeFileSync(`${file}.current`, 'c\n')
    const env = { KCLI_CONFIG: file, KCLI_PROFILE: 'b' }
    const used = async (...args: Parameters<typeof withProfile>) => {
      const { activeProfile } = await withProfile(...args)
      return activeProfile && [activeProfile.name, activeProfile.from]
    }
    expect(await used({ profile: 'a' }, env)).toEqual(['a', '--profile'])
    expect(await used({}, env)).toEqual(['b', 'KCLI_PROFILE'])
    expect(await used({}, { KCLI_CONFIG: file })).toEqual(['c', 'profile use'])
    expect(await used({ profile: 'none' }, env)).toBeUndefined()
    expect(await used({}, { KCLI_CONFIG: `${file}.missing` })).toBeUndefined()
    await expect(used({ profile: 'aa' }, env)).rejects.toThrow("there is no profile 'aa'")
    // As a shell hands its own on.
    const shell = await withProfile({ profile: 'a' }, env)
    expect(await used({ ...shell, profile: undefined }, env)).toEqual(['a', '--profile'])
    expect(await used({ ...shell, profile: 'b' }, env)).toEqual(['b', '--profile'])
    expect(await used({ ...shell, profile: 'none' }, env)).toBeUndefined()
  })
})

describe('values that stand elsewhere', () => {
  it('are taken from the environment, a file or a command when they are used', async () => {
    const file = written('from file\n', 'secret')
    expect(await resolveReference('x', 'env:WORD', { WORD: 'from env' })).toBe('from env')
    expect(await resolveReference('x', `file:${file}`, {})).toBe('from file')
    expect(await resolveReference('x', "cmd:echo 'from cmd'", {})).toBe('from cmd')
    expect(await resolveReference('x', 'environment', {})).toBe('environment')
  })

  it.each([
    ['env:NOT_THERE', /sasl\.password is env:NOT_THERE, and NOT_THERE is not set/],
    ['file:/not/there', /sasl\.password is file:\/not\/there, which cannot be read/],
    ['cmd:exit 7', /that command ended with 7/],
  ])('%s that is not there is told', async (value, message) => {
    await expect(resolveReference('sasl.password', value, {})).rejects.toThrow(message)
  })
})

describe('files of other programs', () => {
  it("are read as Java's, and kcat's with its backslashes", () => {
    const text = '# kcat\nbootstrap.servers = a:1\nsasl.password=a\\tb\n'
    expect(readClientFile(written(text, 'kcat.conf'), 'x')).toEqual(
      new Map([
        ['bootstrap.servers', 'a:1'],
        ['sasl.password', 'a\\tb'],
      ]),
    )
    expect(readClientFile(written(text, 'client.properties'), 'x').get('sasl.password')).toBe('a\tb')
  })
})
