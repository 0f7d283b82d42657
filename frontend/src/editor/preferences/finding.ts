import { count, maybe, flag, number, text } from './fields'
import { kept } from './kept'

/** How new objects are found. */
export class FindSettings extends kept({
  /** What looks for them: a catalogue id; null: the default, or what is ready. */
  finder: maybe(text('')),
  /** What a detector looks for that looks by a word, as typed. */
  words: text(''),
  /** On every so-many-th frame, where the tracker follows them. */
  every: count(10, 1, 1000),
  /** What links them: an association's id; null: nothing, the tracker follows each. */
  linked: maybe(text('')),
  /** What carries masks for what links them, where it wants some: a catalogue id; null: the default. */
  maskModel: maybe(text('')),
  /** On every so-many-th frame, where they are linked. */
  linkEvery: count(1, 1, 1000),
  /** 0..1: what is less sure is left; null: as the detector has it. */
  confidence: maybe(number(0.25, 0, 1)),
  /** What is followed over fewer frames is a candidate; 0: nothing is. */
  leastFrames: count(15, 0, 1_000_000),
  /** Also while objects are tracked that a person drew. */
  whileTracking: flag(false),
}) {}
