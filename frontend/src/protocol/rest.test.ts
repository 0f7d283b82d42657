import { afterEach, describe, expect, it, vi } from 'vitest'
import { addressOf, ApiError, Rest } from './rest'

afterEach(() => vi.unstubAllGlobals())

/** A server that gives these answers, one after the other. */
function serving(...answers: Response[]) {
  const asked = vi.fn((_address: string, _init: RequestInit) => Promise.resolve(answers.shift()!))
  vi.stubGlobal('fetch', asked)
  return asked
}

describe('an address', () => {
  it('has the parts of its path, escaped', () => {
    expect(addressOf('/api/layers/{layer_id}/x/{name}', { path: { layer_id: 7, name: 'a/b' } })).toBe(
      '/api/layers/7/x/a%2Fb',
    )
  })

  it('has what was said of the query, and of a list each', () => {
    const query = { first: 0, tracks: false, before: null, kind: undefined, only: ['a', 'b'] }
    expect(addressOf('/w', { query })).toBe('/w?first=0&tracks=false&only=a&only=b')
    expect(addressOf('/w', { query: { before: null } })).toBe('/w')
  })
})

describe('asking the API', () => {
  it('sends JSON with the token, and reads JSON', async () => {
    const asked = serving(Response.json({ id: 3 }))
    const answer = await new Rest('secret').post('/api/jobs/{job_id}/steps', {
      path: { job_id: 3 },
      body: { step: 'submit' },
    })
    expect(answer).toEqual({ id: 3 })
    const [address, init] = asked.mock.calls[0]!
    expect([address, init.method, init.body]).toEqual(['/api/jobs/3/steps', 'POST', '{"step":"submit"}'])
    expect(init.headers).toMatchObject({ 'X-CSRFToken': 'secret', 'Content-Type': 'application/json' })
  })

  it('knows answers without anything in them', async () => {
    serving(new Response(null, { status: 204 }))
    expect(await new Rest('').delete('/api/videos/{video_id}', { path: { video_id: 1 } })).toBeNull()
  })

  it('fails with the server’s own words, and what came with them', async () => {
    serving(Response.json({ message: 'No.', problems: [] }, { status: 422 }))
    const error = await new Rest('').get('/api/formats').catch((error: unknown) => error)
    expect(error).toBeInstanceOf(ApiError)
    expect(error).toMatchObject({ message: 'No.', status: 422, body: { problems: [] } })
  })

  it('fails in words when a proxy answers in its place, or nobody does', async () => {
    serving(new Response('<h1>', { status: 502, statusText: 'Bad Gateway' }))
    await expect(new Rest('').get('/api/formats')).rejects.toMatchObject({
      message: 'The server answered 502 Bad Gateway.',
      status: 502,
    })
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed')))
    await expect(new Rest('').get('/api/formats')).rejects.toMatchObject({ status: 0 })
  })
})

describe('the types', () => {
  it('refuse what the API doesn’t have', () => {
    const rest = new Rest('')
    const never = () => [
      // @ts-expect-error: no such path
      rest.get('/api/nothing'),
      // @ts-expect-error: the path has a parameter
      rest.get('/api/jobs/{job_id}'),
      // @ts-expect-error: a parameter's name
      rest.get('/api/jobs/{job_id}', { path: { job: 1 } }),
      // @ts-expect-error: a number it is
      rest.get('/api/jobs/{job_id}', { path: { job_id: 'one' } }),
      // @ts-expect-error: a field of the body
      rest.post('/api/jobs/{job_id}/steps', { path: { job_id: 1 }, body: { stop: 'submit' } }),
      // @ts-expect-error: that method isn't there
      rest.put('/api/jobs/{job_id}', { path: { job_id: 1 } }),
      // @ts-expect-error: a field of the answer
      rest.get('/api/jobs/{job_id}', { path: { job_id: 1 } }).then(({ stadium }) => String(stadium)),
    ]
    expect(never).toBeTypeOf('function')
  })
})
