import { t } from '@/core/text'
/** JSON and bytes from the API. Errors carry the server's own words. */
export class ApiError extends Error {
  constructor(
    message: string,
    /** HTTP status; 0 when no answer came. */
    readonly status: number,
  ) {
    super(message)
  }
}

export class Rest {
  constructor(
    private readonly base: string,
    private readonly csrfToken: string,
  ) {}

  async get<T>(path: string, signal?: AbortSignal): Promise<T> {
    return (await (await this.request('GET', path, null, signal)).json()) as T
  }

  async getBytes(path: string, signal?: AbortSignal): Promise<ArrayBuffer> {
    return (await this.request('GET', path, null, signal)).arrayBuffer()
  }

  async send<T>(method: 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: unknown): Promise<T> {
    const answer = await this.request(method, path, body ?? {})
    return (answer.status === 204 ? null : await answer.json()) as T
  }

  async upload<T>(path: string, form: FormData): Promise<T> {
    return (await (await this.request('POST', path, form)).json()) as T
  }

  private async request(method: string, path: string, body: unknown, signal?: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { Accept: 'application/json' }
    if (method !== 'GET') headers['X-CSRFToken'] = this.csrfToken
    const isForm = body instanceof FormData
    if (body !== null && !isForm) headers['Content-Type'] = 'application/json'
    // What is changed while the page is left still arrives.
    const init: RequestInit = {
      method,
      headers,
      credentials: 'same-origin',
      keepalive: method === 'PATCH',
      ...(signal ? { signal } : {}),
    }
    if (body !== null) init.body = isForm ? body : JSON.stringify(body)
    let answer: Response
    try {
      answer = await fetch(`${this.base}${path}`, init)
    } catch (error) {
      if (error instanceof DOMException && error.name === 'AbortError') throw error
      throw new ApiError(t('The server can’t be reached. Check the connection.'), 0)
    }
    if (!answer.ok) throw new ApiError(await messageOf(answer), answer.status)
    return answer
  }
}

async function messageOf(answer: Response): Promise<string> {
  try {
    const body = (await answer.json()) as { message?: unknown }
    if (typeof body.message === 'string') return body.message
  } catch {
    // No JSON: a proxy's page, say.
  }
  return `The server answered ${answer.status} ${answer.statusText}.`
}
