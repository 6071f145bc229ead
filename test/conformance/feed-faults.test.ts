import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { BookState } from '@tandem/colo/book/integrity.ts'
import { ConnectionState, Loss } from '@tandem/colo/feed/connection.ts'
import { SIDE_ASK, SIDE_BID } from '@tandem/shared/units.ts'
import { Scene } from '../feed-scene.ts'
import { changeOf } from '../feed-scripts.ts'
import { WsVenue } from '../ws-venue.ts'

// Every fault that a feed has been seen to have, over real TLS sockets. In all of them a judge looks on at every
// decision: a LIVE book is one that the venue really had. What is printed is the time from the loss to LIVE again.

const { Live, Suspect, Stale, Unsettled } = BookState
/** Most of a test's time is waiting. */
const TOGETHER = 6
/** Closes with the test, and shows then what the judge saw. */
async function begun<T extends { close(): Promise<void> }>(t: TestContext, opening: Promise<T>): Promise<T> {
  const scene = await opening
  t.after(() => scene.close())
  return scene
}

async function opened<T extends Scene>(t: TestContext, opening: Promise<T>): Promise<T> {
  const scene = await begun(t, opening)
  const ms = await scene.until('LIVE at first', () => scene.allLive)
  t.diagnostic(`LIVE at first after ${ms.toFixed(0)} ms`)
  return scene
}

async function healed(t: TestContext, scene: Scene, fromMs: number): Promise<void> {
  await scene.until('LIVE again', () => scene.allLive && scene.isTrue())
  t.diagnostic(`LIVE again after ${scene.liveAgainMs(fromMs).toFixed(0)} ms`)
}

function statesSince(scene: Scene, fromMs: number, book: number): BookState[] {
  return scene.moves.filter((move) => move.atMs >= fromMs && move.book === book).map(({ to }) => to)
}

describe('Kalshi feed', { concurrency: TOGETHER }, () => {
  test('takes changes, many in one read and one decision for all of them', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    scene.reads.length = 0
    scene.script.change(
      changeOf(0, SIDE_BID, 4_600, 500),
      changeOf(0, SIDE_BID, 4_600, 700),
      changeOf(1, SIDE_ASK, 4_800, 100),
    )
    await scene.until('the changes', () => scene.isTrue())
    assert.deepEqual(scene.reads, [3])
    assert.ok(scene.allLive)
  })

  test('decides once on a read of several TLS records', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    scene.reads.length = 0
    // A record holds 16 KiB at most, so that these are three; the system call that reads them has room for 64 KiB.
    const changes = Array.from({ length: 160 }, (_, i) => changeOf(i % 2, SIDE_BID, 4_600, 100 + i))
    scene.script.change(...changes)
    await scene.until('the changes', () => scene.isTrue())
    assert.deepEqual(scene.reads, [160])
  })

  test('asks for a snapshot of every book of a sid that has a gap, on the same socket', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    const fromMs = performance.now()
    scene.script.hide(changeOf(1, SIDE_BID, 4_700, 100))
    scene.script.skip(1)
    scene.script.change(changeOf(0, SIDE_BID, 4_600, 500))
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 0), [Suspect, Live])
    assert.deepEqual(statesSince(scene, fromMs, 1), [Suspect, Live])
    assert.equal(scene.feed.health().reconnects, 0)
  })

  test('leaves the books of other sockets alone', async (t) => {
    const scene = await opened(t, Scene.kalshi({ idsPerSocket: 1 }))
    assert.equal(scene.wire.peers.length, 2)
    const fromMs = performance.now()
    scene.wire.peers[0].reset()
    await scene.until('loss', () => !scene.allLive)
    await healed(t, scene, fromMs)
    const moved = new Set(scene.moves.filter(({ atMs }) => atMs >= fromMs).map(({ book }) => book))
    assert.equal(moved.size, 1)
  })

  test('applies a repeated message once', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    const fromMs = performance.now()
    scene.script.repeat(changeOf(0, SIDE_BID, 4_600, 500))
    await scene.until('the change', () => scene.isTrue())
    assert.equal(scene.intake.counts.duplicates, 1)
    assert.deepEqual(statesSince(scene, fromMs, 0), [])
  })

  test('subscribes anew when the venue ends the subscription (error 25)', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    const fromMs = performance.now()
    scene.script.overflow()
    scene.script.hide(changeOf(0, SIDE_BID, 4_700, 300))
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 1), [Suspect, Live])
    assert.equal(scene.script.subscribes, 2)
    assert.equal(scene.feed.health().reconnects, 0)
  })

  test('notices a silent freeze by an audit that is not answered, and makes the connection anew', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    const fromMs = performance.now()
    scene.script.isFrozen = true
    scene.script.hide(changeOf(0, SIDE_BID, 4_700, 300))
    const noticedMs = await scene.until('the freeze', () => scene.state(0) !== Live)
    t.diagnostic(`noticed after ${noticedMs.toFixed(0)} ms`)
    await scene.until('a new connection', () => scene.wire.peers.length > 1, 9_000)
    scene.script.isFrozen = false
    await healed(t, scene, fromMs)
    assert.equal(scene.feed.health().sockets[0].loss, Loss.Unrepaired)
  })

  test('notices deltas that never come although nothing is missing in the numbers', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    const fromMs = performance.now()
    scene.script.isDeaf = true
    scene.script.change(changeOf(0, SIDE_BID, 4_800, 300), changeOf(1, SIDE_BID, 4_800, 300))
    await scene.until('contradiction', () => !scene.allLive)
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 1)[0], Suspect)
  })

  test('holds late books STALE, and timely ones LIVE again', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    scene.script.lagMs = 2_000
    const fromMs = performance.now()
    scene.script.change(changeOf(0, SIDE_BID, 4_600, 500))
    await scene.until('stale', () => scene.state(0) === Stale)
    scene.script.lagMs = 0
    scene.script.change(changeOf(0, SIDE_BID, 4_600, 600))
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 0), [Stale, Live])
  })

  test('takes a frame that it cannot read for a loss of everything on its socket', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    const fromMs = performance.now()
    scene.script.sendAll('{"type":"orderbook_delta","sid":')
    await scene.until('loss', () => !scene.allLive)
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 1), [Suspect, Live])
  })

  test('trades on nothing while a ping has no answer, and drops the link at last', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    const fromMs = performance.now()
    scene.wire.peers[0].isDead = true
    const doubtedMs = await scene.until('doubt', () => !scene.allLive)
    assert.equal(scene.state(0), Unsettled)
    t.diagnostic(`not traded on after ${doubtedMs.toFixed(0)} ms, with a ping every 200 ms`)
    await scene.until('loss', () => scene.state(0) === Suspect)
    await healed(t, scene, fromMs)
    const [{ loss, opens }] = scene.feed.health().sockets
    assert.deepEqual([loss, opens], [Loss.Silent, 2])
  })

  test('goes on after a pause of our loop once the socket is read up to its end', async (t) => {
    const scene = await opened(t, Scene.kalshi())
    const fromMs = performance.now()
    scene.feed.paused(60e6, scene.clock.nowNs())
    assert.equal(scene.state(0), Unsettled)
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 1), [Unsettled, Live])
    assert.equal(scene.script.snapshotsAsked, 1)
  })

  test('brings all books back through a get_snapshot after a reset', async (t) => {
    const scene = await opened(t, Scene.kalshi({ books: 5 }))
    const fromMs = performance.now()
    scene.wire.peers[0].reset()
    scene.script.hide(changeOf(3, SIDE_ASK, 4_900, 0))
    scene.script.hide(changeOf(3, SIDE_ASK, 5_000, 400))
    await scene.until('loss', () => !scene.allLive)
    await healed(t, scene, fromMs)
    assert.equal(scene.feed.health().reconnects, 1)
  })

  test('a ticker that the venue does not know costs its neighbours nothing', async (t) => {
    const scene = await begun(t, Scene.kalshi({ books: 3 }))
    ;(scene.script.ids as string[][])[2][0] = 'KXNOBODY'
    await scene.until('the others', () => scene.state(0) === Live && scene.state(1) === Live)
    const fromMs = performance.now()
    await scene.pass(2_600)
    assert.deepEqual(statesSince(scene, fromMs, 0), [])
    assert.equal(scene.feed.health().sockets[0].state, ConnectionState.Live)
    t.diagnostic(`asked ${scene.script.snapshotsAsked} times`)
  })
})

describe('Polymarket feed', { concurrency: TOGETHER }, () => {
  const crossing = (lots: number) => changeOf(0, SIDE_BID, 4_800, lots)

  test('takes a top that runs ahead inside a burst for a doubt, and settles it', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { script } = scene
    const fromMs = performance.now()
    // Both levels are of one moment: the first message claims the top that the second one makes.
    const first = changeOf(0, SIDE_BID, 4_600, 500)
    const ahead = script.changeText(first, 4_800, 4_900)
    script.hide(first)
    script.say(0, ahead)
    await scene.until('doubt', () => scene.state(0) === Unsettled)
    script.change(crossing(200))
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 0), [Unsettled, Live])
    assert.equal(script.restAsked, 0)
  })

  test('does not even decide between the messages of one read', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { script } = scene
    scene.reads.length = 0
    const first = changeOf(0, SIDE_BID, 4_600, 500)
    const ahead = script.changeText(first, 4_800, 4_900)
    script.hide(first)
    script.hide(crossing(200))
    script.say(0, ahead, script.changeText(crossing(200)))
    await scene.until('the changes', () => scene.isTrue() && scene.reads.length > 0)
    assert.deepEqual(scene.reads, [2])
    assert.ok(scene.allLive)
  })

  test('splices a snapshot by REST into the stream after a missed change', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { script } = scene
    const fromMs = performance.now()
    script.hide(crossing(200))
    script.change(changeOf(0, SIDE_BID, 4_600, 500))
    await scene.until('doubt', () => scene.state(0) === Unsettled)
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 1), [])
    assert.ok(script.restAsked >= 1)
    assert.equal(scene.feed.health().reconnects, 0)
  })

  test('keeps up while the stream goes on at full speed through the repair', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { script } = scene
    const fromMs = performance.now()
    script.hide(crossing(200))
    for (let i = 0; i < 300; i++) {
      script.change(changeOf(0, i % 2 === 0 ? SIDE_BID : SIDE_ASK, i % 2 === 0 ? 4_600 : 5_000, 100 + i))
      await scene.pass(1)
    }
    await healed(t, scene, fromMs)
  })

  test('does not let an older message undo a newer snapshot', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { script } = scene
    const fromMs = performance.now()
    // The stream is 400 ms late, so REST knows first what it will only tell.
    script.lagMs = 400
    const late = script.changeText(changeOf(0, SIDE_BID, 4_600, 900))
    script.hide(changeOf(0, SIDE_BID, 4_600, 900))
    script.hide(changeOf(0, SIDE_BID, 4_600, 500))
    script.lagMs = 0
    script.hide(crossing(200))
    script.say(0, script.changeText(changeOf(1, SIDE_BID, 4_600, 100)), 'x')
    script.hide(changeOf(1, SIDE_BID, 4_600, 100))
    await scene.until('loss', () => scene.state(0) === Suspect)
    await scene.until('the snapshot', () => scene.state(0) === Live)
    script.say(0, late)
    await scene.pass(30)
    assert.ok(scene.isTrue())
    assert.equal(scene.state(0), Live)
    script.change(changeOf(0, SIDE_BID, 4_500, 100))
    await healed(t, scene, fromMs)
  })

  test('believes no ghost book', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { script } = scene
    const fromMs = performance.now()
    script.ghosts = 2
    script.hide(crossing(200))
    script.change(changeOf(0, SIDE_BID, 4_600, 500))
    await scene.until('loss', () => scene.state(0) === Suspect)
    await healed(t, scene, fromMs)
    assert.ok(script.restAsked >= 3)
  })

  test('notices a silent freeze by comparing with REST', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { script } = scene
    const fromMs = performance.now()
    script.isFrozen = true
    script.change(crossing(200))
    const noticedMs = await scene.until('the freeze', () => scene.state(0) !== Live, 9_000)
    t.diagnostic(`noticed after ${noticedMs.toFixed(0)} ms, with an audit every 300 ms`)
    script.isFrozen = false
    await healed(t, scene, fromMs)
    assert.equal(scene.feed.health().sockets[0].loss, Loss.Stalled)
  })

  test('holds late books STALE, and timely ones LIVE again', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const fromMs = performance.now()
    scene.script.lagMs = 2_000
    scene.script.change(changeOf(0, SIDE_BID, 4_600, 500))
    await scene.until('stale', () => scene.state(0) === Stale)
    scene.script.lagMs = 0
    scene.script.change(changeOf(0, SIDE_BID, 4_600, 600))
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 0), [Stale, Live])
  })

  test('goes on over a change of the tick', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { script } = scene
    const [token] = script.ids[0]
    const ms = String(Date.now())
    script.say(
      0,
      `{"event_type":"tick_size_change","asset_id":"${token}","market":"0xc0","old_tick_size":"0.01","new_tick_size":"0.001","timestamp":"${ms}"}`,
    )
    script.change(changeOf(0, SIDE_BID, 4_755, 300))
    await scene.until('the finer level', () => scene.isTrue())
    assert.equal(scene.intake.books[0].unit, 5)
    assert.ok(scene.allLive)
  })

  test('trades on nothing while a PING has no answer, and drops the link at last', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const fromMs = performance.now()
    scene.wire.peers[0].isDead = true
    await scene.until('doubt', () => scene.state(0) === Unsettled)
    await scene.until('loss', () => scene.state(0) === Suspect)
    await healed(t, scene, fromMs)
    const [{ loss, opens }] = scene.feed.health().sockets
    assert.deepEqual([loss, opens], [Loss.Silent, 2])
  })

  test('goes on after a pause of our loop when the PING sent after it is answered', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const fromMs = performance.now()
    scene.feed.paused(60e6, scene.clock.nowNs())
    assert.equal(scene.state(1), Unsettled)
    await healed(t, scene, fromMs)
    assert.deepEqual(statesSince(scene, fromMs, 1), [Unsettled, Live])
    scene.feed.paused(40e6, scene.clock.nowNs())
    assert.ok(scene.allLive)
  })

  test('waits longer and longer in a storm of reconnects, with no LIVE book on a lost socket', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    const { wire } = scene
    const fromMs = performance.now()
    const take = wire.onPeer
    wire.onPeer = (peer) => {
      take(peer)
      setTimeout(() => peer.reset(), 20)
    }
    wire.peers[0].reset()
    await scene.pass(3_000)
    // 125 ms at least, 250, 500, 1,000: four attempts in 1.9 s, and no fifth before 2 s more.
    const attempts = wire.upgrades.length - 1
    t.diagnostic(`${attempts} attempts in 3 s`)
    assert.ok(attempts >= 3 && attempts <= 5)
    wire.onPeer = take
    await healed(t, scene, fromMs)
  })

  test('subscribes every token once, over as many sockets as that takes', async (t) => {
    const scene = await opened(t, Scene.polymarket({ books: 5, idsPerSocket: 4 }))
    assert.equal(scene.wire.peers.length, 3)
    scene.script.change(changeOf(4, SIDE_BID, 4_800, 100))
    await scene.until('the change', () => scene.isTrue())
  })
})

describe('a connection', { concurrency: TOGETHER }, () => {
  test('is not tried again when the venue will not have us', async (t) => {
    for (const status of [401, 403]) {
      const scene = await opened(t, Scene.kalshi())
      scene.wire.status = status
      scene.wire.peers[0].reset()
      await scene.until('refusal', () => scene.feed.health().sockets[0].state === ConnectionState.Refused)
      const attempts = scene.wire.upgrades.length
      await scene.pass(700)
      assert.equal(scene.wire.upgrades.length, attempts)
      const [{ loss, why }] = scene.feed.health().sockets
      assert.deepEqual([loss, why], [Loss.Refused, `HTTP ${status}`])
      assert.equal(scene.state(0), Suspect)
    }
  })

  test('is tried again after a passing refusal, with headers made anew', async (t) => {
    let made = 0
    const headers = () => Promise.resolve({ 'KALSHI-ACCESS-TIMESTAMP': String(++made) })
    const scene = await opened(t, Scene.kalshi({ headers }))
    const fromMs = performance.now()
    scene.wire.status = 503
    scene.wire.peers[0].reset()
    await scene.until('refusal', () => scene.wire.upgrades.length > 1)
    scene.wire.status = 101
    await healed(t, scene, fromMs)
    const stamps = scene.wire.upgrades.map((request) => request.headers['kalshi-access-timestamp'])
    assert.equal(new Set(stamps).size, stamps.length)
  })

  test('is tried again when its headers cannot be made', async (t) => {
    let fail = true
    const headers = () => (fail ? Promise.reject(new Error('the signer is gone')) : Promise.resolve({}))
    const scene = await begun(t, Scene.kalshi({ headers }))
    await scene.until('failure', () => scene.feed.health().sockets[0].why.includes('the signer is gone'))
    fail = false
    await scene.until('LIVE', () => scene.allLive)
  })

  test('is not made to a server that the authority does not vouch for', async (t) => {
    const other = await begun(t, WsVenue.open())
    const scene = await begun(t, Scene.polymarket({ ca: other.ca }))
    await scene.until('refusal', () => scene.feed.health().sockets[0].loss === Loss.Failed)
    assert.match(scene.feed.health().sockets[0].why, /CERT|SELF_SIGNED|UNABLE_TO_VERIFY/)
    assert.equal(scene.wire.upgrades.length, 0)
  })

  test('ends with a goodbye', async (t) => {
    const scene = await opened(t, Scene.polymarket())
    let said = false
    scene.wire.peers[0].stream.on('end', () => {
      said = true
    })
    await scene.feed.close()
    assert.ok(said || scene.wire.peers[0].stream.writableEnded)
    assert.equal(scene.feed.health().sockets[0].state, ConnectionState.Idle)
  })
})
