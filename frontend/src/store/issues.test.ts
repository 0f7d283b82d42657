import { describe, expect, it } from 'vitest'
import type { IssueOut } from '@/protocol/generated'
import { FakeRest } from '@/testing/fakes'
import { Drafts, NEW } from './drafts'
import { Issues } from './issues'

const ISSUE: IssueOut = {
  id: 'a',
  number: 1,
  track: null,
  region: null,
  first: 0,
  last: 9,
  resolved: false,
  resolved_by: '',
  resolved_at: null,
  by: 2,
  by_name: 'Bob',
  by_colour: '#ff0000',
  at: '2026-01-01T00:00:00+00:00',
  latest_at: '2026-01-01T00:00:00+00:00',
  comments: 1,
  excerpt: 'Is it a car?',
  people: [2],
  version: 1,
}
const SAID = { by: 2, by_name: 'Bob', by_colour: '', at: '', edited_at: null, deleted: false, mentions: [] }
const PLACE = { first: 3, last: 5, track: null, region: null }
const soon = () => new Promise((resolve) => setTimeout(resolve))

class FakeStorage {
  readonly kept = new Map<string, string>()
  getItem = (key: string) => this.kept.get(key) ?? null
  setItem = (key: string, value: string) => void this.kept.set(key, value)
  removeItem = (key: string) => void this.kept.delete(key)
}

/** A server with the issues of a test, that can be cut off. */
class FakeServer {
  readonly rest = new FakeRest()
  readonly asked: [method: string, address: string, body: unknown][] = []
  readonly told: string[] = []
  readonly issues = new Issues(this.rest, 1, '1/1', (message) => void this.told.push(message))
  there = true
  known: IssueOut[] = []

  constructor() {
    this.rest.answer = (method, address, body) => {
      this.asked.push([method, address, body])
      if (!this.there) throw new Error('The server can’t be reached.')
      if (address.endsWith('/read')) return { unread: 0 }
      if (method === 'get' && address.endsWith('/layers/1/issues')) return { issues: this.known }
      if (method === 'delete') return null
      const issue = this.known.find(({ id }) => address.includes(`issues/${id}`)) ?? this.known[0]!
      return { issue, comments: [{ ...SAID, id: 'c', text: issue.excerpt }] }
    }
  }

  get reads() {
    return this.asked.filter(([method, address]) => method === 'get' && address === '/api/issues/a').length
  }
}

describe('Issues of a layer', () => {
  it('are fetched whenever the connection is there', async () => {
    const server = new FakeServer()
    server.known = [ISSUE]
    server.issues.greeted(2)
    await soon()
    expect([...server.issues.all.value.keys()]).toEqual(['a'])
    expect(server.issues.unread.value).toBe(2)
    server.known = []
    server.issues.greeted(0)
    await soon()
    expect(server.issues.all.value.size).toBe(0)
  })

  it('are as new as the newest that came, in whatever order', () => {
    const { issues } = new FakeServer()
    issues.note({ type: 'issue', id: 'a', issue: { ...ISSUE, version: 3, comments: 3 } })
    issues.note({ type: 'issue', id: 'a', issue: { ...ISSUE, version: 2, comments: 2 } })
    expect(issues.all.value.get('a')?.comments).toBe(3)
    issues.note({ type: 'issue', id: 'a', issue: null })
    expect(issues.all.value.size).toBe(0)
  })

  it('have their comments fetched while they are looked at, and again when something is said', async () => {
    const server = new FakeServer()
    server.known = [ISSUE]
    server.issues.note({ type: 'issue', id: 'a', issue: ISSUE })
    expect(server.reads).toBe(0)
    server.issues.watch('a')
    await soon()
    expect(server.issues.comments.value?.map(({ text }) => text)).toEqual(['Is it a car?'])
    server.known = [{ ...ISSUE, version: 2 }]
    server.issues.note({ type: 'issue', id: 'a', issue: { ...ISSUE, version: 2 } })
    await soon()
    expect(server.reads).toBe(2)
    server.issues.note({ type: 'issue', id: 'a', issue: { ...ISSUE, version: 2 } })
    await soon()
    expect(server.reads).toBe(2)
  })

  it('are read when they are looked at', async () => {
    const server = new FakeServer()
    server.known = [ISSUE]
    server.issues.notified({ type: 'notified', unread: 1, message: 'Bob mentioned you.' })
    expect(server.told).toEqual(['Bob mentioned you.'])
    server.issues.watch('a')
    await soon()
    expect(server.issues.unread.value).toBe(0)
    expect(server.asked).toContainEqual(['post', '/api/me/notifications/read', { issue: 'a' }])
  })
})

describe('What was typed', () => {
  it('stays until it is on the server, and is sent once more under the same ids', async () => {
    const server = new FakeServer()
    server.known = [ISSUE]
    const { issues } = server
    issues.drafts.begin(PLACE)
    issues.drafts.write(NEW, 'Is it a car?')
    server.there = false
    expect(await issues.open()).toBeNull()
    expect(issues.problem.value).toBe('The server can’t be reached.')
    expect(issues.drafts.of(NEW)?.text).toBe('Is it a car?')
    server.there = true
    expect(await issues.open()).not.toBeNull()
    expect(issues.drafts.of(NEW)).toBeNull()
    const [first, second] = server.asked.filter(([method]) => method === 'post')
    expect(first).toEqual(second)
  })

  it('outlives the page', () => {
    const storage = new FakeStorage()
    const before = new Drafts('key', storage)
    before.begin(PLACE)
    before.write(NEW, 'Is it')
    before.write('a', 'A van, @bo')
    const after = new Drafts('key', storage)
    expect(after.of(NEW)?.opens?.place).toEqual(PLACE)
    expect(after.of('a')?.text).toBe('A van, @bo')
    after.write('a', '')
    after.drop(NEW)
    expect(storage.kept.size).toBe(0)
  })

  it('is kept for the page where the browser keeps nothing', () => {
    const storage = new FakeStorage()
    storage.setItem = () => {
      throw new Error('full')
    }
    for (const none of [storage, null]) {
      const drafts = new Drafts('key', none)
      drafts.write('a', 'A van')
      expect(drafts.of('a')?.text).toBe('A van')
    }
    storage.kept.set('key', '{')
    expect(new Drafts('key', storage).of('a')).toBeNull()
  })

  it('keeps its text when it is pinned elsewhere', () => {
    const drafts = new Drafts('key', null)
    drafts.begin(PLACE)
    drafts.write(NEW, 'Is it a car?')
    const { id, opens } = drafts.of(NEW)!
    drafts.begin({ ...PLACE, track: 't' })
    expect(drafts.of(NEW)).toEqual({
      id,
      text: 'Is it a car?',
      opens: { issue: opens!.issue, place: { ...PLACE, track: 't' } },
    })
  })
})
