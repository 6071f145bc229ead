import { LiveClock } from '@tandem/colo/clock.ts'
import { CLOSE_NS_MAX, ConnectionState, Loss } from '@tandem/colo/feed/connection.ts'
import { HEARTBEAT } from '@tandem/colo/feed/heartbeat.ts'
import { Link, type LinkEvents } from '@tandem/colo/feed/link.ts'
import type { MakeSocket } from '@tandem/colo/feed/socket.ts'
import { isCertificateLoss } from '@tandem/colo/trouble.ts'
import { Failure } from '@tandem/shared/failure.ts'
import { NS_PER_MS, type Ns } from '@tandem/shared/units.ts'
import { closedLine, frameLine, openedLine } from './line.ts'
import type { Subject } from './subject.ts'
import type { TapeFiles } from './tape-files.ts'

/** What a kill may cost. */
const FLUSH_MS = 1_000
/** How late a connection's deadlines may be noticed. */
const LOOK_MS = 50
/**
 * A socket that answers pings and tells nothing may have frozen (Polymarket fact sheet, section 3.4), or its
 * subscription was ended by an error that nobody reads here. A new connection brings fresh books, so a market that is
 * merely asleep loses nothing.
 */
const SILENCE_NS_MAX = 300_000_000_000
const PONG = Buffer.from('PONG')

interface Recorded {
  readonly subject: Subject
  readonly link: Link
  /** When the socket last told of its markets, or opened. */
  toldNs: number
  isOpen: boolean
}

export interface RecorderParts {
  readonly subjects: readonly Subject[]
  readonly makeSocket: MakeSocket
  readonly ca: string | undefined
  /** Something that a person may want to know; the recording goes on. */
  readonly onNote: (text: string) => void
}

/** Keeps the sockets connected and writes what they say, as it comes. Reads nothing of it. */
export class Recorder implements LinkEvents {
  frames = 0
  readonly #recorded: readonly Recorded[]
  readonly #onNote: (text: string) => void
  readonly #clock = new LiveClock(() => {})
  readonly #wallAtZeroNs = BigInt(this.#clock.wallMs()) * BigInt(NS_PER_MS) - BigInt(this.#clock.nowNs())
  readonly #over = Promise.withResolvers<void>()
  #files: TapeFiles | undefined

  constructor({ subjects, makeSocket, ca, onNote }: RecorderParts) {
    this.#onNote = onNote
    this.#recorded = subjects.map((subject, index) => ({
      subject,
      toldNs: 0,
      isOpen: false,
      link: new Link(
        index,
        {
          ...subject,
          makeSocket,
          ca,
          clock: this.#clock,
          afterReads: setImmediate,
          random: Math.random,
          heartbeat: HEARTBEAT,
        },
        this,
      ),
    }))
  }

  /** How often a socket that had stood had to be made anew. */
  get reconnects(): number {
    return this.#recorded.reduce((sum, { link }) => sum + Math.max(0, link.opens - 1), 0)
  }

  /** Records until the signal or until `fail`; then every socket is told goodbye. @throws what `fail` was given */
  async run(files: TapeFiles, signal: AbortSignal): Promise<void> {
    this.#files = files
    const over = () => this.#over.resolve()
    signal.addEventListener('abort', over)
    if (signal.aborted) over()
    const look = setInterval(() => this.#look(), LOOK_MS)
    const flush = setInterval(() => files.flush(this.#clock.wallMs()), FLUSH_MS)
    try {
      for (const { link } of this.#recorded) link.start()
      await this.#over.promise
    } finally {
      await this.#stop()
      clearInterval(look)
      clearInterval(flush)
      signal.removeEventListener('abort', over)
    }
  }

  /** Ends the run: what is wrong will not mend itself. */
  fail(failure: Failure): void {
    this.#over.reject(failure)
  }

  subscribe(link: Link, nowNs: Ns): void {
    const recorded = this.#recorded[link.index]
    const { venue, socket, ids, subscription } = recorded.subject
    recorded.toldNs = nowNs
    recorded.isOpen = true
    this.#files?.write(openedLine(this.#recvNs(nowNs), venue, socket, ids))
    link.send(subscription)
    if (link.opens > 1) this.#onNote(`${venue} socket ${socket} is back`)
  }

  message(link: Link, bytes: Uint8Array, nowNs: Ns): void {
    const recorded = this.#recorded[link.index]
    const { venue, socket } = recorded.subject
    const frame = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#files?.write(frameLine(this.#recvNs(nowNs), venue, socket, frame))
    this.frames++
    link.ready(nowNs)
    if (!frame.equals(PONG)) recorded.toldNs = nowNs
  }

  readEnded(): void {}

  late(): void {}

  lost(link: Link, nowNs: Ns): void {
    const { loss } = link
    if (loss === Loss.Stopped) return
    const recorded = this.#recorded[link.index]
    const { venue, socket, url } = recorded.subject
    if (recorded.isOpen) this.#files?.write(closedLine(this.#recvNs(nowNs), venue, socket, link.why))
    recorded.isOpen = false
    if (loss === Loss.Refused) {
      this.fail(
        new Failure({
          code: 'RECORD_REFUSED',
          what: `${venue} refuses the connection, ${link.why}`,
          where: url,
          todo:
            venue === 'kalshi' ? 'check the key, its id and the clock' : 'ask from an address that it serves',
        }),
      )
    } else if (link.opens === 0 && isCertificateLoss(link.why)) {
      this.fail(
        new Failure({
          code: 'RECORD_CERTIFICATE',
          what: `the certificate of ${venue} is not trusted, ${link.why}`,
          where: url,
          todo: 'check the URL; for a sandbox give its authority with --ca',
        }),
      )
    } else this.#onNote(`${venue} socket ${socket} is lost, ${link.why}; it is tried again`)
  }

  #look(): void {
    const nowNs = this.#clock.nowNs()
    for (const { link, toldNs } of this.#recorded) {
      link.look(nowNs)
      if (link.isOpen && nowNs - toldNs > SILENCE_NS_MAX) link.renew(Loss.Stalled, 'it tells nothing')
    }
  }

  async #stop(): Promise<void> {
    for (const { link } of this.#recorded) link.stop()
    const lateMs = performance.now() + (2 * CLOSE_NS_MAX) / NS_PER_MS
    const isClosing = () => this.#recorded.some(({ link }) => link.state === ConnectionState.Closing)
    while (isClosing() && performance.now() < lateMs) await new Promise((done) => setTimeout(done, LOOK_MS))
  }

  #recvNs(nowNs: number): bigint {
    return this.#wallAtZeroNs + BigInt(nowNs)
  }
}
