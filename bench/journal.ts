import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Journal } from '@tandem/colo/journal/journal.ts'
import { listSegments, readJournal } from '@tandem/colo/journal/reader.ts'
import { RecordKind } from '@tandem/colo/journal/record.ts'
import type { SyncPolicy } from '@tandem/colo/journal/writer.ts'
import { TURN_CELLS } from '@tandem/colo/turn.ts'
import { build } from 'hdr-histogram-js'

// What the journal takes, and how long a record is on its way to the disk, on the disk of TMPDIR.
//
//   disk       one write of 4 KiB at a file's end and its fdatasync, alone: what no journal can beat
//   append     the path's share: a Turn copied into the ring
//   woken      append to durable, the writer woken, as for the hash of an order
//   unwoken    append to durable, the writer looks by itself, as for a Turn
//   sustained  Turns appended whenever there is room, by policy; then all of it read back and checked

const DISK_WRITES = 1_000
const PACED_RECORDS = 2_000
const PACE_MS = 1
const SUSTAINED_MS = 3_000
const APPENDS = 500_000
/** Records between two looks at the time. */
const STRIDE = 256
const TMPFS_TYPE = 0x01021994
const US_PER_MS = 1_000

interface Percentiles {
  readonly p50: number
  readonly p99: number
  readonly p999: number
}

class TimesUs {
  readonly #ns = build({ lowestDiscernibleValue: 1, highestTrackableValue: 1e11 })

  add(ms: number): void {
    this.#ns.recordValue(Math.round(ms * 1e6))
  }

  percentiles(): Percentiles {
    const us = (percentile: number): number => this.#ns.getValueAtPercentile(percentile) / 1_000
    return { p50: us(50), p99: us(99), p999: us(99.9) }
  }
}

const turn = new Float64Array(TURN_CELLS).fill(-1)

function diskAlone(folder: string): Percentiles {
  const times = new TimesUs()
  const file = openSync(join(folder, 'alone'), 'w')
  const page = Buffer.alloc(4_096, 1)
  for (let i = 0; i < DISK_WRITES; i++) {
    const from = performance.now()
    writeSync(file, page)
    fdatasyncSync(file)
    times.add(performance.now() - from)
  }
  closeSync(file)
  return times.percentiles()
}

function open(folder: string, sync: SyncPolicy): Journal {
  return new Journal({
    directory: mkdtempSync(join(folder, 'journal-')),
    wallAtZeroMs: Date.now(),
    runId: 'bench',
    sync,
  })
}

/** One record after the other at a pace, each watched until it is durable. */
async function paced(folder: string, sync: SyncPolicy, isWoken: boolean): Promise<Percentiles> {
  const journal = open(folder, sync)
  const { ring } = journal
  const times = new TimesUs()
  journal.flush()
  for (let i = 0; i < PACED_RECORDS; i++) {
    await new Promise((resolve) => setTimeout(resolve, PACE_MS))
    const from = performance.now()
    const position = ring.appendCells(RecordKind.Turn, turn, TURN_CELLS)
    if (isWoken) ring.wake()
    while (ring.durable <= position);
    times.add(performance.now() - from)
  }
  await journal.close()
  return times.percentiles()
}

async function sustained(folder: string, sync: SyncPolicy): Promise<object> {
  const journal = open(folder, sync)
  const { ring } = journal
  const from = performance.now()
  while (performance.now() - from < SUSTAINED_MS)
    for (let i = 0; i < STRIDE && ring.hasRoom(1); i++) ring.appendCells(RecordKind.Turn, turn, TURN_CELLS)
  journal.flush()
  const writtenMs = performance.now() - from
  await journal.close()
  const readFrom = performance.now()
  const { records, faults } = readJournal(journal.directory)
  const readMs = performance.now() - readFrom
  if (records !== ring.published || faults.length > 0) throw new Error('the journal does not hold')
  return {
    entries_per_s: Math.round(ring.published / (writtenMs / 1_000)),
    segments: listSegments(journal.directory).length,
    verified_entries_per_s: Math.round(records / (readMs / 1_000)),
  }
}

/** Nanoseconds of one append, with room and without waking anybody. */
async function appendNs(folder: string): Promise<number> {
  const journal = open(folder, 'none')
  const { ring } = journal
  let spentMs = 0
  for (let done = 0; done < APPENDS; done += STRIDE) {
    while (!ring.hasRoom(STRIDE)) journal.flush()
    const from = performance.now()
    for (let i = 0; i < STRIDE; i++) ring.appendCells(RecordKind.Turn, turn, TURN_CELLS)
    spentMs += performance.now() - from
  }
  await journal.close()
  return Math.round((spentMs * US_PER_MS * 1_000) / APPENDS)
}

export async function run(): Promise<object> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-bench-'))
  try {
    if (statfsSync(folder).type === TMPFS_TYPE)
      process.stderr.write('bench: TMPDIR lies in memory: set it to a folder on a disk\n')
    const disk = diskAlone(folder)
    const woken = await paced(folder, 'always', true)
    return {
      disk_us: disk,
      append_ns: await appendNs(folder),
      always: {
        woken_us: woken,
        unwoken_us: await paced(folder, 'always', false),
        woken_over_disk: { p50: woken.p50 / disk.p50, p99: woken.p99 / disk.p99 },
        ...(await sustained(folder, 'always')),
      },
      interval: {
        unwoken_us: await paced(folder, 'interval', false),
        ...(await sustained(folder, 'interval')),
      },
      none: { ...(await sustained(folder, 'none')) },
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
