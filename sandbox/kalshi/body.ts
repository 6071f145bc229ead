import { type Answer, badParameter, badRequest } from './errors.ts'

/** A request that is not of the form that its endpoint takes. */
export class NotAsTyped extends Error {
  readonly answer: Answer

  constructor(answer: Answer) {
    super('not as typed')
    this.answer = answer
  }
}

/** A JSON body, read field by field as the venue's Go decoder does: no number where a string belongs. */
export class Body {
  readonly #fields: Readonly<Record<string, unknown>>

  /** @param content text, or an object out of a body read before */
  constructor(content: string | object, contentType: string | string[] | undefined) {
    if (typeof content === 'object') {
      this.#fields = content as Record<string, unknown>
      return
    }
    if (
      content === '' ||
      (contentType !== undefined && !String(contentType).startsWith('application/json'))
    ) {
      // Routes without fields take no body either; a missing one shows when a field is asked for.
      this.#fields =
        content === ''
          ? EMPTY
          : unreadable(badRequest('content type must be application/json', 'invalid_content_type'))
      return
    }
    let parsed: unknown
    try {
      parsed = JSON.parse(content)
    } catch {
      parsed = undefined
    }
    this.#fields = isObject(parsed) ? parsed : unreadable(badRequest('invalid character in JSON'))
  }

  string(field: string): string | undefined {
    return this.#typed(field, 'string')
  }

  required(field: string): string {
    if (this.#fields === EMPTY) throw new NotAsTyped(badRequest('body is empty', 'invalid_content_type'))
    const value = this.string(field)
    if (value === undefined) throw new NotAsTyped(badRequest(`${field} is required`))
    return value
  }

  integer(field: string): number | undefined {
    const value = this.#typed<number>(field, 'number')
    if (value !== undefined && !Number.isSafeInteger(value))
      throw new NotAsTyped(wrongType(field, 'number', 'int64'))
    return value
  }

  flag(field: string): boolean {
    return this.#typed<boolean>(field, 'boolean') ?? false
  }

  oneOf<Value extends string>(field: string, values: readonly Value[]): Value {
    const value = this.required(field) as Value
    if (!values.includes(value))
      throw new NotAsTyped(badRequest(`${field} must be one of ${values.join(', ')}`))
    return value
  }

  items(field: string): Body[] {
    const value = this.#fields[field]
    if (!Array.isArray(value) || value.length === 0 || !value.every(isObject))
      throw new NotAsTyped(badRequest(`${field} must be a list of objects`))
    return value.map((item) => new Body(item, undefined))
  }

  #typed<Value = string>(field: string, type: 'string' | 'number' | 'boolean'): Value | undefined {
    const value = this.#fields[field]
    if (value === undefined || value === null) return undefined
    if (typeof value !== type) throw new NotAsTyped(wrongType(field, typeof value, type))
    return value as Value
  }
}

const EMPTY: Readonly<Record<string, unknown>> = {}

function unreadable(answer: Answer): never {
  throw new NotAsTyped(answer)
}

function wrongType(field: string, found: string, wanted: string): Answer {
  return badRequest(`json: cannot unmarshal ${found} into Go struct field .${field} of type ${wanted}`)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const MS_PER_S = 1_000

/** The query of a GET: filters, a time range, a page. */
export class Query {
  readonly #params: URLSearchParams

  constructor(search: string) {
    this.#params = new URLSearchParams(search)
  }

  text(name: string): string | undefined {
    const value = this.#params.get(name)
    return value === null || value === '' ? undefined : value
  }

  /** A parameter that may be repeated. */
  all(name: string): string[] {
    return this.#params.getAll(name)
  }

  list(name: string): string[] {
    return this.text(name)?.split(',') ?? []
  }

  flag(name: string): boolean {
    return this.text(name) === 'true'
  }

  integer(name: string, low: number, high: number): number | undefined {
    const text = this.text(name)
    if (text === undefined) return undefined
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN
    // Out of range is refused, never clamped.
    if (!(value >= low && value <= high))
      throw new NotAsTyped(badParameter(`${name} must be within ${low}..${high}`))
    return value
  }

  /** Whether a value passes the filter `name`: a comma list, absent for all. */
  allows(name: string, value: string): boolean {
    const allowed = this.list(name)
    return allowed.length === 0 || allowed.includes(value)
  }

  allowsShard(exchangeIndex: number): boolean {
    const wanted = this.integer('exchange_index', 0, 63)
    return wanted === undefined || wanted === exchangeIndex
  }

  /** Whether a time lies within min_ts and max_ts, which are seconds. */
  within(ms: number): boolean {
    const from = this.integer('min_ts', 0, Number.MAX_SAFE_INTEGER) ?? 0
    const to = this.integer('max_ts', 0, Number.MAX_SAFE_INTEGER) ?? Number.MAX_SAFE_INTEGER
    return ms >= from * MS_PER_S && ms < (to + 1) * MS_PER_S
  }

  /** A cursor that makes no sense starts anew, silently; the last page's is empty. */
  page<Item>(items: readonly Item[], usual: number, max: number): { items: Item[]; cursor: string } {
    const limit = this.integer('limit', 1, max) ?? usual
    const from = Number(Buffer.from(this.text('cursor') ?? '', 'base64').toString()) || 0
    const to = from + limit
    return {
      items: items.slice(from, to),
      cursor: to < items.length ? Buffer.from(String(to)).toString('base64') : '',
    }
  }
}
