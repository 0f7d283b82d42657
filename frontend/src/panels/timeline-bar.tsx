import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { CommandButton } from './buttons'
import { ObjectFilter } from './object-filter'

/** Above the names of the timeline: which rows it has, and how far it is zoomed. */
export function TimelineBar({ editor }: { editor: Editor }) {
  const { list, timelineSettings } = editor
  const { units } = timelineSettings
  const [shown, all] = [list.shown.value.length, list.count.value]
  const inTime = units.value === 'time'
  return (
    <div class="timeline-bar" role="toolbar" aria-label={t('Rows and zoom of the timeline')}>
      <div class="row">
        <input
          type="search"
          placeholder={shown < all ? t('{shown} of {all}', { shown, all }) : t('Find')}
          aria-label={t('Find rows of the timeline')}
          value={list.filter.value.query}
          onInput={(event) => list.narrow({ query: event.currentTarget.value })}
        />
        <ObjectFilter editor={editor} id="row-filter" title={t('Which rows, in which order')} />
      </div>
      <div class="row">
        <CommandButton editor={editor} id="timeline.zoom-out" icon="minus" />
        <CommandButton editor={editor} id="timeline.zoom-in" icon="plus" />
        <CommandButton editor={editor} id="timeline.fit" icon="fitRange" />
        <CommandButton editor={editor} id="timeline.whole" icon="fitAll" />
        <span class="spring" />
        <button
          type="button"
          class="button quiet"
          title={
            inTime ? t('The ruler shows times. Show frame numbers.') : t('The ruler shows frame numbers. Show times.')
          }
          onClick={() => (units.value = inTime ? 'frames' : 'time')}
        >
          {inTime ? t('Time') : t('Frames')}
        </button>
      </div>
    </div>
  )
}
