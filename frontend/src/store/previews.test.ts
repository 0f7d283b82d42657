import { describe, expect, it } from 'vitest'
import type { PreviewOut, SeenOut } from '@/protocol/generated'
import { FakeRest } from '@/testing/fakes'
import { countClasses, judge, leftOf, Previews, type Wishes } from './previews'

const seen = (label: string, confidence: number, x = 0, same: number[] = []): SeenOut => ({
  label,
  confidence,
  box: [x, 0, x + 10, 10],
  same,
})
const WISHES: Wishes = { labels: new Map([['car', 2]]), confidence: 0.25, region: null, linked: false }
const fates = (objects: readonly SeenOut[], wishes: Partial<Wishes> = {}) =>
  judge(objects, { ...WISHES, ...wishes }).map(({ fate }) => fate)

describe('What is seen', () => {
  it('is found where its class has a label, it is sure enough, and lies in the region', () => {
    const objects = [seen('car', 0.9), seen('dog', 0.8), seen('car', 0.7, 100), seen('car', 0.2)]
    expect(fates(objects)).toEqual(['found', 'class', 'found', 'unsure'])
    expect(fates(objects, { confidence: 0.8 })).toEqual(['found', 'class', 'unsure', 'unsure'])
    expect(fates(objects, { region: [90, 0, 200, 50], confidence: 0 })).toEqual([
      'outside',
      'class',
      'found',
      'outside',
    ])
    expect(fates(objects, { labels: new Map() })).toEqual(['class', 'class', 'class', 'class'])
  })

  it('is found once, by its surest box that counts, unless an association sorts it out', () => {
    const objects = [seen('truck', 0.9), seen('car', 0.8, 0, [0]), seen('car', 0.6, 1, [0, 1])]
    expect(fates(objects)).toEqual(['class', 'found', 'same'])
    expect(fates(objects, { confidence: 0.85 })).toEqual(['class', 'unsure', 'unsure'])
    expect(fates(objects, { linked: true })).toEqual(['class', 'found', 'found'])
    expect(fates(objects, { region: [500, 500, 600, 600] })).toEqual(['class', 'outside', 'same'])
  })

  it('is counted by class: how many are found, and how many are left out and why', () => {
    const objects = [seen('dog', 0.9), seen('car', 0.8), seen('dog', 0.7), seen('car', 0.1), seen('bus', 0.06)]
    const counts = countClasses(judge(objects, WISHES))
    expect(counts).toEqual([
      { name: 'car', label: 2, found: 1, left: { unsure: 1 } },
      { name: 'dog', label: null, found: 0, left: { class: 2 } },
      { name: 'bus', label: null, found: 0, left: { class: 1 } },
    ])
    expect(counts.map(leftOf)).toEqual([1, 2, 1])
  })
})

describe('A preview', () => {
  const asked: [string, string, unknown][] = []
  const answering = (...states: Partial<PreviewOut>[]) => {
    const rest = new FakeRest()
    asked.length = 0
    rest.answer = (method, address, body) => {
      asked.push([method, address, body])
      return method === 'delete' ? null : { id: 'it', state: 'done', message: '', seen: [], ...states.shift() }
    }
    return new Previews(rest)
  }

  it('is asked for once, and waited for', async () => {
    const previews = answering({ state: 'asked' }, { state: 'looking' }, { seen: [seen('car', 0.5)] })
    const asking = previews.ask(7, 12, { finder: 'eyes', confidence: 0.4, words: [] })
    expect(previews.asking.value).toBe(true)
    await asking
    expect(previews.latest.value?.seen).toHaveLength(1)
    expect(previews.asking.value).toBe(false)
    expect(asked.map(([method]) => method)).toEqual(['post', 'get', 'get'])
    expect(asked[0]).toMatchObject(['post', '/api/videos/7/previews', { finder: 'eyes', frame: 12, confidence: 0.05 }])
  })

  it('says why there is none', async () => {
    const previews = answering({ state: 'asked' }, { state: 'failed', message: 'The machine is gone.' })
    await previews.ask(7, 12, { finder: 'eyes', confidence: 0.02, words: [] })
    expect([previews.problem.value, previews.latest.value]).toEqual(['The machine is gone.', null])
    expect(asked[0]?.[2]).toMatchObject({ confidence: 0.02 })
  })

  it('that is dropped is forgotten by the machine too, and what comes late of it is not shown', async () => {
    const previews = answering({ state: 'asked' }, { state: 'asked' })
    const asking = previews.ask(7, 12, { finder: 'eyes', confidence: 0.4, words: [] })
    await previews.drop()
    await asking
    expect(asked.map(([method]) => method)).toEqual(['post', 'delete'])
    expect([previews.latest.value, previews.asking.value, previews.problem.value]).toEqual([null, false, ''])
  })
})
