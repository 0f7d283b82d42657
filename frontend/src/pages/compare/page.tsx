/** Two layers of a video compared: scores in charts and tables, and where they differ, to be walked through. */
import { render } from 'preact'
import { counted, t } from '@/core/text'
import { ago, exactly } from '@/core/times'
import { ComparedOtherwise } from '@/panels/compared-otherwise'
import type { CompareLayer, ComparePage, ComparisonOut } from '@/protocol/generated'
import { Rest } from '@/protocol/rest'
import { Compared, notThere, pairOf, type Pair } from './compared'
import { Differences } from './differences'
import { Scores } from './scores'
import { percent } from './words'

/** `<section id="compare-page">` beside `<script id="compare-data">`, in templates/video_compare.html. */
export function mountCompare(root: HTMLElement): void {
  const page = JSON.parse(document.getElementById('compare-data')?.textContent ?? '') as ComparePage
  const compared = new Compared(page, new Rest(page.csrf_token), keepInAddress)
  const missing = notThere(location.search, page.layers)
  const host = document.createElement('div')
  root.append(host)
  render(<Page compared={compared} missing={missing} />, host)
  void compared.choose(pairOf(location.search, page.layers)).then(() => compared.refresh())
  addEventListener('focus', () => void compared.refresh())
}

function keepInAddress({ compared, reference }: Pair): void {
  if (compared === null || reference === null) return
  history.replaceState(history.state, '', `?compared=${compared}&reference=${reference}`)
}

function Page({ compared, missing }: { compared: Compared; missing: number }) {
  const { page, result, problem } = compared
  if (page.layers.length < 2)
    return (
      <p class="empty">
        <span>
          {t('This video has one layer; there is nothing to compare it with.')}{' '}
          <a href={`/videos/${page.video}/edit/`}>{t('Open the editor')}</a>{' '}
          {t(
            'to make another one in its menu of layers, to import ground truth into one, or to have a model fill one.',
          )}
        </span>
      </p>
    )
  return (
    <>
      {missing > 0 && (
        <p class="message warning" role="status">
          {counted(
            missing,
            '{count} layer of this address isn’t there any more; others are shown.',
            '{count} layers of this address aren’t there any more; others are shown.',
          )}
        </p>
      )}
      <Choice compared={compared} />
      {problem.value && (
        <p class="message error" role="alert">
          {problem.value}
        </p>
      )}
      <Standing compared={compared} />
      {result.value?.compared_at && <Found compared={compared} result={result.value} />}
      <Made compared={compared} />
    </>
  )
}

/** Which two, which of them is taken as true, and the button that compares them. */
function Choice({ compared }: { compared: Compared }) {
  const { pair, isUnderWay, result, looked } = compared
  const { value: chosen } = pair
  const same = chosen.compared !== null && chosen.compared === chosen.reference
  const again = result.value?.compared_at ? t('Compare again') : t('Compare')
  const isDone = result.value?.current === true
  return (
    <form
      class="line toolbar compare-choice"
      onSubmit={(event) => {
        event.preventDefault()
        void compared.compare()
      }}
    >
      <Select
        id="compared"
        compared={compared}
        label={t('Compare')}
        value={chosen.compared}
        onChoose={(id) => void compared.choose({ ...chosen, compared: id })}
      />
      <button
        type="button"
        class="button"
        title={t('What was missed is extra then')}
        onClick={() => void compared.swap()}
      >
        {t('Swap')}
      </button>
      <Select
        id="reference"
        compared={compared}
        label={t('against, taken as true')}
        value={chosen.reference}
        onChoose={(id) => void compared.choose({ ...chosen, reference: id })}
      />
      <span class="spring" />
      {same ? (
        <span class="muted">{t('Choose two different layers.')}</span>
      ) : isUnderWay.value ? (
        <button type="button" class="button" onClick={() => void compared.cancel()}>
          {t('Cancel')}
        </button>
      ) : (
        <button
          type="submit"
          class="button primary"
          disabled={!looked.value || isDone}
          title={isDone ? t('Both are as they were compared.') : undefined}
        >
          {again}
        </button>
      )}
    </form>
  )
}

interface SelectProps {
  readonly id: string
  readonly compared: Compared
  readonly label: string
  readonly value: number | null
  readonly onChoose: (id: number) => void
}

function Select({ id, compared, label, value, onChoose }: SelectProps) {
  return (
    <div>
      <label for={id}>{label}</label>
      <select id={id} value={value ?? ''} onChange={(event) => onChoose(Number(event.currentTarget.value))}>
        {compared.page.layers.map((layer) => (
          <option key={layer.id} value={layer.id}>
            {inWords(layer)}
          </option>
        ))}
      </select>
    </div>
  )
}

const KINDS: Record<CompareLayer['kind'], string> = {
  main: 'main layer',
  ground_truth: 'ground truth',
  replica: 'replica',
  model: 'model output',
}

const inWords = ({ name, kind, owner }: CompareLayer): string =>
  kind === 'replica' && owner
    ? t('{name} (replica of {owner})', { name, owner })
    : t('{name} ({kind})', { name, kind: t(KINDS[kind]) })

/** How far it is, and whether what is shown still is of the layers as they are. */
function Standing({ compared }: { compared: Compared }) {
  const { result, looked, isUnderWay } = compared
  const { value: found } = result
  const when = found?.compared_at ? Date.parse(found.compared_at) : null
  return (
    <div class="compare-standing" role="status">
      {isUnderWay.value && found && (
        <p class="line">
          <span>
            {found.state === 'queued' ? t('Waiting for the jobs worker …') : t('Comparing …')}{' '}
            {found.state === 'running' && percent(found.progress, 0)}
          </span>
          <progress max={1} value={found.progress} aria-label={t('Comparing')} />
          {when !== null && <span class="muted">{t('Shown meanwhile: what was found before.')}</span>}
        </p>
      )}
      {found?.state === 'failed' && <p class="message error">{found.message}</p>}
      {found?.state === 'cancelled' && (
        <p class="message">
          {when === null
            ? t('The comparison was cancelled.')
            : t('The comparison was cancelled. What was found before is kept.')}
        </p>
      )}
      {looked.value && !found && (
        <p class="muted">{t('These two were not compared yet, this way round. It goes on if you leave the page.')}</p>
      )}
      {when !== null && (
        <p class="muted" title={exactly(when)}>
          {t('Compared {when}.', { when: ago(when, Date.now()) })}
        </p>
      )}
      {found && found.changed.length > 0 && !isUnderWay.value && (
        <p class="message warning">{changedInWords(compared, found)}</p>
      )}
    </div>
  )
}

function changedInWords(compared: Compared, { changed }: ComparisonOut): string {
  const [one, other] = changed.map((id) => compared.layer(id)?.name ?? t('A layer'))
  return other
    ? t('“{one}” and “{other}” have changed since; what is shown is of how they were.', { one: one!, other })
    : t('“{one}” has changed since; what is shown is of how it was.', { one: one! })
}

function Found({ compared, result }: { compared: Compared; result: ComparisonOut }) {
  return (
    <>
      <Scores compared={compared} report={result.report} />
      <Differences key={`${result.compared} ${result.reference}`} compared={compared} report={result.report} />
      <ComparedOtherwise report={result.report} />
    </>
  )
}

/** What was compared so far; each is an address that can be passed on. */
function Made({ compared }: { compared: Compared }) {
  const { value: made } = compared.made
  const { value: pair } = compared.pair
  if (!made?.length) return null
  return (
    <section class="analytics-table" aria-labelledby="compared-so-far">
      <h2 id="compared-so-far">{t('Compared so far')}</h2>
      <div class="scroll" tabIndex={0} role="region" aria-labelledby="compared-so-far">
        <table>
          <thead>
            <tr>
              <th scope="col">{t('Compared')}</th>
              <th scope="col">{t('Against')}</th>
              <th scope="col" class="number">
                {t('HOTA')}
              </th>
              <th scope="col" class="number">
                {t('IDF1')}
              </th>
              <th scope="col" class="number">
                {t('MOTA')}
              </th>
              <th scope="col" class="number">
                {t('Switches')}
              </th>
              <th scope="col">{t('When')}</th>
            </tr>
          </thead>
          <tbody>
            {made.map((each) => {
              const shown = each.compared === pair.compared && each.reference === pair.reference
              const address = `?compared=${each.compared}&reference=${each.reference}`
              const when = Date.parse(each.compared_at)
              return (
                <tr key={address} aria-current={shown ? 'true' : undefined}>
                  <th scope="row" class="long">
                    <a href={address}>{compared.layer(each.compared)?.name ?? t('A new layer')}</a>
                  </th>
                  <td class="long">{compared.layer(each.reference)?.name ?? t('A new layer')}</td>
                  <td class="number">{percent(each.hota)}</td>
                  <td class="number">{percent(each.idf1)}</td>
                  <td class="number">{percent(each.mota)}</td>
                  <td class="number">{each.switches ?? '–'}</td>
                  <td title={exactly(when)}>
                    {[ago(when, Date.now()), each.by].filter(Boolean).join(' · ')}
                    {!each.current && <span class="badge plain">{t('changed since')}</span>}
                  </td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    </section>
  )
}
