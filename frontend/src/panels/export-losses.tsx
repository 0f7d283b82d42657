/** What an export would lose of what there is, told before it begins. */
import { useEffect, useState } from 'preact/hooks'
import { counted, t } from '@/core/text'
import type { LossesOut, LossOut } from '@/protocol/generated'
import { ApiError, type Rest } from '@/protocol/rest'
import type { Wanted } from '@/protocol/transfers'

/** Counted on the server, so many at a time. */
const AT_ONCE = 4

export interface Losses {
  /** Of all the layers together. */
  readonly losses: readonly LossOut[]
  /** Layers with too much to count. */
  readonly uncounted: number
}

/** Asks what exports would lose. What was asked is kept: make a new one when layers may have changed. */
export class LossCounter {
  private readonly known = new Map<string, Promise<LossesOut>>()

  constructor(private readonly rest: Rest) {}

  /** @throws ApiError where the server refuses. */
  async of(layers: readonly number[], wanted: Wanted): Promise<Losses> {
    const told: LossesOut[] = []
    for (let first = 0; first < layers.length; first += AT_ONCE)
      told.push(...(await Promise.all(layers.slice(first, first + AT_ONCE).map((layer) => this.one(layer, wanted)))))
    return {
      losses: joined(told.flatMap(({ losses }) => losses)),
      uncounted: told.filter((one) => !one.counted).length,
    }
  }

  private one(layer: number, wanted: Wanted): Promise<LossesOut> {
    const key = JSON.stringify([layer, wanted])
    const known = this.known.get(key)
    if (known) return known
    const asked = this.rest.post('/api/layers/{layer_id}/exports/losses', { path: { layer_id: layer }, body: wanted })
    this.known.set(key, asked)
    asked.catch(() => this.known.delete(key))
    return asked
  }
}

/** Losses of several layers as one list: the same words once. */
function joined(losses: readonly LossOut[]): LossOut[] {
  const found = new Map<string, LossOut>()
  for (const { what, count, tracks } of losses) {
    const before = found.get(what)
    found.set(what, { what, count: count + (before?.count ?? 0), tracks: tracks + (before?.tracks ?? 0) })
  }
  return [...found.values()]
}

type Told = Losses | { readonly problem: string } | null

export function ExportLosses({
  counter,
  layers,
  wanted,
}: {
  counter: LossCounter
  layers: readonly number[]
  wanted: Wanted
}) {
  const [told, tell] = useState<Told>(null)
  useEffect(() => {
    let current = true
    tell(null)
    counter.of(layers, wanted).then(
      (found) => current && tell(found),
      (error: unknown) => {
        if (!(error instanceof ApiError)) throw error
        if (current) tell({ problem: error.message })
      },
    )
    return () => void (current = false)
  }, [counter, JSON.stringify([layers, wanted])])
  return (
    <div class="losses" aria-live="polite" aria-label={t('What the format can’t hold')} role="region">
      <Words told={told} />
    </div>
  )
}

function Words({ told }: { told: Told }) {
  if (told === null) return <p class="muted">{t('Counting what the format can’t hold …')}</p>
  if ('problem' in told) return <p class="error">{told.problem}</p>
  const { losses, uncounted } = told
  return (
    <>
      {!losses.length && !uncounted && <p class="muted">{t('Nothing of what is there will be lost.')}</p>}
      {losses.length > 0 && (
        <>
          <p>{t('The format can’t hold everything that is there:')}</p>
          <ul class="transfer-list">
            {losses.map((loss) => (
              <li key={loss.what}>{inWords(loss)}</li>
            ))}
          </ul>
        </>
      )}
      {uncounted > 0 && (
        <p class="muted">
          {counted(
            uncounted,
            '{count} video has too much to count now; the report after its export says what was lost.',
            '{count} videos have too much to count now; the reports after their exports say what was lost.',
          )}
        </p>
      )}
    </>
  )
}

/** "12 × polygon shapes become boxes, in 3 tracks". */
export function inWords({ what, count, tracks }: LossOut): string {
  const loss = t('{count} × {what}', { count, what: t(what) })
  // Where tracks themselves are counted, they needn't be counted twice.
  return tracks > 0 && tracks !== count
    ? counted(tracks, '{loss}, in 1 track', '{loss}, in {count} tracks', { loss })
    : loss
}
