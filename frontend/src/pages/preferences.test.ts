import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { Scope } from '@/core/scope'
import { Preferences } from '@/editor/preferences'
import { FakeRest } from '@/testing/fakes'
import { keepPreferences } from './preferences'

let preferences: Preferences
let answer: () => Promise<void>
let sent: unknown[]
let scope: Scope

beforeEach(() => {
  vi.useFakeTimers()
  vi.stubGlobal('window', new EventTarget())
  preferences = new Preferences({ view: { grid: true } })
  sent = []
  answer = () => Promise.resolve()
  scope = new Scope()
  const rest = new FakeRest()
  rest.answer = (method, address, body) => {
    sent.push([method, address, body])
    return answer()
  }
  keepPreferences(preferences.all, rest, scope)
})

afterEach(() => {
  scope.dispose()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

const patch = (body: unknown) => ['patch', '/api/me/preferences', body]

it('what changed is sent once it has been quiet, and nothing else', async () => {
  await vi.advanceTimersByTimeAsync(5000)
  expect(sent).toEqual([])
  preferences.groups.display.fill.value = 0.2
  await vi.advanceTimersByTimeAsync(500)
  preferences.groups.display.fill.value = 0.3
  preferences.keepsTool.value = true
  await vi.advanceTimersByTimeAsync(5000)
  expect(sent).toEqual([patch({ display: { fill: 0.3 }, keepsTool: true })])
})

it('what could not be kept goes with the next change', async () => {
  answer = () => Promise.reject(new Error('offline'))
  preferences.groups.display.fill.value = 0.2
  await vi.advanceTimersByTimeAsync(5000)
  answer = () => Promise.resolve()
  preferences.groups.keys.own.value = { 'frame.next': ['X'] }
  await vi.advanceTimersByTimeAsync(5000)
  expect(sent[1]).toEqual(patch({ display: { fill: 0.2 }, keys: { own: { 'frame.next': ['X'] } } }))
  preferences.groups.keys.own.value = {}
  await vi.advanceTimersByTimeAsync(5000)
  expect(sent[2]).toEqual(patch({ keys: { own: { 'frame.next': null } } }))
})

it('a page that is left sends at once', () => {
  preferences.groups.timeline.units.value = 'time'
  window.dispatchEvent(new Event('pagehide'))
  expect(sent).toEqual([patch({ timeline: { units: 'time' } })])
})
