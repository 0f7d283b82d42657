/** Every command but those that choose a tool: these are the tools' own. */
import type { Command } from '@/editor/command'
import { ATTRIBUTES } from './attributes'
import { DISPLAY } from './display'
import { FINDING } from './finding'
import { GENERAL } from './general'
import { HISTORY } from './history'
import { MASKS } from './masks'
import { OBJECTS } from './objects'
import { PLAYBACK } from './playback'
import { ISSUES } from './issues'
import { INSPECTION } from './inspection'
import { JOINS } from './joins'
import { REVIEW } from './review'
import { SHAPES } from './shapes'
import { TIME } from './time'
import { COMPARING } from './comparing'
import { TIMELINE } from './timeline'
import { TRACKS } from './tracks'
import { TRAJECTORIES } from './trajectories'
import { VIEW } from './view'

export const COMMANDS: readonly Command[] = [
  ...PLAYBACK,
  ...GENERAL,
  ...FINDING,
  ...SHAPES,
  ...MASKS,
  ...TRACKS,
  ...TIME,
  ...ATTRIBUTES,
  ...HISTORY,
  ...INSPECTION,
  ...JOINS,
  ...OBJECTS,
  ...REVIEW,
  ...ISSUES,
  ...TIMELINE,
  ...DISPLAY,
  ...VIEW,
  ...TRAJECTORIES,
  ...COMPARING,
]
