import { EventEmitter } from 'node:events'
import type { VenueName } from '@tandem/sandbox/faults.ts'
import type { Peer, PeerEvents } from '@tandem/sandbox/peer.ts'
import type { Lane, Way, Ways } from './network.ts'

/** Lets a client in, or says with what status it does not. */
export type Upgrade = (
  venue: VenueName,
  path: string,
  headers: Readonly<Record<string, string>>,
) => { readonly open: (peer: Peer) => PeerEvents } | { readonly refusal: number }

const CLOSED_ABNORMALLY = 1006
/** Of frames, under the fault `reorder`. */
const REORDER_CHANCE = 0.2

/**
 * As much of a `ws` client as a feed uses, and the venue's end of it. Frames that the venue sends at one moment come in
 * one read: listeners on the stream hear it before and after its frames, as those of a real one do.
 */
export class SimulatedWebSocket extends EventEmitter {
  readonly OPEN = 1
  readyState = 0
  readonly #up: Lane
  readonly #down: Lane
  readonly #ways: Ways
  readonly #way: Way
  /** It waits until another frame has passed it. */
  #overtaken: Buffer | undefined
  readonly #stream = new EventEmitter()
  #far: PeerEvents | undefined
  /** Frames of the read on its way that was begun at `#readNs`. */
  #read: Buffer[] = []
  #readNs = -1

  constructor(
    venue: VenueName,
    path: string,
    headers: Readonly<Record<string, string>>,
    ways: Ways,
    upgrade: Upgrade,
  ) {
    super()
    this.#ways = ways
    this.#way = ways.of(venue)
    this.#up = ways.lane(venue, false)
    this.#down = ways.lane(venue, true)
    this.#stream.on('data', () => {
      const frames = this.#arrived
      for (const frame of frames) if (this.readyState === this.OPEN) this.emit('message', frame)
    })
    // TCP and TLS, then the upgrade.
    this.#up.send(() =>
      this.#down.send(() => this.#up.send(() => this.#admit(upgrade(venue, path, headers)))),
    )
  }

  #arrived: readonly Buffer[] = []

  send(text: string): void {
    this.#up.send(() => this.#far?.message(text))
  }

  ping(): void {
    this.#up.send(() => {
      if (this.#far?.pinged() === true) this.#down.send(() => this.emit('pong'))
    })
  }

  close(code: number): void {
    this.readyState = 2
    this.#up.send(() => {
      this.#leave()
      this.#down.send(() => this.#closed(code))
    })
  }

  terminate(): void {
    this.readyState = 3
    this.#down.cut()
    this.#up.send(() => this.#leave())
  }

  #admit(admitted: ReturnType<Upgrade>): void {
    if ('refusal' in admitted) {
      const { refusal: statusCode } = admitted
      this.#down.send(() => this.emit('unexpected-response', { destroy() {} }, { statusCode }))
      return
    }
    // In this order: what the venue sends at once comes behind the answer to the upgrade.
    this.#down.send(() => {
      this.readyState = this.OPEN
      this.emit('upgrade', { socket: this.#stream })
      this.emit('open')
    })
    this.#far = admitted.open({
      bufferedAmount: 0,
      send: (text) => this.#sendFrame(Buffer.from(text)),
      // ws answers these by itself.
      ping: () => {},
      close: (code) => this.#farCloses(code),
      terminate: () => this.#farCloses(CLOSED_ABNORMALLY),
    })
  }

  #sendFrame(frame: Buffer): void {
    if (this.#far === undefined) return
    const { random } = this.#ways
    if (this.#way.isReordering && this.#overtaken === undefined && random.chance(REORDER_CHANCE)) {
      this.#overtaken = frame
      return
    }
    this.#sendNow(frame)
    if (this.#overtaken === undefined) return
    const overtaken = this.#overtaken
    this.#overtaken = undefined
    this.#sendNow(overtaken)
  }

  #sendNow(frame: Buffer): void {
    const { nowNs } = this.#ways.scheduler
    if (this.#readNs === nowNs) {
      this.#read.push(frame)
      return
    }
    this.#readNs = nowNs
    const read = [frame]
    this.#read = read
    this.#down.send(() => {
      // A frame of the same moment that is sent after this belongs to another read.
      if (this.#read === read) this.#readNs = -1
      this.#arrived = read
      this.#stream.emit('data', read[0])
    })
  }

  #farCloses(code: number): void {
    this.#leave()
    this.#down.send(() => this.#closed(code))
  }

  #leave(): void {
    this.#far?.closed()
    this.#far = undefined
  }

  #closed(code: number): void {
    this.readyState = 3
    this.emit('close', code)
  }
}
