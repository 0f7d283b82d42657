import { expect, test } from 'vitest'
import { ApiError } from '@/protocol/rest'
import { FakeRest } from '@/testing/fakes'
import { inWords, LossCounter } from './export-losses'

const MOT = { format: 'mot', options: {} }
const loss = (what: string, count: number, tracks: number) => ({ what, count, tracks })

function counter(answers: Record<string, unknown>) {
  const rest = new FakeRest()
  const asked: string[] = []
  rest.answer = (_, address) => {
    asked.push(address)
    const answer = answers[address]
    if (answer instanceof Error) throw answer
    return answer
  }
  return { losses: new LossCounter(rest), asked }
}

test('what several layers would lose is one list, with the tracks of all', async () => {
  const { losses } = counter({
    '/api/layers/1/exports/losses': { counted: true, losses: [loss('a', 3, 2), loss('b', 1, 1)] },
    '/api/layers/2/exports/losses': { counted: true, losses: [loss('a', 4, 1)] },
    '/api/layers/3/exports/losses': { counted: false, losses: [] },
  })
  expect(await losses.of([1, 2, 3], MOT)).toEqual({ losses: [loss('a', 7, 3), loss('b', 1, 1)], uncounted: 1 })
})

test('a layer is asked once for each choice', async () => {
  const { losses, asked } = counter({ '/api/layers/1/exports/losses': { counted: true, losses: [] } })
  await losses.of([1], MOT)
  await losses.of([1], MOT)
  expect(asked.length).toBe(1)
  await losses.of([1], { format: 'mot', options: { contents: 'results' } })
  expect(asked.length).toBe(2)
})

test('one that is refused is asked again the next time', async () => {
  const { losses, asked } = counter({ '/api/layers/1/exports/losses': new ApiError('This video was removed.', 404) })
  await expect(losses.of([1], MOT)).rejects.toThrow('removed')
  await expect(losses.of([1], MOT)).rejects.toThrow('removed')
  expect(asked.length).toBe(2)
})

test('tracks are named where they are not what is counted', () => {
  expect(inWords(loss('polygon shapes become boxes', 12, 3))).toBe('12 × polygon shapes become boxes, in 3 tracks')
  expect(inWords(loss('doubts', 5, 1))).toBe('5 × doubts, in 1 track')
  expect(inWords(loss('frame tags have no place', 2, 2))).toBe('2 × frame tags have no place')
})
