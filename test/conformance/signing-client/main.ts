import { LANE_REFILL, LANE_URGENT, ORDER_BUY, ORDER_SELL } from '@tandem/colo/signer/signer.ts'
import { spawnSigner } from '@tandem/colo/signer/spawn.ts'
import { SignedRequest } from '@tandem/colo/venue/kalshi/auth.ts'

// A process that does with the signer what the executor does, for keys.test.ts to search: main.ts ORDER-KEY KALSHI-KEY.
// Says on stdout what it got, then waits for the end of stdin.

const ORDERS = 400
const HEADERS = 50
const [orderKeyFile, kalshiKeyFile] = process.argv.slice(2)

const signer = await spawnSigner({ orderKeyFile, kalshiKeyFile, kalshiKeyId: 'key-of-the-test' })
const { client } = signer
const kept: string[] = []
await new Promise<void>((done, fail) => {
  const keep = (answer: string): void => {
    kept.push(answer)
    if (kept.length === ORDERS + HEADERS) done()
  }
  client.listener = {
    orderSigned: (_, digest, signature) => keep(Buffer.concat([digest, signature]).toString('hex')),
    headerSigned: (_, signature) => keep(Buffer.from(signature).toString('latin1')),
    refused: (ticket, refusal) => fail(new Error(`ticket ${ticket} was refused: ${refusal}`)),
    closed: () => fail(new Error('the signer is gone')),
  }
  const tokens = ['101', '202', '303'].map((id, i) =>
    client.registerToken(id, i === 2 ? '3' : '2', i === 1, 100),
  )
  for (let i = 0; i < ORDERS; i++) {
    const lane = i % 4 === 0 ? LANE_URGENT : LANE_REFILL
    const token = tokens[i % tokens.length]
    const [side, maker, taker] =
      i % 2 === 0 ? [ORDER_BUY, 4_000_000, 8_000_000] : [ORDER_SELL, 8_000_000, 4_000_000]
    client.order(lane, i, token, side as 0 | 1, maker, taker, 1 + i, Date.now())
  }
  for (let i = 0; i < HEADERS; i++) client.header(ORDERS + i, SignedRequest.CreateOrder, Date.now() + i)
})
process.stdout.write(
  `${JSON.stringify({ signerPid: client.facts.pid, owner: client.facts.owner, answers: kept.length, signature: kept[0].slice(0, 64) })}\n`,
)
process.stdin.resume().on('end', () => void signer.stop())
