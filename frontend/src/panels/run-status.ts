import type { Run } from '@/store/types'

/** How a run stands, e.g. "120 of 240 · 40/s · 3 s left · gpu-box". Frames are counted per object. Pure. */
export function statusOf(run: Run): string {
  const { state, message, framesDone, framesTotal, fps, agent } = run
  if (state !== 'done' && run.ahead !== null) return waiting(run)
  if (state === 'queued') return message || 'Waiting for an agent …'
  if (state === 'done') return run.stale ? `Done: ${redone(run)}` : `Done: ${framesDone} frames`
  const parts = [`${framesDone} of ${framesTotal}`]
  if (run.stale) parts.push(redone(run))
  if (fps > 0) parts.push(`${fps.toFixed(0)}/s`, `${Math.ceil((framesTotal - framesDone) / fps)} s left`)
  if (agent) parts.push(agent)
  return parts.join(' · ')
}

/** e.g. "Waiting · 2 runs before it · done in about 3 min". */
function waiting({ ahead, waitS, message }: Run): string {
  const parts = [message || 'Waiting for its turn']
  if (ahead) parts.push(ahead === 1 ? '1 run before it' : `${ahead} runs before it`)
  if (waitS !== null) parts.push(`${message ? 'then ' : 'done in '}about ${waitS < 90 ? `${Math.ceil(waitS)} s` : `${Math.round(waitS / 60)} min`}`)
  return parts.join(' · ')
}

const redone = ({ redone, stale }: Run) => `redone ${redone} of ${stale}`
