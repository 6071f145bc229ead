import type { Symbols } from './symbols.ts'

/** The longest text between two values that is worth remembering: `, "price_level_structure": ` is 27 bytes. */
const SEGMENT_BYTES_MAX = 64
const SEGMENT_WORDS = SEGMENT_BYTES_MAX / 4

/**
 * How the fields of one kind of object followed each other when last seen. A venue writes its keys in one order, so
 * that from the end of a value to the start of the next one stand the same bytes in every frame:
 *
 *     ... "price":"0.5" ,"size": "200" ,"side": "BUY" ...
 *                       └──────┘       └──────┘
 *
 * Comparing them with what stood there last time, word by word, does for the comma, the spaces, the quotes, the name and
 * the colon at once. Each field has one remembered successor; another one takes its place.
 */
export class Shape {
  readonly names: Symbols
  /** The place before the first field. */
  readonly start: number
  /** By field: the one that followed. */
  readonly next: Int32Array
  /** By field: how many bytes stood between, 0 when nothing is remembered. */
  readonly lengths: Int32Array
  /** By field, SEGMENT_WORDS each: those bytes, the last four overlapping (see Symbols). */
  readonly words: Int32Array

  /** @param names the fields that the object may have; another one is -1 and not remembered */
  constructor(names: Symbols) {
    this.names = names
    this.start = names.capacity
    this.next = new Int32Array(names.capacity + 1)
    this.lengths = new Int32Array(names.capacity + 1)
    this.words = new Int32Array((names.capacity + 1) * SEGMENT_WORDS)
  }

  /** Where the segment after `field` ends if it stands at `p` and something follows it before `end`, else -1. */
  match(view: DataView, p: number, end: number, field: number): number {
    const length = this.lengths[field]
    const stop = p + length
    if (length === 0 || stop >= end) return -1
    const words = this.words
    const last = stop - 4
    let word = field * SEGMENT_WORDS
    for (; p < last; p += 4) if (view.getInt32(p, true) !== words[word++]) return -1
    return view.getInt32(last, true) === words[word] ? stop : -1
  }

  /** Remembers that bytes [from, to) led from `field` to `next`. */
  learn(view: DataView, from: number, to: number, field: number, next: number): void {
    const length = to - from
    if (field < 0 || next < 0 || length < 4 || length > SEGMENT_BYTES_MAX) return
    this.next[field] = next
    this.lengths[field] = length
    const last = to - 4
    let word = field * SEGMENT_WORDS
    for (let p = from; p < last; p += 4) this.words[word++] = view.getInt32(p, true)
    this.words[word] = view.getInt32(last, true)
  }
}
