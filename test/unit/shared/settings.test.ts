import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { readSettings } from '@tandem/shared/settings.ts'

const refused = (value: unknown, message: RegExp): void =>
  assert.throws(() => readSettings(value, 'tandem.toml'), { name: 'Failure', code: 'SETTINGS_BAD', message })

describe('settings', () => {
  it('need no key at all', () => {
    const settings = readSettings({}, 'defaults')
    assert.equal(settings.minEdgeMicroUsd, 5_000)
    assert.equal(settings.signalGrossSpreadMicroUsd, 30_000)
    assert.equal(settings.maxOverfill, 0.03)
    assert.ok(settings.pool.sizesCents.length > 0)
  })

  it('take a part of a section and fill in the rest', () => {
    const { pool } = readSettings({ pool: { lifeSeconds: 60 } }, 'tandem.toml')
    assert.deepEqual([pool.lifeSeconds, pool.hotBandCents], [60, 3])
  })

  it('have both legs leave at once, unless another plan is named', () => {
    assert.equal(readSettings({}, 'defaults').legPlan, 'parallel')
    assert.equal(readSettings({ legPlan: 'far-first' }, 'tandem.toml').legPlan, 'far-first')
    refused({ legPlan: 'near-first' }, /^legPlan: .*"parallel"\|"far-first"\|"one-then-other"/)
  })

  it('say the key that is wrong, what is wrong and where', () => {
    refused(
      { minEdgeMicroUsd: '5000' },
      /^minEdgeMicroUsd: expected number, received string \(tandem\.toml\)/,
    )
    refused({ pool: { missPolicy: 'wait' } }, /^pool\.missPolicy: .*"sign"\|"skip"/)
    refused({ kalshi: { balancePrecisionMicroUsd: 1 } }, /^kalshi\.balancePrecisionMicroUsd: .*100\|10000/)
    refused([], /^the whole of it: expected object/)
  })

  it('refuse a key that they do not know: a slip of the keyboard must not be a default', () => {
    refused({ minEdgeMicroUsds: 1 }, /^minEdgeMicroUsds: there is no such key/)
    refused({ limits: { orderUsd: 1 } }, /^limits\.orderUsd: there is no such key/)
  })

  it('say the wrong value rather than the unknown key beside it', () => {
    refused({ strange: 1, cooldownMs: -1 }, /^cooldownMs: .*and 1 more/)
  })

  it('refuse a narrow limit that is wider than a wide one', () => {
    refused(
      { limits: { orderMicroUsd: 2_000_000_000 } },
      /^limits\.marketMicroUsd: must be at least orderMicroUsd/,
    )
    refused({ limits: { dayMicroUsd: 5 } }, /^limits\.dayMicroUsd: must be at least totalMicroUsd/)
  })

  it('refuse sizes that do not rise, and sizes that risk could never let through', () => {
    refused({ pool: { sizesCents: [2_000, 500] } }, /^pool\.sizesCents: must rise/)
    refused(
      { pool: { sizesCents: [500, 50_000] } },
      /^pool\.sizesCents: holds orders of 500000000 micro-dollars/,
    )
  })
})
