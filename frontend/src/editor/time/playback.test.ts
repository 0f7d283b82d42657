import { beforeEach, describe, expect, it } from 'vitest'
import { Session } from '@/store/session'
import { Playback } from './playback'

let session: Session
let playback: Playback
let ticks: ((now: number) => void)[]
let ready: (frame: number) => boolean
let now: number

beforeEach(() => {
  session = new Session(0)
  ticks = []
  ready = () => true
  now = 1000
  playback = new Playback(
    session,
    25,
    () => [0, 99],
    (frame) => ready(frame),
    (tick) => {
      ticks.push(tick)
      return () => (ticks = ticks.filter((other) => other !== tick))
    },
  )
})

/** Let time pass in frames of the screen, 60 a second. */
function pass(seconds: number): void {
  for (const end = now + seconds * 1000; now < end; now += 1000 / 60) for (const tick of ticks) tick(now)
}

describe('playing', () => {
  it('goes at the video’s rate', () => {
    playback.play()
    pass(1)
    expect(Math.abs(session.frame.value - 25)).toBeLessThanOrEqual(1)
  })

  it('goes backward and at other speeds', () => {
    session.frame.value = 90
    session.speed.value = -2
    playback.play()
    pass(1)
    expect(Math.abs(session.frame.value - 40)).toBeLessThanOrEqual(1)
  })

  it('waits for pictures instead of skipping them', () => {
    ready = (frame) => frame <= 5
    playback.play()
    pass(2)
    expect(session.frame.value).toBe(5)
    ready = () => true
    pass(0.1)
    expect(session.frame.value).toBeLessThan(10)
  })

  it('stops at the end, and begins anew from there', () => {
    session.frame.value = 95
    playback.play()
    pass(1)
    expect([session.frame.value, session.playing.value]).toEqual([99, false])
    playback.toggle()
    expect(session.frame.value).toBe(0)
  })

  it('goes on from where somebody moved the playhead', () => {
    playback.play()
    pass(0.2)
    session.frame.value = 60
    pass(0.2)
    expect(Math.abs(session.frame.value - 65)).toBeLessThanOrEqual(1)
  })
})

describe('looping', () => {
  it('goes on from the beginning, also from one end of the chosen range to the other', () => {
    session.loop.value = true
    session.range.value = [40, 49]
    playback.play()
    expect(session.frame.value).toBe(40)
    pass(0.6)
    expect(session.playing.value).toBe(true)
    expect(session.frame.value).toBeGreaterThanOrEqual(40)
    expect(session.frame.value).toBeLessThanOrEqual(49)
    session.range.value = null
    session.frame.value = 98
    pass(0.2)
    expect(session.frame.value).toBeLessThan(10)
  })

  it('waits at the beginning until it is there', () => {
    session.loop.value = true
    session.frame.value = 98
    ready = (frame) => frame > 50
    playback.play()
    pass(0.5)
    expect([session.frame.value, session.playing.value]).toEqual([0, true])
  })
})

it('backward and forward turn round at once, and pause when asked again', () => {
  session.frame.value = 50
  playback.toggleBackward()
  pass(0.2)
  expect(session.frame.value).toBeLessThan(50)
  playback.toggleBackward()
  expect(session.playing.value).toBe(false)
  playback.toggle()
  expect(session.speed.value).toBe(1)
  playback.toggleBackward()
  expect([session.playing.value, session.speed.value]).toEqual([true, -1])
})
