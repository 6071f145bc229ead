// How long a venue takes to answer what costs it nothing: the requests that keep connections warm. The answer to an order
// may be held on purpose, so it is none of them. Of the last ones the shortest is nearest to the way itself; what is older
// is forgotten, since routes change.

/** A round over all of a venue’s connections and a little more: half a minute of a venue that nothing is sent to. */
const KEPT = 8

export class RoundTrip {
  /** The shortest of the last; NaN while there was none. */
  ns = Number.NaN
  readonly #tookNs = new Float64Array(KEPT).fill(Number.POSITIVE_INFINITY)
  #next = 0

  told(tookNs: number): void {
    this.#tookNs[this.#next] = tookNs
    this.#next = (this.#next + 1) % KEPT
    let shortestNs = tookNs
    for (let at = 0; at < KEPT; at++) shortestNs = Math.min(shortestNs, this.#tookNs[at])
    this.ns = shortestNs
  }
}
