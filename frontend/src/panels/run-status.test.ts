import { expect, it } from 'vitest'
import type { Run } from '@/store/types'
import { stallOf, statusOf } from './run-status'

const run: Run = {
  id: 'run',
  model: 'm',
  state: 'running',
  direction: 'forward',
  first: 0,
  last: 240,
  tracks: [],
  frames_done: 120,
  frames_total: 240,
  ahead: null,
  wait_s: null,
  stalled_s: null,
  searched: null,
  chosen: '',
  linked: '',
  checking: false,
  redone: 0,
  stale: 0,
  fps: 40,
  heads: {},
  left: {},
  agent: 'gpu-box',
  message: '',
  created_by: '',
  mine: true,
}

it('a running run says how far it is, how fast, how long still and where', () => {
  expect(statusOf(run)).toBe('120 of 240 · 3 s left · 40/s · gpu-box')
})

it('a running run says what its agent has noted', () => {
  expect(statusOf({ ...run, message: 'The GPU gave out.' })).toBe(
    '120 of 240 · 3 s left · 40/s · gpu-box · The GPU gave out.',
  )
})

it('a run that was stopped says how far it came, and what ended it', () => {
  expect(statusOf({ ...run, state: 'stopped', message: '“clip.mp4” was deleted by Ann.' })).toBe(
    'Stopped after 120 of 240 · “clip.mp4” was deleted by Ann.',
  )
})

it('a run that redid something says how much of it', () => {
  expect(statusOf({ ...run, state: 'done', redone: 31, stale: 289 })).toBe('Done: 31 of 289 frames redone')
})

it('a waiting run says its place and how long it takes', () => {
  const waiting: Run = { ...run, frames_done: 0, fps: 0, ahead: 2, wait_s: 40 }
  expect(statusOf(waiting)).toBe('Waiting for its turn · 2 runs before it · done in about 40 s')
})

it('a run without an agent says what it waits for, and how long it takes then', () => {
  const queued: Run = {
    ...run,
    state: 'queued',
    message: 'It waits for an agent.',
    frames_done: 0,
    ahead: 1,
    wait_s: 240,
  }
  expect(statusOf(queued)).toBe('It waits for an agent · 1 run before it · then about 4 min')
})

it('a run that only redoes something says so once, and how long still', () => {
  expect(statusOf({ ...run, frames_done: 10, frames_total: 400, redone: 10, stale: 400, fps: 2 })).toBe(
    '10 of 400 frames redone · 3 min left · 2/s · gpu-box',
  )
})

it('a run that has nothing yet says where it starts', () => {
  expect(statusOf({ ...run, frames_done: 0, fps: 0 })).toBe('Starting · gpu-box')
})

it('a run that is over says what left the picture, and what went wrong', () => {
  const done: Run = { ...run, state: 'done', tracks: ['a'], left: { a: 120 } }
  expect(statusOf(done)).toBe('Done: 120 frames · left the picture on frame 120')
  expect(statusOf({ ...done, tracks: ['a', 'b'], message: 'Its box lies outside.' })).toBe(
    'Done: 120 frames · 1 of 2 left the picture · Its box lies outside.',
  )
})

it('a run with nothing to do says why instead of counting nothing', () => {
  const none: Run = { ...run, state: 'done', frames_done: 0, frames_total: 0, message: 'Nothing to track: …' }
  expect(statusOf(none)).toBe('Nothing to track: …')
})

it('a run that only compares both ways says so', () => {
  expect(statusOf({ ...run, checking: true })).toBe('Checking both ways · 3 s left · 40/s · gpu-box')
})

it('a run that does not get on says for how long, and what can be done', () => {
  expect(stallOf({ ...run, stalled_s: 60.2 })).toBe('No progress for 61 s. Stop it and start it again, or wait.')
  expect(stallOf({ ...run, stalled_s: 185 })).toBe('No progress for 3 min. Stop it and start it again, or wait.')
  expect(stallOf(run)).toBeNull()
  expect(stallOf({ ...run, state: 'stopped', stalled_s: 90 })).toBeNull()
})
