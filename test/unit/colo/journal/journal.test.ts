import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, type TestContext, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { listSegments, readJournal } from '@tandem/colo/journal/reader.ts'
import { RecordKind } from '@tandem/colo/journal/record.ts'
import { RING_RECORDS } from '@tandem/colo/journal/ring.ts'
import type { SyncPolicy } from '@tandem/colo/journal/writer.ts'

const KILLS = 20
/** So long a test waits for another process before it says that nothing came. */
const PATIENCE_MS = 30_000
const writerFile = fileURLToPath(new URL('../../../journal-process.ts', import.meta.url))

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'tandem-journal-'))
  t.after(() => rmSync(path, { recursive: true, force: true }))
  return path
}

function open(directory: string, sync: SyncPolicy = 'always'): Journal {
  return new Journal({ directory, wallAtZeroMs: 1_790_000_000_000, runId: 'test-run', sync })
}

/** Every record's number in the journal, after its own cell was held against it. */
function sequencesIn(directory: string): { sequences: number[]; kinds: string[] } {
  const sequences: number[] = []
  const { faults } = readJournal(directory, { record: (sequence) => sequences.push(sequence) })
  return { sequences, kinds: faults.map(({ kind }) => kind) }
}

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i)

/** The writing process, and the lines that it says. */
class WritingProcess {
  readonly child: ChildProcess
  durable = 0
  state = ''

  constructor(directory: string, stderr: 'inherit' | 'ignore' = 'inherit') {
    this.child = spawn(process.execPath, [writerFile, directory], { stdio: ['pipe', 'pipe', stderr] })
    createInterface({ input: this.child.stdout! }).on('line', (line) => {
      const [durable, state] = line.split(' ')
      this.durable = Number(durable)
      this.state = state
    })
  }

  async until(reached: () => boolean): Promise<void> {
    for (let waitedMs = 0; !reached(); waitedMs += 5) {
      assert.ok(waitedMs < PATIENCE_MS, `${this.durable} durable, ${this.state}`)
      assert.equal(this.child.exitCode, null)
      await setTimeout(5)
    }
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill('SIGKILL')
    await once(this.child, 'close')
  }

  async end(): Promise<void> {
    this.child.stdin!.end()
    await once(this.child, 'close')
    assert.equal(this.child.exitCode, 0)
  }
}

for (const sync of ['always', 'interval', 'none'] as const)
  test(`every record reaches the disk in order, over many turns of the ring (${sync})`, async (t) => {
    const directory = join(folder(t), 'journal')
    const journal = open(directory, sync)
    const records = RING_RECORDS * 2 + 17
    const cells = new Float64Array(2)
    for (let i = 0; i < records; i++) {
      cells.fill(i)
      while (!journal.ring.hasRoom(1)) journal.flush()
      journal.ring.appendCells(RecordKind.IdBlock, cells, 2)
    }
    journal.flush()
    assert.equal(journal.ring.durable, records)
    await journal.close()
    const seen: number[] = []
    const { faults } = readJournal(directory, {
      segment: ({ wallAtZeroMs, runId }) =>
        assert.deepEqual([wallAtZeroMs, runId], [1_790_000_000_000, 'test-run']),
      record(sequence, kind, payload) {
        assert.equal(kind, RecordKind.IdBlock)
        assert.equal(payload.readDoubleLE(8), sequence)
        seen.push(sequence)
      },
    })
    assert.deepEqual(faults, [])
    assert.deepEqual(seen, upTo(records))
    assert.equal(statSync(directory).mode & 0o777, 0o700)
    for (const name of readdirSync(directory))
      assert.equal(statSync(join(directory, name)).mode & 0o777, 0o600)
    assert.equal(existsSync(join(directory, 'lock')), false)
  })

test('segments end before they grow too long, and the chain goes on', { timeout: 60_000 }, async (t) => {
  const directory = folder(t)
  const journal = open(directory, 'none')
  const bytes = new Uint8Array(248)
  // 272 bytes a frame: 64 MiB hold less than 250,000 of them.
  const records = 300_000
  for (let i = 0; i < records; i++) {
    while (!journal.ring.hasRoom(1)) journal.flush()
    journal.ring.offerBytes(RecordKind.OrderHash, bytes)
  }
  await journal.close()
  assert.deepEqual(listSegments(directory), [1, 2])
  assert.ok(statSync(join(directory, '00000001.journal')).size <= 64 * 1024 * 1024)
  const reading = readJournal(directory)
  assert.equal(reading.records, records)
  assert.deepEqual(reading.faults, [])
})

describe('a directory with a journal', () => {
  test('is gone on with: a new segment, the same chain; a torn tail stays what it is', async (t) => {
    const directory = folder(t)
    for (let run = 0; run < 3; run++) {
      const journal = open(directory)
      for (let i = 0; i < 4; i++) journal.ring.appendCells(RecordKind.Fill, Float64Array.of(1), 1)
      await journal.close()
      if (run === 0) continue
      const file = join(directory, `0000000${run + 1}.journal`)
      writeFileSync(file, Buffer.concat([readFileSync(file), readFileSync(file).subarray(128, 150)]))
    }
    const { sequences, kinds } = sequencesIn(directory)
    assert.deepEqual(sequences, upTo(12))
    assert.deepEqual(kinds, ['torn', 'torn'])
  })

  test('is held by one that lives, and free when that one is gone', async (t) => {
    const directory = folder(t)
    const journal = open(directory)
    assert.throws(() => open(directory), { code: 'JOURNAL_HELD', message: new RegExp(`${process.pid}`) })
    await journal.close()
    await open(directory).close()
    const other = new WritingProcess(directory)
    try {
      await other.until(() => other.durable > 0)
      assert.throws(() => open(directory), { code: 'JOURNAL_HELD' })
    } finally {
      await other.kill()
    }
    assert.ok(existsSync(join(directory, 'lock')))
    await open(directory).close()
    // The same number as a process that lives, but of an earlier boot.
    writeFileSync(join(directory, 'lock'), `${process.pid} 1 another-boot\n`)
    await open(directory).close()
  })

  test('whose holder is gone goes to one of those who come at once', async (t) => {
    const directory = folder(t)
    writeFileSync(join(directory, 'lock'), '1 1 another-boot\n')
    const writers = Array.from({ length: 4 }, () => new WritingProcess(directory, 'ignore'))
    try {
      const isOut = ({ child }: WritingProcess) => child.exitCode !== null
      for (let waitedMs = 0; writers.filter(isOut).length < 3; waitedMs += 5) {
        assert.ok(waitedMs < PATIENCE_MS)
        await setTimeout(5)
      }
      const [holder, ...others] = writers.filter((writer) => !isOut(writer))
      assert.deepEqual(others, [])
      await holder.until(() => holder.durable > 0)
      await holder.end()
    } finally {
      await Promise.all(writers.map((writer) => writer.kill()))
    }
    assert.deepEqual(readdirSync(directory), ['00000001.journal'])
    assert.deepEqual(sequencesIn(directory).kinds, [])
  })

  test('that is damaged, or cannot be written, is refused in one line', async (t) => {
    const directory = folder(t)
    const journal = open(directory)
    for (let i = 0; i < 9; i++) {
      journal.ring.appendCells(RecordKind.Fill, Float64Array.of(1), 1)
      journal.flush()
    }
    await journal.close()
    const file = join(directory, '00000001.journal')
    const bytes = readFileSync(file)
    bytes[bytes.length - 70] ^= 4
    writeFileSync(file, bytes)
    assert.throws(() => open(directory), {
      code: 'JOURNAL_DAMAGED',
      message: /00000001\.journal, offset \d+/,
    })
    assert.equal(existsSync(join(directory, 'lock')), false)
    assert.deepEqual(readFileSync(file), bytes)
    assert.throws(() => open('/proc/none'), { code: 'JOURNAL_UNWRITABLE' })
  })

  test('whose newest segments were never begun is gone on with', async (t) => {
    const directory = folder(t)
    await open(directory).close()
    writeFileSync(join(directory, '00000002.journal'), '')
    writeFileSync(join(directory, '00000003.journal'), Buffer.alloc(90))
    const journal = open(directory)
    journal.ring.appendCells(RecordKind.Fill, Float64Array.of(1), 1)
    await journal.close()
    assert.deepEqual(listSegments(directory), [1, 2, 3, 4])
    assert.deepEqual(sequencesIn(directory).sequences, [0])
  })
})

test(
  'killed at any moment, a process loses nothing that was acknowledged',
  { timeout: 120_000 },
  async (t) => {
    const directory = folder(t)
    let before = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const writing = new WritingProcess(directory)
      try {
        await writing.until(() => writing.durable > 0)
        await setTimeout(Math.random() * 40)
      } finally {
        await writing.kill()
      }
      const { sequences, kinds } = sequencesIn(directory)
      assert.ok(
        sequences.length >= before + writing.durable,
        `${sequences.length} of ${before + writing.durable}`,
      )
      assert.deepEqual(sequences, upTo(sequences.length))
      assert.ok(
        kinds.every((kind) => kind === 'torn'),
        kinds.join(),
      )
      before = sequences.length
    }
  },
)

/** Everything a refusing disk must bring: a name, no entry, nothing acknowledged, and all of it written in the end. */
async function refusesAndRecovers(
  directory: string,
  errno: string,
  release: (pid: number) => void,
): Promise<void> {
  const writing = new WritingProcess(directory)
  try {
    await writing.until(() => writing.state === errno)
    const durable = writing.durable
    await setTimeout(1_500)
    assert.deepEqual([writing.state, writing.durable], [errno, durable])
    const found = sequencesIn(directory)
    assert.ok(found.sequences.length >= durable)
    assert.ok(found.kinds.every((kind) => kind === 'torn'))
    release(writing.child.pid!)
    await writing.until(() => writing.state === 'writes' && writing.durable > durable)
    await writing.end()
  } finally {
    await writing.kill()
  }
  const { sequences, kinds } = sequencesIn(directory)
  assert.ok(sequences.length >= writing.durable)
  assert.deepEqual(sequences, upTo(sequences.length))
  assert.deepEqual(kinds, [])
}

describe('a disk that refuses', { timeout: 60_000 }, () => {
  test('by a limit of size: blocked by name, then written without a gap', async (t) => {
    const directory = folder(t)
    const limit = (pid: number | undefined, bytes: string) =>
      spawnSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:`])
    if (limit(process.pid, 'unlimited').status !== 0) return t.skip('there is no prlimit here')
    const writing = refusesAndRecovers(directory, 'EFBIG', (pid) => limit(pid, 'unlimited'))
    // The limit comes while it writes.
    while (!existsSync(join(directory, 'lock'))) await setTimeout(5)
    limit(Number(readFileSync(join(directory, 'lock'), 'utf8').split(' ')[0]), '300000')
    await writing
  })

  test('for it is full: blocked by name, then written without a gap', async (t) => {
    const mounted = folder(t)
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', mounted])
    if (mount.status !== 0) return t.skip('a file system cannot be mounted here')
    try {
      const filler = join(mounted, 'filler')
      writeFileSync(filler, Buffer.alloc(700_000))
      const directory = join(mounted, 'journal')
      mkdirSync(directory, { mode: 0o700 })
      await refusesAndRecovers(directory, 'ENOSPC', () => truncateSync(filler))
    } finally {
      spawnSync('umount', ['-l', mounted])
    }
  })

  test('to the end: what could not be written is said, and what was is whole', async (t) => {
    const mounted = folder(t)
    const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', mounted])
    if (mount.status !== 0) return t.skip('a file system cannot be mounted here')
    try {
      const journal = open(mounted)
      for (let i = 0; i < 3_000; i++) journal.ring.appendCells(RecordKind.OrderHash, new Float64Array(31), 31)
      assert.throws(() => journal.flush(), { code: 'JOURNAL_WRITE_FAILED', message: /records .*ENOSPC/ })
      assert.equal(journal.ring.hasRoom(1), false)
      await assert.rejects(journal.close(), { code: 'JOURNAL_WRITE_FAILED' })
      const { sequences, kinds } = sequencesIn(mounted)
      assert.deepEqual(sequences, upTo(journal.ring.durable))
      assert.deepEqual(kinds, [])
    } finally {
      spawnSync('umount', ['-l', mounted])
    }
  })
})
