import { counted, t } from '@/core/text'
import { lasting } from '@/core/times'
import type { Run } from '@/store/types'

/** How a run stands, e.g. "120 of 240 · 3 s left · 40/s · gpu-box". Frames are counted per object. Pure. */
export function statusOf(run: Run): string {
  const { state, message, frames_done: framesDone, frames_total: framesTotal, fps, agent } = run
  if (state !== 'done' && run.ahead !== null) return waiting(run)
  if (state === 'queued') return message || t('Waiting for an agent …')
  if (state === 'done') return over(run)
  if (state === 'stopped') return stopped(run)
  if (framesDone === 0 && fps === 0) return agent ? t('Starting · {agent}', { agent }) : t('Starting …')
  const isAllRedone = run.stale > 0 && run.stale === framesTotal
  const parts = run.checking
    ? [t('Checking both ways')]
    : [isAllRedone ? redone(run) : t('{done} of {total}', { done: framesDone, total: framesTotal })]
  if (run.stale && !isAllRedone && !run.checking) parts.push(redone(run))
  if (fps > 0) parts.push(t('{time} left', { time: lasting((framesTotal - framesDone) / fps) }), `${fps.toFixed(0)}/s`)
  if (run.searched !== null) parts.push(t('looked up to frame {frame}', { frame: run.searched }))
  if (run.linked) parts.push(t('linked by {name}', { name: run.linked }))
  if (agent) parts.push(agent)
  if (message) parts.push(message)
  return parts.join(' · ')
}

/** What a person should know of a run that doesn't get on, and may do about it; null: it does. Pure. */
export function stallOf({ state, stalled_s: stalledS }: Run): string | null {
  if (state !== 'running' || stalledS === null) return null
  return t('No progress for {time}. Stop it and start it again, or wait.', { time: lasting(stalledS) })
}

/** e.g. "Done: 240 frames · left the picture on frame 240". */
function over(run: Run): string {
  if (run.frames_total === 0 && run.message) return run.message
  return [
    run.stale ? t('Done: {redone}', { redone: redone(run) }) : t('Done: {count} frames', { count: run.frames_done }),
    departures(run),
    run.message,
  ]
    .filter(Boolean)
    .join(' · ')
}

const stopped = ({ frames_done: framesDone, frames_total: framesTotal, message }: Run) =>
  [t('Stopped after {done} of {total}', { done: framesDone, total: framesTotal }), message].filter(Boolean).join(' · ')

function departures({ tracks, left, linked }: Run): string {
  const frames = Object.values(left)
  if (!frames.length) return ''
  if (linked) return t('{count} of {tracks} weren’t seen to the end', { count: frames.length, tracks: tracks.length })
  return tracks.length > 1
    ? t('{count} of {tracks} left the picture', { count: frames.length, tracks: tracks.length })
    : t('left the picture on frame {frame}', { frame: frames[0]! })
}

/** e.g. "Waiting · 2 runs before it · done in about 3 min". */
function waiting({ ahead, wait_s: waitS, message }: Run): string {
  const parts = [message.replace(/\.$/, '') || t('Waiting for its turn')]
  if (ahead) parts.push(counted(ahead, '{count} run before it', '{count} runs before it'))
  if (waitS !== null) parts.push(t(message ? 'then about {time}' : 'done in about {time}', { time: lasting(waitS) }))
  return parts.join(' · ')
}

const redone = ({ redone, stale }: Run) => t('{redone} of {stale} frames redone', { redone, stale })
