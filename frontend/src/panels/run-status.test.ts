import { expect, it } from 'vitest'
import type { Run } from '@/store/types'
import { statusOf } from './run-status'

const run: Run = {
  id: 'run', model: 'm', state: 'running', direction: 'forward', first: 0, last: 240, tracks: [], framesDone: 120, framesTotal: 240, ahead: null, waitS: null, redone: 0, stale: 0,
  fps: 40, heads: {}, agent: 'gpu-box', message: '', createdBy: '', mine: true,
}

it('a running run says how far it is, how fast, how long still and where', () => {
  expect(statusOf(run)).toBe('120 of 240 · 40/s · 3 s left · gpu-box')
})

it('a run that redid something says how much of it', () => {
  expect(statusOf({ ...run, state: 'done', redone: 31, stale: 289 })).toBe('Done: redone 31 of 289')
})

it('a waiting run says its place and how long it takes', () => {
  const waiting: Run = { ...run, framesDone: 0, fps: 0, ahead: 2, waitS: 40 }
  expect(statusOf(waiting)).toBe('Waiting for its turn · 2 runs before it · done in about 40 s')
})

it('a run without an agent says what it waits for, and how long it takes then', () => {
  const queued: Run = { ...run, state: 'queued', message: 'It waits for an agent.', framesDone: 0, ahead: 1, waitS: 240 }
  expect(statusOf(queued)).toBe('It waits for an agent. · 1 run before it · then about 4 min')
})
