import { expect, it } from 'vitest'
import { waiting } from './offline'

it('says how much is kept and that tracking waits', () => {
  expect(waiting(3, null)).toBe('3 changes are kept in this browser and sent when you are back. Tracking waits too.')
  expect(waiting(1, 4404)).toBe('1 change is kept in this browser.')
  expect(waiting(0, null)).toContain('go on drawing')
})
