import { expect, it } from 'vitest'
import { heldInWords, waiting } from './offline'

it('says how much is kept and that tracking waits', () => {
  expect(waiting(3, null)).toBe('3 changes are kept in this browser and sent when you are back. Tracking waits too.')
  expect(waiting(1, 4404)).toBe('1 change is kept in this browser.')
  expect(waiting(0, null)).toContain('go on drawing')
})

it('says how much waits for the server to store it, and why', () => {
  expect(heldInWords(3, 'busy')).toBe('3 changes are kept and tried again. Its database is busy.')
  expect(heldInWords(1, 'full')).toBe('1 change is kept and tried again. Its disk is full: tell your admin.')
  expect(heldInWords(0, 'away')).toBe('What you do is kept and tried again. Its database can’t be reached.')
})
