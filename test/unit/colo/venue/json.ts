import fc from 'fast-check'

// JSON as a venue, or an enemy, may write it: keys in any order and twice, white space anywhere, escapes where none are
// needed. A tree says what is written, a style says how.

export type Tree =
  | { readonly raw: string }
  | { readonly text: string }
  | { readonly list: readonly Tree[] }
  | { readonly fields: readonly (readonly [string, Tree])[] }

export const raw = (text: string | number): Tree => ({ raw: String(text) })
export const text = (value: string): Tree => ({ text: value })
export const list = (...items: Tree[]): Tree => ({ list: items })
export const fields = (...entries: [string, Tree][]): Tree => ({ fields: entries })

/** Any JSON value, small. */
export const anyTree: fc.Arbitrary<Tree> = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom('null', 'true', 'false', '0', '-1', '1.5', '2e3', '-0', '9007199254740993').map(raw),
    fc.string({ unit: 'binary', maxLength: 12 }).map(text),
    fc.constantFrom('', '0.5', 'yes', 'BUY', 'book', '1').map(text),
    fc.array(tie('tree'), { maxLength: 3 }).map((items) => list(...items)),
    fc
      .array(fc.tuple(fc.string({ maxLength: 6 }), tie('tree')), { maxLength: 3 })
      .map((entries) => fields(...entries)),
  ),
})).tree

/** How a tree is written: the first is as compact as the venues write. */
export type Style = readonly number[]

export const anyStyle: fc.Arbitrary<Style> = fc.oneof(
  { weight: 2, arbitrary: fc.constant<Style>([]) },
  { weight: 1, arbitrary: fc.array(fc.nat(255), { minLength: 1, maxLength: 24 }) },
)

const SPACES = ['', '', '', ' ', '\n', '\t ', '\r\n', '   ']

export function written(tree: Tree, style: Style): string {
  let at = 0
  const next = () => (style.length === 0 ? 0 : style[at++ % style.length])
  const space = () => SPACES[next() % SPACES.length]
  const quoted = (value: string) => {
    const plain = JSON.stringify(value)
    if (style.length === 0 || next() % 4 !== 0) return plain
    return `"${Array.from({ length: value.length }, (_, i) => {
      const unit = value.charCodeAt(i).toString(16).padStart(4, '0')
      return next() % 2 === 0 ? `\\u${unit}` : JSON.stringify(value[i]).slice(1, -1)
    }).join('')}"`
  }
  const write = (node: Tree): string => {
    if ('raw' in node) return node.raw
    if ('text' in node) return quoted(node.text)
    if ('list' in node) return `[${space()}${node.list.map(write).join(`${space()},${space()}`)}${space()}]`
    const entries = node.fields.map(([key, value]) => `${quoted(key)}${space()}:${space()}${write(value)}`)
    return `{${space()}${entries.join(`${space()},${space()}`)}${space()}}`
  }
  return `${space()}${write(tree)}${space()}`
}

const NASTY = Array.from('"\\{}[]:,. 0-9eE+tnu\n\0\u007f', (character) => character.charCodeAt(0)).concat(
  0x80,
  0xc3,
  0xff,
)

/** One blow to a frame's bytes: where (a share of its length), what, and with which byte. */
const anyBlow = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  kind: fc.constantFrom('change', 'remove', 'insert', 'cut', 'repeat'),
  byte: fc.oneof(fc.constantFrom(...NASTY), fc.nat(255)),
})

export type Blow = typeof anyBlow extends fc.Arbitrary<infer T> ? T : never

/** Usually none. */
export const anyBlows: fc.Arbitrary<Blow[]> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Blow[]>([]) },
  { weight: 1, arbitrary: fc.array(anyBlow, { minLength: 1, maxLength: 3 }) },
)

export function battered(frame: string, blows: readonly Blow[]): Uint8Array {
  let bytes: Uint8Array = Buffer.from(frame)
  for (const { at, kind, byte } of blows) {
    const place = Math.min(bytes.length, Math.floor(at * bytes.length))
    const before = bytes.subarray(0, place)
    const here = Uint8Array.of(byte)
    if (kind === 'cut') bytes = before
    else if (kind === 'change') bytes = Buffer.concat([before, here, bytes.subarray(place + 1)])
    else if (kind === 'remove') bytes = Buffer.concat([before, bytes.subarray(place + 1)])
    else if (kind === 'insert') bytes = Buffer.concat([before, here, bytes.subarray(place)])
    else bytes = Buffer.concat([bytes.subarray(0, place + 7), bytes.subarray(place)])
  }
  return bytes
}

/** Fields in any order, now and then one missing, changed or said twice, or with one more: `usual` is as the venue writes. */
export function mutatedFields(
  usual: readonly (readonly [string, fc.Arbitrary<Tree>])[],
  oddness: number,
): fc.Arbitrary<Tree> {
  const entries = fc.tuple(...usual.map(([key, value]) => value.map((tree): [string, Tree] => [key, tree])))
  const asIs = entries.map((list) => fields(...list))
  const odd = fc
    .tuple(
      entries,
      fc.array(fc.tuple(fc.nat(usual.length), fc.constantFrom('drop', 'any', 'twice', 'extra'), anyTree), {
        maxLength: 2,
      }),
      fc.boolean(),
      fc.nat(),
    )
    .map(([list, changes, shuffle, seed]) => {
      let result = [...list]
      for (const [place, kind, tree] of changes) {
        const at = Math.min(place, result.length - 1)
        if (at < 0) continue
        const [key] = result[at]
        if (kind === 'drop') result.splice(at, 1)
        else if (kind === 'any') result[at] = [key, tree]
        else if (kind === 'twice') result.splice((place * 7) % (result.length + 1), 0, [key, tree])
        else result.splice(at, 0, [`x${place}`, tree])
      }
      if (shuffle)
        result = result
          .map((entry, i) => [((i + 1) * (seed | 1)) % 97, entry] as const)
          .sort((a, b) => a[0] - b[0])
          .map(([, entry]) => entry)
      return fields(...result)
    })
  return fc.oneof({ weight: 10 - oddness, arbitrary: asIs }, { weight: oddness, arbitrary: odd })
}
