import { backoffNs } from './backoff.ts'

// One connection's life, as a table. What the outside tells is an event, what is to be done about it comes back.
//
//     Idle --start--> Connecting --opened--> Subscribing --ready--> Live
//                       ^   |                    |                    |
//                       |   +------ lost --------+------- lost -------+---> Waiting, for an ever longer time
//                       |                                                     |
//                       +-------------------------- due ----------------------+
//
//     lost for good (the venue will not have us): Refused, until somebody starts it again
//     stop: Closing, which says goodbye and waits a moment for the answer, then Idle

export const ConnectionState = {
  /** Never started, or stopped. */
  Idle: 0,
  /** The headers are being made, or the handshake is under way. */
  Connecting: 1,
  /** Open; what was subscribed has not all come. */
  Subscribing: 2,
  /** Its first books are there. */
  Live: 3,
  /** We have said goodbye. */
  Closing: 4,
  /** Lost; tried again when the time has come. */
  Waiting: 5,
  /** The venue refused us, and will again: a person must look. */
  Refused: 6,
} as const
export type ConnectionState = (typeof ConnectionState)[keyof typeof ConnectionState]

export const Action = {
  None: 0,
  /** Make a socket. */
  Connect: 1,
  /** Say what is wanted. */
  Subscribe: 2,
  /** Say goodbye. */
  Close: 3,
  /** Forget the socket, whatever state it is in. */
  Drop: 4,
} as const
export type Action = (typeof Action)[keyof typeof Action]

/** Why a connection ended. */
export const Loss = {
  None: 0,
  /** The other side closed it, or the network did. */
  Closed: 1,
  /** It never came about: no route, a bad certificate, an answer that is no upgrade, no headers. */
  Failed: 2,
  /** 401 or 403 at the upgrade: the same answer will come again. */
  Refused: 3,
  ConnectTimeout: 4,
  /** It opened, and nothing of what was subscribed came. */
  SubscribeTimeout: 5,
  /** Heartbeats are not answered: half-open, or the other side hangs. */
  Silent: 6,
  /** It answers, but has stopped telling of the markets. */
  Stalled: 7,
  /** Subscribing anew did not bring the books back. */
  Unrepaired: 8,
  Stopped: 9,
} as const
export type Loss = (typeof Loss)[keyof typeof Loss]

/** For the signed headers, DNS, TCP, TLS and the upgrade together. */
export const CONNECT_NS_MAX = 10_000_000_000
/** From the upgrade to the first book. Twice what the repairs on the way may take. */
export const SUBSCRIBE_NS_MAX = 10_000_000_000
/** A goodbye that is not answered by then is not waited for. */
export const CLOSE_NS_MAX = 1_000_000_000
/** A connection that stood so long is no longer part of the storm that it came from: the next loss starts a new count. */
export const STEADY_NS_MIN = 10_000_000_000

const NEVER = Number.POSITIVE_INFINITY

export class Connection {
  state: ConnectionState = ConnectionState.Idle
  /** When `due` is to be called; Infinity when time changes nothing. */
  dueNs = NEVER
  /** Attempts that failed since it last stood. */
  attempts = 0
  /** Why it last ended. */
  loss: Loss = Loss.None

  start(nowNs: number): Action {
    const { Idle, Refused } = ConnectionState
    if (this.state !== Idle && this.state !== Refused) return Action.None
    this.attempts = 0
    return this.#connect(nowNs)
  }

  /** The handshake is done. */
  opened(nowNs: number): Action {
    if (this.state !== ConnectionState.Connecting) return Action.None
    this.#to(ConnectionState.Subscribing, nowNs + SUBSCRIBE_NS_MAX)
    return Action.Subscribe
  }

  /** The first books are there. */
  ready(nowNs: number): void {
    if (this.state === ConnectionState.Subscribing) this.#to(ConnectionState.Live, nowNs + STEADY_NS_MIN)
  }

  /** The socket ended, or is of no more use. */
  lost(loss: Loss, nowNs: number, chance: number): Action {
    if (this.state === ConnectionState.Closing) return this.#end(Loss.Stopped)
    if (!this.hasSocket) return Action.None
    this.loss = loss
    if (loss === Loss.Refused) this.#to(ConnectionState.Refused, NEVER)
    else this.#to(ConnectionState.Waiting, nowNs + backoffNs(this.attempts++, chance))
    return Action.Drop
  }

  /** Time has passed. */
  due(nowNs: number, chance: number): Action {
    if (nowNs < this.dueNs) return Action.None
    switch (this.state) {
      case ConnectionState.Waiting:
        return this.#connect(nowNs)
      case ConnectionState.Connecting:
        return this.lost(Loss.ConnectTimeout, nowNs, chance)
      case ConnectionState.Subscribing:
        return this.lost(Loss.SubscribeTimeout, nowNs, chance)
      case ConnectionState.Closing:
        return this.#end(Loss.Stopped)
      default:
        this.attempts = 0
        this.dueNs = NEVER
        return Action.None
    }
  }

  stop(nowNs: number): Action {
    if (this.state === ConnectionState.Subscribing || this.state === ConnectionState.Live) {
      this.#to(ConnectionState.Closing, nowNs + CLOSE_NS_MAX)
      return Action.Close
    }
    // A handshake has nobody to say goodbye to.
    if (this.state === ConnectionState.Connecting) return this.#end(Loss.Stopped)
    if (this.state !== ConnectionState.Closing) this.#to(ConnectionState.Idle, NEVER)
    return Action.None
  }

  get hasSocket(): boolean {
    const { Connecting, Subscribing, Live, Closing } = ConnectionState
    return (
      this.state === Connecting || this.state === Subscribing || this.state === Live || this.state === Closing
    )
  }

  #connect(nowNs: number): Action {
    this.#to(ConnectionState.Connecting, nowNs + CONNECT_NS_MAX)
    return Action.Connect
  }

  #end(loss: Loss): Action {
    this.loss = loss
    this.#to(ConnectionState.Idle, NEVER)
    return Action.Drop
  }

  #to(state: ConnectionState, dueNs: number): void {
    this.state = state
    this.dueNs = dueNs
  }
}
