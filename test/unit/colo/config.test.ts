import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, it } from 'node:test'
import { type ConfigSource, readConfig } from '@tandem/colo/config.ts'

const folder = mkdtempSync(join(tmpdir(), 'tandem-config-'))
const keys = `[polymarket]
keyFile = "owner.key"
[kalshi]
keyId = "9180014b-33c8-9240-a14b-bdca11c0a465"
keyFile = "/run/keys/kalshi.pem"
`

function config(toml: string, source: Partial<ConfigSource> = {}) {
  const file = join(folder, 'tandem.toml')
  writeFileSync(file, toml)
  return readConfig({ file, mode: undefined, env: {}, ...source })
}
const refused = (toml: string, source: Partial<ConfigSource>, code: string, message: RegExp): void =>
  assert.throws(() => config(toml, source), { name: 'Failure', code, message })

describe('the configuration', () => {
  after(() => rmSync(folder, { recursive: true }))

  it('is the sandbox without a file', () => {
    const { mode, file, capped } = readConfig({ file: undefined, mode: undefined, env: {} })
    assert.deepEqual([mode, file, capped], ['sandbox', undefined, []])
  })

  it('comes from the file that TANDEM_CONFIG names, unless the command line names one', () => {
    const other = join(folder, 'other.toml')
    writeFileSync(other, 'mode = "replay"')
    assert.equal(
      readConfig({ file: undefined, mode: undefined, env: { TANDEM_CONFIG: other } }).mode,
      'replay',
    )
    assert.equal(config('mode = "sandbox"', { env: { TANDEM_CONFIG: other } }).mode, 'sandbox')
  })

  it('is frozen to its depth', () => {
    const { settings } = config('')
    assert.throws(() => {
      settings.limits.orderMicroUsd = 1
    }, TypeError)
    assert.throws(() => settings.pool.sizesCents.push(1), TypeError)
  })

  it('says file, line and column of broken TOML, and the key of a bad value', () => {
    refused('mode = "sandbox"\nceilings = ', {}, 'CONFIG_NOT_TOML', /tandem\.toml:2:\d+/)
    refused('[settings]\ncooldownMs = "1"', {}, 'SETTINGS_BAD', /^cooldownMs: .*\[settings\]/)
    refused('colour = 1', {}, 'CONFIG_BAD', /^colour: there is no such key/)
    refused('[kalshi]\nrestUrl = "http://example.com"', {}, 'CONFIG_BAD', /^kalshi\.restUrl: must be https/)
    refused('', { file: join(folder, 'absent.toml') }, 'FILE_UNREADABLE', /no such file/)
    refused('', { mode: 'lively' }, 'MODE_UNKNOWN', /sandbox, replay, paper, live/)
  })

  it('goes live only when the file and the command line both say so', () => {
    refused(`mode = "live"\n${keys}`, {}, 'LIVE_SAID_ONCE', /command line does not/)
    refused(`mode = "paper"\n${keys}`, { mode: 'live' }, 'LIVE_SAID_ONCE', /only the command line/)
    refused('', { file: undefined, mode: 'live' }, 'LIVE_SAID_ONCE', /only the command line/)
    assert.equal(config(`mode = "live"\n${keys}`, { mode: 'live' }).mode, 'live')
    assert.equal(config(`mode = "live"\n${keys}`, { mode: 'paper' }).mode, 'paper')
  })

  it('does not go live in an environment that lets other code in', () => {
    for (const name of [
      'NODE_OPTIONS',
      'NODE_TLS_REJECT_UNAUTHORIZED',
      'NODE_EXTRA_CA_CERTS',
      'LD_PRELOAD',
    ]) {
      const env = { [name]: '1' }
      refused(`mode = "live"\n${keys}`, { mode: 'live', env }, 'LIVE_ENVIRONMENT', new RegExp(name))
      assert.equal(config(`mode = "live"\n${keys}`, { mode: 'paper', env }).mode, 'paper')
    }
  })

  it('needs keys where orders or private feeds are real', () => {
    refused('mode = "live"', { mode: 'live' }, 'CONFIG_KEY_MISSING', /polymarket\.keyFile/)
    refused('mode = "paper"', {}, 'CONFIG_KEY_MISSING', /kalshi\.keyFile/)
  })

  it('looks for keys where systemd put them, else beside the file', () => {
    const paper = `mode = "paper"\n${keys}`
    assert.equal(config(paper).polymarket.keyFile, join(folder, 'owner.key'))
    const env = { CREDENTIALS_DIRECTORY: '/run/credentials/tandem' }
    assert.equal(config(paper, { env }).polymarket.keyFile, '/run/credentials/tandem/owner.key')
    assert.equal(config(paper, { env }).kalshi.keyFile, '/run/keys/kalshi.pem')
  })

  it('cuts settings down to the ceilings and says so', () => {
    const { settings, capped } = config('[ceilings]\norderMicroUsd = 50_000_000')
    assert.equal(settings.limits.orderMicroUsd, 50_000_000)
    assert.ok(settings.pool.sizesCents.length > 0)
    assert.ok(settings.pool.sizesCents.every((cents) => cents <= 5_000))
    assert.equal(capped.length, 2)
    assert.match(capped[0], /limits\.orderMicroUsd 350000000 is cut to this host's ceiling, 50000000/)
  })

  it('never raises a setting to a ceiling', () => {
    const { settings } = config(
      '[ceilings]\nmarketMicroUsd = 2_000_000_000\n[settings.limits]\nmarketMicroUsd = 400_000_000',
    )
    assert.equal(settings.limits.marketMicroUsd, 400_000_000)
  })

  it('starts live small, until the host says otherwise', () => {
    const live = `mode = "live"\n${keys}`
    assert.equal(config(live, { mode: 'live' }).settings.limits.totalMicroUsd, 200_000_000)
    const raised = config(`${live}[ceilings]\ntotalMicroUsd = 900_000_000\ndayMicroUsd = 900_000_000`, {
      mode: 'live',
    })
    assert.equal(raised.settings.limits.totalMicroUsd, 900_000_000)
    assert.equal(raised.settings.limits.orderMicroUsd, 20_000_000)
  })
})
