import { expect, it } from 'vitest'
import type { LoadedOut, MachineOut, NetworkOut } from '@/protocol/generated'
import { factsOf, loadableOn, totalOf } from './memory'

const net: LoadedOut = {
  model: 'net',
  name: 'Net',
  settings: '',
  device: 'cpu',
  memory_bytes: 120_000_000,
  used_s: 90,
  users: [],
  state: 'ready',
  message: '',
  pinned: false,
}
const machine = { loaded: [net], agent_bytes: 900_000_000, ready: ['net', 'other', 'rules'] } as unknown as MachineOut

it('a model in memory says about how much it takes, where, how it is set, and who uses it', () => {
  expect(factsOf(net)).toBe('about 120 MB in RAM · idle for 2 min')
  const busy = { ...net, device: 'cuda', settings: 'image size 640', users: ['clip.mp4 (Ann)', 'clicks'] } as const
  expect(factsOf(busy)).toBe('about 120 MB on the GPU · image size 640 · at work: clip.mp4 (Ann), clicks')
  expect(factsOf({ ...busy, state: 'leaving' })).toContain('leaves memory when they are done')
})

it('one that couldn’t be loaded says why', () => {
  expect(factsOf({ ...net, state: 'failed', message: 'Its weights are damaged.' })).toBe('Its weights are damaged.')
})

it('a machine says what its models take together, and its agent in all', () => {
  expect(totalOf(machine)).toBe('1 model, about 120 MB · the agent takes 900 MB of RAM in all')
  expect(totalOf({ ...machine, loaded: [], agent_bytes: null })).toBe('none')
})

it('what is ready, has weights and isn’t in memory can be loaded', () => {
  const file = { name: 'f' }
  const models = ['net', 'other', 'rules', 'elsewhere'].map((id) => ({ id, files: id === 'rules' ? [] : [file] }))
  expect(loadableOn(models as unknown as NetworkOut[], machine).map(({ id }) => id)).toEqual(['other'])
})
