import { isPreset, PRESETS } from '@/editor/keys/presets'
import { oneOf, textsByName } from './fields'
import { kept } from './kept'

const NAMES = Object.keys(PRESETS).filter(isPreset)

/** Which preset a person's keys begin from, and their own: command → keys, where they differ from it. */
export class KeySettings extends kept({ preset: oneOf(NAMES, 'framewise'), own: textsByName() }) {}
