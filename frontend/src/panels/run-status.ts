import type { Run } from '@/store/types'

/** How a run stands, e.g. "120 of 240 · 3 s left · 40/s · gpu-box". Frames are counted per object. Pure. */
export function statusOf(run: Run): string {
  const { state, message, framesDone, framesTotal, fps, agent } = run
  if (state !== 'done' && run.ahead !== null) return waiting(run)
  if (state === 'queued') return message || 'Waiting for an agent …'
  if (state === 'done') return over(run)
  if (framesDone === 0 && fps === 0) return agent ? `Starting · ${agent}` : 'Starting …'
  const isAllRedone = run.stale > 0 && run.stale === framesTotal
  const parts = run.checking ? ['Checking both ways'] : [isAllRedone ? redone(run) : `${framesDone} of ${framesTotal}`]
  if (run.stale && !isAllRedone && !run.checking) parts.push(redone(run))
  if (fps > 0) parts.push(`${timeIn((framesTotal - framesDone) / fps)} left`, `${fps.toFixed(0)}/s`)
  if (agent) parts.push(agent)
  return parts.join(' · ')
}

/** e.g. "Done: 240 frames · left the picture on frame 240". */
function over(run: Run): string {
  return [`Done: ${run.stale ? redone(run) : `${run.framesDone} frames`}`, departures(run), run.message].filter(Boolean).join(' · ')
}

function departures({ tracks, left }: Run): string {
  const frames = Object.values(left)
  if (!frames.length) return ''
  return tracks.length > 1 ? `${frames.length} of ${tracks.length} left the picture` : `left the picture on frame ${frames[0]}`
}

/** e.g. "Waiting · 2 runs before it · done in about 3 min". */
function waiting({ ahead, waitS, message }: Run): string {
  const parts = [message.replace(/\.$/, '') || 'Waiting for its turn']
  if (ahead) parts.push(ahead === 1 ? '1 run before it' : `${ahead} runs before it`)
  if (waitS !== null) parts.push(`${message ? 'then ' : 'done in '}about ${timeIn(waitS)}`)
  return parts.join(' · ')
}

const redone = ({ redone, stale }: Run) => `${redone} of ${stale} frames redone`

const timeIn = (seconds: number) => (seconds < 90 ? `${Math.ceil(seconds)} s` : `${Math.round(seconds / 60)} min`)
