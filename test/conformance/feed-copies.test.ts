import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { BookState } from '@tandem/colo/book/integrity.ts'
import type { Fronts } from '@tandem/colo/feed/fronts.ts'
import { SIDE_BID } from '@tandem/shared/units.ts'
import { Scene } from '../feed-scene.ts'
import { changeOf } from '../feed-scripts.ts'

// Two whole feeds of one venue over real TLS sockets, and what strikes one of them. The judge of every scene looks on:
// a LIVE book in front is one that the venue really had.

const VENUES = {
  Polymarket: () => Scene.polymarket({ copies: 2 }),
  Kalshi: () => Scene.kalshi({ copies: 2 }),
}

async function opened(t: TestContext, opening: Promise<Scene>): Promise<Scene> {
  const scene = await opening
  t.after(() => scene.close())
  await scene.until('both LIVE', () => bothLive(scene))
  return scene
}

/** Changes both books for a while, and with every other change a touch. */
async function flow(scene: Scene, changes: number): Promise<void> {
  for (let i = 0; i < changes; i++) {
    scene.script.change(changeOf(i % 2, SIDE_BID, 4_800, i % 4 < 2 ? 100 + i : 0))
    await scene.pass(2)
  }
  await scene.until('the last change', () => scene.isTrue())
}

const opensOf = (scene: Scene) => scene.feeds.map((feed) => feed.health().sockets[0].opens)
const bothLive = (scene: Scene) =>
  scene.intakes.every(({ books }) => books.every(({ state }) => state === BookState.Live))

function tell(t: TestContext, scene: Scene, what: string): void {
  const wins = (scene.fronts as Fronts).health().map(({ taken, firsts, leadUs: { p50, max } }, copy) => {
    const lead = firsts === 0 ? '' : ` by ${p50.toFixed(0)} us at p50, ${max.toFixed(0)} at most`
    return `copy ${copy} took ${taken} fronts, was first ${firsts} times${lead}`
  })
  t.diagnostic(`${what}: ${wins.join('; ')}`)
}

for (const [venue, open] of Object.entries(VENUES))
  describe(`two copies of ${venue}`, { concurrency: 4 }, () => {
    for (const struck of [0, 1]) {
      test(`one frozen silently (${struck}) costs nothing, and comes back when it is noticed`, async (t) => {
        const scene = await opened(t, open())
        const moves = scene.moves.length
        await flow(scene, 40)
        const [peer] = scene.wire.peers.slice(struck)
        peer.isFrozen = true
        // For as long as it takes to notice it by audits.
        for (let rounds = 0; Math.max(...opensOf(scene)) === 1 && rounds < 200; rounds++)
          await flow(scene, 21)
        await scene.until('the copy', () => bothLive(scene))
        await flow(scene, 20)
        assert.deepEqual(scene.moves.slice(moves), [])
        assert.equal(scene.fronts?.outages.count, 1)
        assert.deepEqual(opensOf(scene).sort(), [1, 2])
        tell(t, scene, 'frozen')
      })

      test(`one dropped (${struck}) costs nothing`, async (t) => {
        const scene = await opened(t, open())
        const moves = scene.moves.length
        await flow(scene, 40)
        scene.wire.peers[struck].reset()
        await flow(scene, 40)
        await scene.until('the copy', () => bothLive(scene))
        await flow(scene, 20)
        assert.deepEqual(scene.moves.slice(moves), [])
        assert.equal(scene.fronts?.outages.count, 1)
        assert.deepEqual(opensOf(scene).sort(), [1, 2])
        const firsts = scene.fronts.health().reduce((sum, copy) => sum + copy.firsts, 0)
        assert.ok(firsts > 20, `${firsts}`)
        tell(t, scene, 'dropped')
      })
    }

    test('both dropped is an outage', async (t) => {
      const scene = await opened(t, open())
      for (const peer of scene.wire.peers) peer.reset()
      await scene.until('the loss', () => !scene.allLive)
      scene.script.hide(changeOf(0, SIDE_BID, 4_700, 300))
      await scene.until('LIVE again', () => scene.allLive && scene.isTrue())
      assert.equal(scene.fronts?.outages.count, 2)
    })
  })

test('what no copy of Polymarket has is polled: shown, never LIVE, and gone when a copy is back', async (t) => {
  const scene = await opened(t, VENUES.Polymarket())
  scene.wire.status = 503
  for (const peer of scene.wire.peers) peer.reset()
  scene.script.hide(changeOf(0, SIDE_BID, 4_800, 300))
  const isPolled = () => scene.books.every(({ state }) => state === BookState.Polled)
  await scene.until('an answer by REST', () => isPolled() && scene.isTrue())
  scene.script.hide(changeOf(0, SIDE_BID, 4_800, 0))
  await scene.until('another', () => isPolled() && scene.isTrue())
  scene.wire.status = 101
  await scene.until('LIVE again', () => scene.allLive && scene.isTrue(), 9_000)
  assert.deepEqual(
    scene.moves.filter(({ book }) => book === 0).map(({ from, to }) => [from, to]),
    [
      [BookState.Empty, BookState.Live],
      [BookState.Live, BookState.Suspect],
      [BookState.Suspect, BookState.Polled],
      [BookState.Polled, BookState.Live],
    ],
  )
  assert.equal(scene.fronts?.outages.count, 2)
})
