import { expect, it } from 'vitest'
import { unsentInWords } from './gone'

it('says of unsaved changes how many they are, and what becomes of them', () => {
  expect(unsentInWords('deleted', 0)).toBe('You had no unsaved changes.')
  expect(unsentInWords('deleted', 1)).toBe('1 change of yours was not saved.')
  expect(unsentInWords('left', 3)).toContain('3 changes of yours are not saved. They are kept in this browser')
})
