/** JSON and bytes from the API, by the paths that it has: what is asked and what comes back is typed by them. */
import { t } from '@/core/text'
import type { paths } from './generated'

type Method = 'get' | 'put' | 'post' | 'patch' | 'delete'

/** Paths that answer to a method. */
type Path<M extends Method> = {
  [P in keyof paths]: paths[P] extends Readonly<Record<M, object>> ? P : never
}[keyof paths]

type Operation<M extends Method, P extends Path<M>> = paths[P] extends Readonly<Record<M, infer O>> ? O : never

/** `path` and `query` as the path wants them, and the `body`. */
type Asked<O> = (O extends { readonly parameters: infer Q } ? Pick<Q, keyof Q & ('path' | 'query')> : object) &
  (O extends { readonly requestBody: { readonly content: { readonly 'application/json': infer B } } }
    ? { readonly body: B }
    : object)

/** Nothing need be said where the path wants nothing. */
type Asking<O> = object extends Asked<O> ? [asked?: Asked<O>] : [asked: Asked<O>]

type Json<R> = R extends { readonly content: { readonly 'application/json': infer T } } ? T : null

type Answer<O> = O extends { readonly responses: { readonly 200: infer R } }
  ? Json<R>
  : O extends { readonly responses: { readonly 201: infer R } }
    ? Json<R>
    : null

/** What may be said after the `?` of a path. */
export type Query<P extends Path<'get'>> =
  Operation<'get', P> extends { readonly parameters: { readonly query?: infer Q } } ? NonNullable<Q> : never

type Said = string | number | boolean | null | undefined

interface Request {
  readonly path?: object | undefined
  readonly query?: object | undefined
  readonly body?: unknown
}

/** What the server refused, in its own words. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
    /** The JSON that came with it. */
    readonly body: unknown = null,
  ) {
    super(message)
  }

  /** Whether the person is signed out, or shut out, or what they asked for is gone. */
  get isOut(): boolean {
    return [401, 403, 404].includes(this.status)
  }
}

export class Rest {
  constructor(private readonly csrfToken: string) {}

  get<P extends Path<'get'>>(path: P, ...[asked]: Asking<Operation<'get', P>>): Promise<Answer<Operation<'get', P>>> {
    return this.ask('get', path, asked)
  }

  put<P extends Path<'put'>>(path: P, ...[asked]: Asking<Operation<'put', P>>): Promise<Answer<Operation<'put', P>>> {
    return this.ask('put', path, asked)
  }

  post<P extends Path<'post'>>(
    path: P,
    ...[asked]: Asking<Operation<'post', P>>
  ): Promise<Answer<Operation<'post', P>>> {
    return this.ask('post', path, asked)
  }

  patch<P extends Path<'patch'>>(
    path: P,
    ...[asked]: Asking<Operation<'patch', P>>
  ): Promise<Answer<Operation<'patch', P>>> {
    return this.ask('patch', path, asked)
  }

  delete<P extends Path<'delete'>>(
    path: P,
    ...[asked]: Asking<Operation<'delete', P>>
  ): Promise<Answer<Operation<'delete', P>>> {
    return this.ask('delete', path, asked)
  }

  /** Send a form with files. */
  upload<P extends Path<'post'>>(
    path: P,
    asked: Asked<Operation<'post', P>>,
    form: FormData,
  ): Promise<Answer<Operation<'post', P>>> {
    return this.ask('post', path, { ...asked, body: form })
  }

  /** The answer as it is. */
  bytes<P extends Path<'get'>>(path: P, asked: Asked<Operation<'get', P>>, signal?: AbortSignal): Promise<ArrayBuffer> {
    return this.octets(addressOf(path, asked), signal)
  }

  protected async json(method: Method, address: string, body: unknown): Promise<unknown> {
    const answer = await this.request(method, address, body)
    return answer.status === 204 ? null : await answer.json()
  }

  protected async octets(address: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    return (await this.request('get', address, undefined, signal)).arrayBuffer()
  }

  private async ask<T>(method: Method, path: string, asked: object | undefined): Promise<T> {
    const request = (asked ?? {}) as Request
    return (await this.json(method, addressOf(path, request), request.body)) as T
  }

  private async request(method: Method, address: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json' }
    if (method !== 'get') headers['X-CSRFToken'] = this.csrfToken
    const isForm = body instanceof FormData
    if (body !== undefined && !isForm) headers['Content-Type'] = 'application/json'
    const init: RequestInit = {
      method: method.toUpperCase(),
      headers,
      credentials: 'same-origin',
      // What is changed while the page is left still arrives.
      keepalive: method === 'patch',
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      ...(signal && { signal }),
    }
    let answer: Response
    try {
      answer = await fetch(address, init)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new ApiError(t('The server can’t be reached. Check the connection.'), 0)
    }
    if (!answer.ok) throw await refusal(answer)
    return answer
  }
}

/** A path with its parameters in it; of the query, what is null or absent is left out, and lists repeat their name. */
export function addressOf(path: string, { path: parts = {}, query = {} }: Request): string {
  const named = new Map<string, unknown>(Object.entries(parts))
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(named.get(name))))
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query) as [string, unknown][])
    for (const each of [value].flat() as Said[]) if (each !== null && each !== undefined) search.append(name, `${each}`)
  return search.size ? `${address}?${search}` : address
}

async function refusal(answer: Response): Promise<ApiError> {
  let body: unknown = null
  try {
    body = await answer.json()
  } catch {
    // No JSON: a proxy's page, say.
  }
  const said = (body as { message?: unknown } | null)?.message
  const message = typeof said === 'string' ? said : `The server answered ${answer.status} ${answer.statusText}.`
  return new ApiError(message, answer.status, body)
}
